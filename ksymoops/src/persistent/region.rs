// SPDX-License-Identifier: MIT OR Apache-2.0
//! A region of persistent data as far as ksymoops knows it.

use std::path::PathBuf;

use libmodfmt::persist::{Header, Unit};

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
