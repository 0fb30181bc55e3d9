// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words that `persistent_old()` reads: in an owner image they hold the old places of the variables that
//! get another one in this load.

use std::collections::HashMap;

use super::{Base, Bindings, ImageError, UnitBase};
use crate::elf::Object;
use crate::old_slots::{self, OldSlot};
use crate::persist::Inventory;

/// The slots that are filled.
pub(super) struct OldPlaces<'b> {
    pub(super) filled: Vec<(OldSlot, &'b UnitBase)>,
}

impl<'b> OldPlaces<'b> {
    pub(super) fn of(
        object: &Object<'_>,
        inventory: &Inventory,
        bindings: &'b Bindings,
    ) -> Result<Self, ImageError> {
        if bindings.old_places.is_empty() {
            return Ok(Self { filled: Vec::new() });
        }
        let place = |slot: OldSlot| {
            let (section, offset) = slot.variable;
            Some((slot, bindings.old_places.get(&(inventory.unit_of(section)?, offset))?))
        };
        Ok(Self { filled: old_slots::of(object)?.into_iter().filter_map(place).collect() })
    }

    pub(super) fn bases(&self) -> Vec<&'b Base> {
        self.filled.iter().map(|(_, place)| &place.base).collect()
    }

    /// `symbols` has the number of each base symbol in `object`.
    pub(super) fn fill(
        &self,
        object: &mut Object<'_>,
        symbols: &HashMap<&str, usize>,
    ) -> Result<(), ImageError> {
        let slot = |(slot, place): &(OldSlot, &UnitBase)| {
            let symbol = symbols.get(&*place.base.symbol).copied().unwrap_or_default();
            (*slot, symbol, place.offset)
        };
        let filled: Vec<(OldSlot, usize, i64)> = self.filled.iter().map(slot).collect();
        Ok(old_slots::fill(object, &filled)?)
    }
}
