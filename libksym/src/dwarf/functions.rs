// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of a unit that have code, found while skipping everything else.
//!
//! Most of a unit are types. Compilers say of each entry with children where the next one beside it
//! starts, so a structure costs one step and not one for each member.

use super::DwarfError;
use super::sections::Sections;
use super::unit::Unit;
use super::value::Values;
use gimli::{Abbreviation, AttributeValue, EntriesRaw};

/// A function, or one of several ranges of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function {
    start: u64,
    end: u64,
    /// Offset of its entry in the unit.
    pub(super) entry: usize,
}

/// All functions of the unit.
pub(super) fn read(unit: &Unit, sections: &Sections) -> Result<Vec<Function>, DwarfError> {
    let mut functions = Vec::new();
    let first = unit.root.header.own;
    let mut entries = unit.entries(sections, first);
    let mut is_root = true;
    while !entries.is_empty() {
        let entry = entries.next_offset().0;
        let abbrev = entries.read_abbreviation().map_err(|source| unit.error(source))?;
        let Some(abbrev) = abbrev else { continue };
        let is_function = abbrev.tag() == gimli::DW_TAG_subprogram;
        let sibling = if is_function && has_code(abbrev) {
            let values = Values::read(&mut entries, abbrev).map_err(|source| unit.error(source))?;
            for range in unit.root.ranges(sections, values.low, values.high, values.ranges)? {
                functions.push(Function { start: range.start, end: range.end, entry });
            }
            values.sibling
        } else {
            skip(&mut entries, abbrev).map_err(|source| unit.error(source))?
        };
        // A sibling is behind its entry: anything else would go round in circles.
        let sibling = sibling.filter(|&sibling| sibling > entry);
        if let Some(sibling) = sibling.filter(|_| !is_root && (is_function || !unit.root.nests)) {
            entries = unit.entries(sections, sibling);
        }
        is_root = false;
    }
    Ok(functions)
}

/// The function that covers an address: the smallest, where several do.
pub(super) fn at(functions: &[Function], address: u64) -> Option<Function> {
    let covers = |function: &&Function| function.start <= address && address < function.end;
    let size = |function: &&Function| function.end.saturating_sub(function.start);
    functions.iter().filter(covers).min_by_key(size).copied()
}

fn has_code(abbrev: &Abbreviation) -> bool {
    let code = |name| matches!(name, gimli::DW_AT_low_pc | gimli::DW_AT_ranges);
    abbrev.attributes().iter().any(|spec| code(spec.name()))
}

/// Skips the attributes; where the next entry beside this one is, if it says so.
pub(super) fn skip(
    entries: &mut EntriesRaw<'_, super::sections::Slice<'_>>,
    abbrev: &Abbreviation,
) -> gimli::Result<Option<usize>> {
    let specs = abbrev.attributes();
    let sibling =
        abbrev.has_children().then(|| specs.iter().position(|spec| spec.name() == gimli::DW_AT_sibling));
    let Some((before, [spec, after @ ..])) = sibling.flatten().and_then(|at| specs.split_at_checked(at))
    else {
        entries.skip_attributes(specs)?;
        return Ok(None);
    };
    entries.skip_attributes(before)?;
    let value = entries.read_attribute(*spec)?.value();
    entries.skip_attributes(after)?;
    Ok(match value {
        AttributeValue::UnitRef(offset) => Some(offset.0),
        _ => None,
    })
}
