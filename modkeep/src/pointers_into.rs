// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept data that points into a module: once that module is gone, such a pointer leads nowhere.
//!
//! All kept data is searched, of every owner. Objects that it leads to are not.

use libmodfmt::elf::{ByteOrder, Class};
use libmodfmt::pointers::{AddressRanges, Searched, may_hold_pointers, search};
use libmodsys::Kernel;

use crate::error::KeepError;
use crate::region::{KeptVariable, Region, variables_in_force};

/// Largest variable that is searched, in bytes.
const MAX_BYTES: u64 = 256 << 20;
/// Most pointers that are reported.
const MAX_FOUND: usize = 4096;

const CLASS: Class = if size_of::<usize>() == 8 { Class::Elf64 } else { Class::Elf32 };

/// A word of kept data that is an address in a module's sections.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointerInto {
    /// The owner of the kept data.
    pub owner: String,
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

/// The pointers in kept data that lead into these ranges, by owner and place. A bound of some thousands holds.
///
/// # Errors
/// [`KeepError::CannotSearch`] if kept data cannot be read, or is too large.
pub fn pointers_into(kernel: &dyn Kernel, ranges: &AddressRanges) -> Result<Vec<PointerInto>, KeepError> {
    let mut found = Vec::new();
    if ranges.is_empty() {
        return Ok(found);
    }
    for region in Region::entries(kernel)?.into_iter().flatten() {
        let why = |why| KeepError::CannotSearch { owner: region.owner.clone(), why };
        for variable in variables_in_force(&region).map_err(why)? {
            of_variable(kernel, &variable, ranges, &mut found).map_err(why)?;
        }
    }
    found.truncate(MAX_FOUND);
    Ok(found)
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
    let size = usize::try_from(variable.size).ok().filter(|_| variable.size <= MAX_BYTES);
    let size = size.ok_or_else(|| format!("{} has more than 256 MiB", variable.name))?;
    let bytes = kernel.read_memory(variable.address, size).map_err(|error| error.to_string())?;
    let searched =
        Searched { name: &variable.name, is_behind_pointer: false, bytes: &bytes, ty: variable.ty };
    let pointers = search(searched, ranges, ByteOrder::NATIVE, CLASS).found;
    found.extend(pointers.into_iter().map(|pointer| PointerInto {
        owner: variable.owner.to_owned(),
        path: pointer.path,
        address: pointer.address,
        section: pointer.label,
        offset: pointer.distance,
        is_guess: pointer.is_guess,
    }));
    Ok(())
}
