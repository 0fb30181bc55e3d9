// SPDX-License-Identifier: MIT OR Apache-2.0
//! Seeds of `binding`: versions of one module, loaded in turn.

use std::collections::BTreeMap;

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::Header;

use super::{MAX_MODULE_BYTES, Seed};
use crate::targets::binding;

/// What the kept memory holds: no number twice.
const MEMORY: [u8; 61] = {
    let mut memory = [0; 61];
    let mut at = 0;
    while at < memory.len() {
        memory[at] = at as u8 * 3 + 1;
        at += 1;
    }
    memory
};

/// Seeds from the modules among the files: each with the next one of the same owner, back and forth.
#[must_use]
pub fn versions(files: &[Vec<u8>]) -> Vec<Seed> {
    let mut owners: BTreeMap<String, Vec<Header>> = BTreeMap::new();
    for content in files {
        let file = ModuleFile::new(content.as_slice(), MAX_MODULE_BYTES);
        if let Ok(Some(persistent)) = file.persistent() {
            let header = persistent.header().clone();
            owners.entry(header.owner.clone()).or_default().push(header);
        }
    }
    owners.values().flat_map(|versions| of_one_owner(versions)).collect()
}

fn of_one_owner(versions: &[Header]) -> Vec<Seed> {
    let pairs = versions.iter().zip(versions.iter().cycle().skip(1));
    pairs.filter_map(|(one, two)| seed([one, two, one])).collect()
}

/// A version with its last variable gone and back again.
pub(super) fn of_header(header: &Header) -> Option<Seed> {
    let mut less = header.clone();
    less.units.pop();
    seed([header, &less, header])
}

fn seed(versions: [&Header; 3]) -> Option<Seed> {
    binding::input(versions, &MEMORY).map(|data| Seed::new("binding", data))
}

#[cfg(test)]
mod tests {
    use modtest::module::Make;

    use super::*;

    #[test]
    fn versions_are_read_back_and_loaded() {
        let seeds = versions(&[Make::typical("foo").build(), Make::small("foo").build()]);
        assert_eq!(seeds.len(), 2);
        for seed in seeds {
            assert!(binding::loads(&seed.data) > 0);
        }
    }
}
