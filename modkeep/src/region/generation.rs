// SPDX-License-Identifier: MIT OR Apache-2.0
//! A generation: what one keeper holds, or what an extended kernel keeps of one owner.

use libmodfmt::persist::{Header, Unit, Variable};
use libmodsys::SectionAddress;

use super::kept_by::KeptBy;

/// What one keeper holds, or what an extended kernel keeps of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// What identifies it.
    pub header: Header,
    /// What keeps it.
    pub kept_by: KeptBy,
    /// The address of each unit, by ordinal, as far as this process may know it.
    pub addresses: Vec<SectionAddress>,
    /// Modules that use it according to the kernel: the owner, if it is bound, and possibly others.
    pub users: Vec<String>,
    /// The module that does nothing but hold the keeper, if one is loaded. It goes with the keeper.
    pub hold: Option<String>,
}

impl Generation {
    /// Every unit with its address.
    pub fn units(&self) -> impl Iterator<Item = (&Unit, SectionAddress)> {
        let addresses = self.addresses.iter().copied().chain(std::iter::repeat(SectionAddress::Denied));
        self.header.units.iter().zip(addresses)
    }

    /// Every variable with its address, if that is known.
    pub fn variables(&self) -> impl Iterator<Item = (&Unit, &Variable, Option<u64>)> {
        self.units().flat_map(|(unit, address)| {
            unit.variables.iter().map(move |variable| {
                (unit, variable, address.known().and_then(|base| base.checked_add(variable.offset)))
            })
        })
    }

    /// The address of a unit, if it is known.
    #[must_use]
    pub fn address(&self, ordinal: usize) -> Option<u64> {
        self.addresses.get(ordinal).and_then(|address| address.known())
    }
}
