// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kept variables that are in force, with their addresses and types.

use std::ops::Range;

use libmodfmt::persist::{KeptPlace, LaterChanges};
use libmodfmt::types::{TypeId, Types};

use super::{Generation, Region};

/// Largest variable that is searched for pointers, in bytes.
pub(crate) const MAX_SEARCHED_BYTES: u64 = 64 << 20;

/// A kept variable, and what is known of its type now.
pub(crate) struct KeptVariable<'r> {
    pub(crate) owner: &'r str,
    pub(crate) name: String,
    pub(crate) place: KeptPlace,
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) ty: Option<(&'r dyn Types, TypeId)>,
}

impl KeptVariable<'_> {
    pub(crate) fn range(&self) -> Range<u64> {
        self.address..self.address.saturating_add(self.size)
    }
}

/// The variables in force; of a stripped file, its units.
///
/// # Errors
/// The kernel does not show addresses.
pub(crate) fn variables_in_force(region: &Region) -> Result<Vec<KeptVariable<'_>>, String> {
    let later = LaterChanges::of(&region.headers());
    let mut found = Vec::new();
    for generation in &region.generations {
        of_generation(region, generation, &later, &mut found)?;
    }
    found.retain(|variable| !later.is_replaced(variable.place));
    Ok(found)
}

fn of_generation<'r>(
    region: &'r Region,
    generation: &'r Generation,
    later: &LaterChanges<'r>,
    found: &mut Vec<KeptVariable<'r>>,
) -> Result<(), String> {
    let header = &generation.header;
    for ((ordinal, unit), (_, address)) in header.ordinals().zip(generation.units()) {
        let base = address.known().ok_or_else(|| "the kernel does not show addresses".to_owned())?;
        let place = |offset| KeptPlace { generation: header.generation, ordinal, offset };
        let owner = &*region.owner;
        if unit.variables.is_empty() {
            let name = format!("{owner} {}", unit.section);
            found.push(KeptVariable {
                owner,
                name,
                place: place(0),
                address: base,
                size: unit.size,
                ty: None,
            });
        }
        for variable in &unit.variables {
            let place = place(variable.offset);
            let (types, id, size) = match later.grown(place) {
                Some((header, grown)) => (&header.types, grown.type_id, grown.size),
                None => (&header.types, variable.type_id, variable.size),
            };
            found.push(KeptVariable {
                owner,
                name: variable.to_string(),
                place,
                address: base.saturating_add(variable.offset),
                size,
                ty: id.map(|id| (types as &dyn Types, id)),
            });
        }
    }
    Ok(())
}
