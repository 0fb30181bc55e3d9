// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept data that points into a module: once that module is gone, such a pointer leads nowhere.
//!
//! All kept data is searched, of every owner. Objects that it leads to are not. An address that kept data has
//! now is no such pointer: memory is used again.

use libmodfmt::elf::{ByteOrder, Class};
use libmodfmt::pointers::{AddressRanges, Searched, may_hold_pointers, search};
use libmodsys::Kernel;

use crate::error::KeepError;
use crate::region::{KeptVariable, MAX_SEARCHED_BYTES, Region, variables_in_force};

/// Most pointers that are reported.
const MAX_FOUND: usize = 4096;

const CLASS: Class = if size_of::<usize>() == 8 { Class::Elf64 } else { Class::Elf32 };

/// A word of kept data that is an address in a module's sections.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointerInto {
    /// The owner of the kept data.
    pub owner: String,
    /// The kept variable: `meter.c:ops`.
    pub variable: String,
    /// Where the pointer is, as C writes it: `meter.c:ops.run`.
    pub path: String,
    /// Where it leads.
    pub address: u64,
    /// The section that it leads to: the label of its range.
    pub section: String,
    /// Distance from the start of that section, in bytes.
    pub offset: u64,
    /// Its type is not known, or it is in a union: it may be a number that looks like an address.
    pub is_guess: bool,
}

/// What a search for such pointers gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointersInto {
    /// By owner and place; at most 4096.
    pub found: Vec<PointerInto>,
    /// What was not searched, and why: `meter: /proc/kcore: Operation not permitted`.
    pub not_searched: Vec<String>,
}

/// The pointers in kept data that lead into these ranges.
///
/// # Errors
/// The kernel does not tell which modules are loaded.
pub fn pointers_into(kernel: &dyn Kernel, ranges: &AddressRanges) -> Result<PointersInto, KeepError> {
    let mut result = PointersInto::default();
    if ranges.is_empty() {
        return Ok(result);
    }
    let mut regions = Vec::new();
    for entry in Region::entries(kernel)? {
        match entry {
            Ok(region) => regions.push(region),
            Err(unreadable) => {
                result.not_searched.push(format!("{}: {}", unreadable.kept_by, unreadable.error));
            }
        }
    }
    let mut kept = Vec::new();
    for region in &regions {
        match variables_in_force(region) {
            Ok(variables) => kept.extend(variables),
            Err(why) => result.not_searched.push(format!("{}: {why}", region.owner)),
        }
    }
    let units = AddressRanges::new(kept.iter().map(|variable| (variable.range(), String::new())).collect());
    for variable in &kept {
        if let Err(why) = of_variable(kernel, variable, ranges, &mut result.found) {
            let line = format!("{}: {why}", variable.owner);
            if result.not_searched.last() != Some(&line) {
                result.not_searched.push(line);
            }
        }
    }
    result.found.retain(|pointer| units.find(pointer.address).is_none());
    result.found.truncate(MAX_FOUND);
    Ok(result)
}

fn of_variable(
    kernel: &dyn Kernel,
    variable: &KeptVariable<'_>,
    ranges: &AddressRanges,
    found: &mut Vec<PointerInto>,
) -> Result<(), String> {
    if found.len() >= MAX_FOUND || variable.ty.is_some_and(|(types, id)| !may_hold_pointers(types, id)) {
        return Ok(());
    }
    let size = usize::try_from(variable.size).ok().filter(|_| variable.size <= MAX_SEARCHED_BYTES);
    let size = size.ok_or_else(|| format!("{} has more than 64 MiB", variable.name))?;
    let bytes = kernel.read_memory(variable.address, size).map_err(|error| error.to_string())?;
    let searched =
        Searched { name: &variable.name, is_behind_pointer: false, bytes: &bytes, ty: variable.ty };
    let pointers = search(searched, ranges, ByteOrder::NATIVE, CLASS).found;
    found.extend(pointers.into_iter().map(|pointer| PointerInto {
        owner: variable.owner.to_owned(),
        variable: variable.name.clone(),
        path: pointer.path,
        address: pointer.address,
        section: pointer.label,
        offset: pointer.distance,
        is_guess: pointer.is_guess,
    }));
    Ok(())
}
