// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list of regions that the extended kernel keeps: the text of `/proc/module_persist`.
//!
//! The kernel patch documents the format in `module-persist.rst`.
//!
//! ```
//! use libmodfmt::persist::{ExtendedUse, extended_regions};
//!
//! let text = b"region foo unused named 00000000000000aa -\n\
//!              section .data..persistent 0xffffffffc0a00000 8 8\n\
//!              variable .data..persistent 0 8 foo.c cnt.0\n";
//! let regions = extended_regions(text)?;
//! assert_eq!(regions[0].used, ExtendedUse::Unused);
//! assert_eq!(regions[0].header.units[0].variables[0].to_string(), "foo.c:cnt");
//! # Ok::<(), libmodfmt::persist::ExtendedListError>(())
//! ```

mod fields;
mod parse;
#[cfg(test)]
mod tests;
mod text;

use thiserror::Error;

use super::{Header, Inventory};
use crate::types::TypeTable;

pub use parse::extended_regions;

/// Bytes of a build id in the extended kernel; a shorter one is padded with zeros.
const BUILD_ID_LENGTH: usize = 20;

/// Whether a region in the extended kernel is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedUse {
    /// By nobody: the owner is not loaded, or loaded without it.
    Unused,
    /// By its owner.
    Used,
    /// By its owner, whose init is still running; the region goes away if it fails.
    New,
}

/// A region that the extended kernel keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtendedRegion {
    /// What identifies it. A kernel knows neither functions nor types.
    pub header: Header,
    /// Whether it is in use.
    pub used: ExtendedUse,
    /// The kernel's own layout hash.
    pub layout: u64,
    /// The address of each unit; 0 if the kernel does not show it.
    pub addresses: Vec<u64>,
}

/// Why the list cannot be read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("line {line} of the kernel's list of persistent data: {field} {why}")]
#[non_exhaustive]
pub struct ExtendedListError {
    /// Number of the line, from 1.
    pub line: usize,
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub why: &'static str,
}

impl ExtendedRegion {
    /// Fills in what a kernel cannot know from a module file of the same build: the functions around
    /// variables, and the length of the build id.
    ///
    /// Functions tell apart variables of one name in one file. In another build two of these may have
    /// swapped places, so their functions stay unknown and the comparison fails.
    pub fn adopt(&mut self, file: &Header) {
        if self.header.build_id.is_empty() || padded(&file.build_id) != self.header.build_id {
            return;
        }
        self.header.build_id.clone_from(&file.build_id);
        for unit in &mut self.header.units {
            let Some(theirs) = file.section(&unit.section) else { continue };
            for own in &mut unit.variables {
                let same = theirs.variables.iter().find(|other| {
                    (&other.file, &other.name) == (&own.file, &own.name)
                        && (other.offset, other.size) == (own.offset, own.size)
                });
                if let Some(same) = same {
                    own.function.clone_from(&same.function);
                }
            }
        }
    }

    /// The region that the extended kernel would make of a file's data, in use, at these addresses.
    #[must_use]
    pub fn of(inventory: &Inventory, addresses: Vec<u64>) -> Self {
        let mut header = inventory.header.clone();
        header.build_id = padded(&header.build_id);
        for variable in header.units.iter_mut().flat_map(|unit| &mut unit.variables) {
            variable.function = None;
            variable.type_name = None;
            variable.type_id = None;
        }
        header.types = TypeTable::default();
        Self { layout: header.layout_hash(), header, used: ExtendedUse::Used, addresses }
    }
}

fn padded(build_id: &[u8]) -> Vec<u8> {
    let mut padded = build_id.to_vec();
    if !padded.is_empty() {
        padded.resize(BUILD_ID_LENGTH, 0);
    }
    padded
}
