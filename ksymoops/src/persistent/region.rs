// SPDX-License-Identifier: MIT OR Apache-2.0
//! A region of persistent data as far as ksymoops knows it.

use std::collections::HashMap;
use std::path::PathBuf;

use libmodfmt::persist::{Header, LaterChanges, Unit};

/// What one keeper, or an extended kernel, held of one owner's data in the kernel of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRegion {
    /// What identifies the data: owner, build id, units and their variables.
    pub header: Header,
    /// Run-time addresses of the units, by their places in the header; `None` where it is not known.
    pub addresses: Vec<Option<u64>>,
    /// The owner's file, if it is known.
    pub file: Option<PathBuf>,
    /// Where this is known from, as the annotations say it: `the running kernel`.
    pub source: String,
    /// Whether the owner was loaded, according to the source.
    pub owner_loaded: Option<bool>,
    /// The data had been discarded by then: only a stale pointer leads there.
    pub discarded: bool,
}

impl KnownRegion {
    /// Every unit whose address is known, with its place in the header.
    pub(super) fn units(&self) -> impl Iterator<Item = (usize, &Unit, u64)> {
        let units = self.header.units.iter().zip(&self.addresses).enumerate();
        units.filter_map(|(index, (unit, address))| Some((index, unit, (*address)?)))
    }
}

/// The regions with the variables as they are now: later generations of one owner say what those of earlier
/// ones have grown to.
pub(super) fn with_growth(mut regions: Vec<KnownRegion>) -> Vec<KnownRegion> {
    let mut by_owner: HashMap<&str, Vec<&Header>> = HashMap::new();
    for region in regions.iter().filter(|region| !region.discarded && !region.header.grown.is_empty()) {
        by_owner.entry(&region.header.owner).or_default().push(&region.header);
    }
    let mut grown = Vec::new();
    for (owner, mut headers) in by_owner {
        headers.sort_by_key(|header| header.generation);
        let later = LaterChanges::of(&headers);
        for (index, region) in regions.iter().enumerate() {
            if region.header.owner == owner && !region.discarded {
                grown.push((index, later.header_now(&region.header)));
            }
        }
    }
    for (index, header) in grown {
        if let Some(region) = regions.get_mut(index) {
            region.header = header;
        }
    }
    regions
}

#[cfg(test)]
mod tests {
    use libmodfmt::persist::{Grown, KeptPlace, Variable};

    use super::*;

    #[test]
    fn a_variable_has_its_newest_size() {
        let mut first = Header::new("foo");
        let mut unit = Unit::new(".data..persistent.foo.0", 8, 8);
        unit.room = 128;
        unit.variables.push(Variable::new("stats", 0, 8, 8));
        first.units.push(unit);
        let mut second = Header::new("foo");
        second.generation = 2;
        let place = KeptPlace { generation: 1, ordinal: 0, offset: 0 };
        second.grown.push(Grown { place, size: 24, type_name: Some("struct s".into()), type_id: None });
        let region = |header: &Header| KnownRegion {
            header: header.clone(),
            addresses: Vec::new(),
            file: None,
            source: String::new(),
            owner_loaded: None,
            discarded: false,
        };
        let regions = with_growth(vec![region(&second), region(&first)]);
        let unit = &regions[1].header.units[0];
        assert_eq!((unit.size, unit.variables[0].size), (24, 24));
        assert_eq!(unit.variables[0].type_name.as_deref(), Some("struct s"));
    }
}
