// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of a unit that have code, found while skipping everything else.
//!
//! Most of a unit describes types. Compilers note in each entry with children where the next one on the
//! same level starts (`DW_AT_sibling`), so a structure costs one step, not one for each member.

use gimli::Abbreviation;

use super::attributes::Attributes;
use super::debug_sections::DebugSections;
use super::entries::{UnitEntries, skip};
use super::error::DwarfError;

/// A function, or one of several ranges of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function {
    start: u64,
    end: u64,
    /// Offset of its entry in the unit.
    pub(super) entry: usize,
}

/// All functions of the unit.
pub(super) fn read(unit: &UnitEntries, sections: &DebugSections) -> Result<Vec<Function>, DwarfError> {
    let mut functions = Vec::new();
    let mut entries = unit.cursor_at(sections, unit.root.header.header_size);
    let mut is_root = true;
    while !entries.is_empty() {
        let entry = entries.next_offset().0;
        let abbreviation = entries.read_abbreviation().map_err(|source| unit.error(source))?;
        let Some(abbreviation) = abbreviation else { continue };
        let is_function = abbreviation.tag() == gimli::DW_TAG_subprogram;
        let sibling = if is_function && has_code(abbreviation) {
            let read = Attributes::read(&mut entries, abbreviation);
            let attributes = read.map_err(|source| unit.error(source))?;
            let Attributes { low, high, ranges, .. } = attributes;
            for range in unit.root.ranges(sections, low, high, ranges)? {
                functions.push(Function { start: range.start, end: range.end, entry });
            }
            attributes.sibling
        } else {
            skip(&mut entries, abbreviation).map_err(|source| unit.error(source))?
        };
        // A sibling that does not come after its entry would be a loop.
        let sibling = sibling.filter(|&sibling| sibling > entry);
        if let Some(sibling) = sibling.filter(|_| !is_root && (is_function || !unit.root.nests_functions)) {
            entries = unit.cursor_at(sections, sibling);
        }
        is_root = false;
    }
    Ok(functions)
}

/// The function that covers an address; the smallest, if several do.
pub(super) fn at(functions: &[Function], address: u64) -> Option<Function> {
    let covers = |function: &&Function| function.start <= address && address < function.end;
    let size = |function: &&Function| function.end.saturating_sub(function.start);
    functions.iter().filter(covers).min_by_key(size).copied()
}

fn has_code(abbreviation: &Abbreviation) -> bool {
    let code = |name| matches!(name, gimli::DW_AT_low_pc | gimli::DW_AT_ranges);
    abbreviation.attributes().iter().any(|spec| code(spec.name()))
}
