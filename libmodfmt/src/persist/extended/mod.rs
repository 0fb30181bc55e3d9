// SPDX-License-Identifier: MIT OR Apache-2.0
//! The list of regions that the extended kernel keeps: the text of `/proc/module_persist`.
//!
//! The kernel patch documents the format in `module-persist.rst`.
//!
//! - `parse.rs`, `fields.rs`, `text.rs`: reads the list, and writes it for fake kernels.
//! - `block_note.rs`: the types of a block's variables, which user space leaves with the kernel.
//! - `symbols.rs`: the names by which the kernel knows the variables of a file.
//!
//! ```
//! use libmodfmt::persist::{ExtendedUse, extended_regions};
//!
//! let text = b"region foo unused\n\
//!              block 1 kept named -\n\
//!              section .data..persistent.foo.0 0xffffffffc0a00000 8 8 rw used 00000000000000aa\n\
//!              variable 0 8 foo.c cnt.0\n";
//! let regions = extended_regions(text)?;
//! assert_eq!(regions[0].used, ExtendedUse::Unused);
//! assert_eq!(regions[0].blocks[0].header.units[0].variables[0].to_string(), "foo.c:cnt");
//! # Ok::<(), libmodfmt::persist::ExtendedListError>(())
//! ```

mod block_note;
mod fields;
mod parse;
mod symbols;
#[cfg(test)]
mod tests;
mod text;

use thiserror::Error;

use super::{Header, Inventory, KeptPlace, Unit};
use crate::types::TypeTable;

pub use block_note::MAX_BLOCK_NOTE_BYTES;
pub use parse::extended_regions;
pub use symbols::KernelNames;

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
    /// The module whose data it is.
    pub owner: String,
    /// Whether it is in use.
    pub used: ExtendedUse,
    /// What each load has added, oldest first.
    pub blocks: Vec<ExtendedBlock>,
}

/// The sections that one load has added to a region.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtendedBlock {
    /// What identifies it; its number is the generation. A kernel knows neither types nor the functions
    /// around variables, unless the compiler (clang) has put them into the names of symbols: they are in the
    /// block's note.
    pub header: Header,
    /// No other block has had this number since the boot, nor this one in use by another build; 0 if the
    /// kernel does not say.
    pub serial: u64,
    /// Whether the kernel has a note with it.
    pub note: BlockNote,
    /// The load that adds it is under way: the module's init is still running.
    pub is_new: bool,
    /// The address of each unit; 0 if the kernel does not show it.
    pub addresses: Vec<u64>,
    /// For each unit, whether the last load whose init succeeded used it.
    pub used: Vec<bool>,
}

/// Whether the kernel has a note with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockNote {
    /// It has none.
    None,
    /// It has one.
    Noted,
    /// It has one, and another build has used the block since it was written.
    Old,
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
    /// A region of `owner`, in use and without blocks.
    #[must_use]
    pub fn new(owner: &str) -> Self {
        Self { owner: owner.to_owned(), used: ExtendedUse::Used, blocks: Vec::new() }
    }

    /// The variables in units that the last load whose init succeeded did not use.
    #[must_use]
    pub fn unused(&self) -> Vec<KeptPlace> {
        let mut places = Vec::new();
        for block in &self.blocks {
            let units = block.header.ordinals().zip(&block.used).filter(|(_, used)| !**used);
            for (ordinal, unit) in units.map(|(unit, _)| unit) {
                let generation = block.header.generation;
                let place = |offset| KeptPlace { generation, ordinal, offset };
                places.extend(unit.variables.iter().map(|variable| place(variable.offset)));
            }
        }
        places
    }

    /// Fills in what a kernel cannot know from a module file: in each block of the same build, the functions
    /// around variables and the length of the build id.
    ///
    /// Functions tell apart variables of one name in one file. In another build two of these may have
    /// swapped places, so their functions stay unknown and the comparison fails.
    pub fn adopt(&mut self, file: &Header) {
        self.blocks.iter_mut().for_each(|block| block.adopt(file));
    }
}

impl ExtendedBlock {
    fn adopt(&mut self, file: &Header) {
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

    /// The block that the extended kernel would make of these units of a file, at these addresses.
    #[must_use]
    pub fn of(file: &Inventory, units: Vec<Unit>, number: u32, addresses: Vec<u64>) -> Self {
        let mut header = file.header.clone();
        header.generation = number;
        header.build_id = padded(&header.build_id);
        header.units = units;
        forget_types(&mut header);
        for variable in header.units.iter_mut().flat_map(|unit| &mut unit.variables) {
            variable.function = None;
        }
        let used = header.units.iter().map(|_| true).collect();
        Self { header, serial: 0, note: BlockNote::None, is_new: false, addresses, used }
    }
}

/// Without types, as the kernel lists a block.
fn forget_types(header: &mut Header) {
    for variable in header.units.iter_mut().flat_map(|unit| &mut unit.variables) {
        (variable.type_name, variable.type_id) = (None, None);
    }
    header.types = TypeTable::default();
}

fn padded(build_id: &[u8]) -> Vec<u8> {
    let mut padded = build_id.to_vec();
    if !padded.is_empty() {
        padded.resize(BUILD_ID_LENGTH, 0);
    }
    padded
}
