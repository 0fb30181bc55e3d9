// SPDX-License-Identifier: MIT OR Apache-2.0
//! One compilation unit, with its functions once they are read.

use std::cell::RefCell;

use super::debug_sections::DebugSections;
use super::entries::UnitEntries;
use super::error::DwarfError;
use super::functions::{Function, Functions};

/// A compilation unit.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) entries: UnitEntries,
    functions: RefCell<Functions>,
}

impl Unit {
    /// Reads the unit at an offset in `.debug_info`.
    pub(super) fn read(sections: &DebugSections, offset: u64) -> Result<Self, DwarfError> {
        let entries = UnitEntries::read(sections, offset)?;
        let functions = RefCell::new(Functions::new(entries.root.header.header_size));
        Ok(Self { entries, functions })
    }

    /// About how many bytes it takes in memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.entries.bytes.len().saturating_mul(2)
    }

    /// The function that covers an address of the image.
    pub(super) fn function_at(
        &self,
        sections: &DebugSections,
        address: u64,
    ) -> Result<Option<Function>, DwarfError> {
        self.functions.borrow_mut().at(&self.entries, sections, address)
    }
}
