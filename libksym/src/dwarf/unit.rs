// SPDX-License-Identifier: MIT OR Apache-2.0
//! One compilation unit, with its functions and lines once they are read.

use std::cell::{OnceCell, RefCell};

use super::debug_sections::DebugSections;
use super::entries::UnitEntries;
use super::error::DwarfError;
use super::functions::{Function, Functions};
use super::line_program::LineProgram;

/// A compilation unit.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) entries: UnitEntries,
    functions: RefCell<Functions>,
    lines: OnceCell<LineProgram>,
}

impl Unit {
    /// Reads the unit at an offset in `.debug_info`.
    pub(super) fn read(sections: &DebugSections, offset: u64) -> Result<Self, DwarfError> {
        let entries = UnitEntries::read(sections, offset)?;
        let functions = RefCell::new(Functions::new(entries.root.header.header_size));
        Ok(Self { entries, functions, lines: OnceCell::new() })
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

    /// The rows and files of the line program.
    pub(super) fn lines(&self, sections: &DebugSections) -> Result<&LineProgram, DwarfError> {
        if let Some(lines) = self.lines.get() {
            return Ok(lines);
        }
        let lines = LineProgram::read(sections, &self.entries.root)?;
        Ok(self.lines.get_or_init(|| lines))
    }
}
