// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the functions that were inlined at an address.

use super::attributes::Attributes;
use super::debug_sections::DebugSections;
use super::entries::{UnitEntries, sibling};
use super::error::DwarfError;
use super::functions::Function;
use super::line_program::SourcePlace;

/// A function of the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Offset of its entry in the unit.
    pub(super) entry: usize,
    /// The call, in the function that it was inlined into.
    pub(super) call: SourcePlace,
}

/// The function itself and the functions inlined into it at the address, the innermost last.
pub(super) fn chain(
    unit: &UnitEntries,
    sections: &DebugSections,
    function: Function,
    address: u64,
) -> Result<Vec<Scope>, DwarfError> {
    let mut chain = vec![Scope { entry: function.entry, call: SourcePlace::default() }];
    let mut entries = unit.cursor_at(sections, function.entry);
    let error = |source| unit.error(source);
    let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { return Ok(chain) };
    entries.skip_attributes(abbreviation.attributes()).map_err(error)?;
    // `inside` is the depth of the children of the innermost scope so far. `base` is the depth at which
    // `entries` started.
    let (mut inside, mut base) = (1, 0);
    while !entries.is_empty() {
        let depth = base + entries.next_depth();
        let entry = entries.next_offset().0;
        if depth < inside {
            break;
        }
        let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { continue };
        let is_inlined = abbreviation.tag() == gimli::DW_TAG_inlined_subroutine;
        let next = if is_inlined || abbreviation.tag() == gimli::DW_TAG_lexical_block {
            let attributes = Attributes::read(&mut entries, abbreviation).map_err(error)?;
            let covers = covers(unit, sections, &attributes, address)?;
            if covers == Some(true) {
                inside = depth + 1;
                if is_inlined {
                    let number = |value: Option<u64>| value.unwrap_or(0);
                    let call = SourcePlace {
                        file: attributes.call_file,
                        line: number(attributes.call_line),
                        column: number(attributes.call_column),
                    };
                    chain.push(Scope { entry, call });
                }
                if !abbreviation.has_children() {
                    break;
                }
                continue;
            }
            // A block without addresses may contain one that has some.
            if covers.is_none() && !is_inlined {
                continue;
            }
            attributes.sibling.filter(|&sibling| sibling > entry)
        } else {
            sibling(&mut entries, abbreviation, entry).map_err(error)?
        };
        if !abbreviation.has_children() {
            continue;
        }
        match next {
            Some(next) => {
                entries = unit.cursor_at(sections, next);
                base = depth;
            }
            None => {
                while !entries.is_empty() && base + entries.next_depth() > depth {
                    if let Some(abbreviation) = entries.read_abbreviation().map_err(error)? {
                        entries.skip_attributes(abbreviation.attributes()).map_err(error)?;
                    }
                }
            }
        }
    }
    Ok(chain)
}

/// Does the entry cover the address? `None` if it has no addresses.
pub(super) fn covers(
    unit: &UnitEntries,
    sections: &DebugSections,
    attributes: &Attributes,
    address: u64,
) -> Result<Option<bool>, DwarfError> {
    if attributes.ranges.is_none() && attributes.high.is_none() {
        return Ok(None);
    }
    let ranges = unit.root.ranges(sections, attributes.low, attributes.high, attributes.ranges)?;
    Ok(Some(ranges.iter().any(|range| range.contains(&address))))
}
