// SPDX-License-Identifier: MIT OR Apache-2.0
//! A region of persistent data as far as ksymoops knows it.

use std::path::PathBuf;

use libmodfmt::persist::{Header, PersistentSection};

/// The persistent data of one owner, as it was in the kernel of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRegion {
    /// What identifies the data: owner, build id, sections and their variables.
    pub header: Header,
    /// Run-time addresses of the sections.
    pub addresses: Vec<(PersistentSection, u64)>,
    /// The owner's file, if it is known.
    pub file: Option<PathBuf>,
    /// Where this is known from, as the annotations say it: `the running kernel`.
    pub source: String,
    /// Whether the owner was loaded, according to the source.
    pub owner_loaded: Option<bool>,
    /// The data had been discarded by then: only a stale pointer leads there.
    pub discarded: bool,
}
