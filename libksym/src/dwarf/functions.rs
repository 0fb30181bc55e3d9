// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of a unit that have code, found while skipping everything else.
//!
//! Most of a unit describes types. Compilers note in each entry with children where the next one on the
//! same level starts (`DW_AT_sibling`), so a structure costs one step, not one for each member.

use gimli::Abbreviation;

use super::attributes::Attributes;
use super::debug_sections::DebugSections;
use super::entries::{UnitEntries, sibling};
use super::entry_shapes::EntryShapes;
use super::error::DwarfError;

/// A function, or one of several ranges of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function {
    start: u64,
    end: u64,
    /// Offset of its entry in the unit.
    pub(super) entry: usize,
}

/// The functions of a unit up to where its entries were read.
#[derive(Debug)]
pub(super) struct Functions {
    found: Vec<Function>,
    /// Offset in the unit of the entry to go on with.
    next: usize,
    shapes: EntryShapes,
}

impl Functions {
    /// Those of a unit whose first entry is at this offset.
    pub(super) fn new(first_entry: usize) -> Self {
        Self { found: Vec::new(), next: first_entry, shapes: EntryShapes::default() }
    }

    /// The function that covers an address; the smallest, if several are known that do. Reads on to the first
    /// one.
    pub(super) fn at(
        &mut self,
        unit: &UnitEntries,
        sections: &DebugSections,
        address: u64,
    ) -> Result<Option<Function>, DwarfError> {
        if let Some(known) = at(&self.found, address) {
            return Ok(Some(known));
        }
        let mut pushed = self.found.len();
        let skipped = unit.skipped(sections);
        let mut entries = unit.cursor_at(sections, self.next);
        while !entries.is_empty() {
            let entry = self.shapes.skip(&skipped, entries.next_offset().0);
            if entry != entries.next_offset().0 {
                entries = unit.cursor_at(sections, entry);
                if entries.is_empty() {
                    break;
                }
            }
            let is_root = entry == unit.root.header.header_size;
            let abbreviation = entries.read_abbreviation().map_err(|source| unit.error(source))?;
            let Some(abbreviation) = abbreviation else { continue };
            let is_function = abbreviation.tag() == gimli::DW_TAG_subprogram;
            let jumps = !is_root && (is_function || !unit.root.nests_functions);
            let next = if is_function && has_code(abbreviation) {
                let read = Attributes::read(&mut entries, abbreviation);
                let Attributes { low, high, ranges, sibling, .. } =
                    read.map_err(|source| unit.error(source))?;
                pushed = self.found.len();
                for range in unit.root.ranges(sections, low, high, ranges)? {
                    self.found.push(Function { start: range.start, end: range.end, entry });
                }
                // A sibling that does not come after its entry would be a loop.
                sibling.filter(|&sibling| sibling > entry)
            } else if jumps {
                sibling(&mut entries, abbreviation, entry).map_err(|source| unit.error(source))?
            } else {
                let skipped = entries.skip_attributes(abbreviation.attributes());
                skipped.map_err(|source| unit.error(source))?;
                None
            };
            if let Some(next) = next.filter(|_| jumps) {
                entries = unit.cursor_at(sections, next);
            }
            if is_function {
                self.next = entries.next_offset().0;
                if let Some(found) = at(self.found.get(pushed..).unwrap_or_default(), address) {
                    return Ok(Some(found));
                }
            }
        }
        self.next = entries.next_offset().0;
        Ok(None)
    }
}

/// The function that covers an address; the smallest, if several do.
fn at(functions: &[Function], address: u64) -> Option<Function> {
    let covers = |function: &&Function| function.start <= address && address < function.end;
    let size = |function: &&Function| function.end.saturating_sub(function.start);
    functions.iter().filter(covers).min_by_key(size).copied()
}

fn has_code(abbreviation: &Abbreviation) -> bool {
    let code = |name| matches!(name, gimli::DW_AT_low_pc | gimli::DW_AT_ranges);
    abbreviation.attributes().iter().any(|spec| code(spec.name()))
}
