// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which functions were inlined at an address.

use super::DwarfError;
use super::functions::{Function, skip};
use super::lines::Place;
use super::sections::Sections;
use super::unit::Unit;
use super::value::Values;

/// A function of the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Offset of its entry in the unit.
    pub(super) entry: usize,
    /// Where it was called, in the function that it was inlined into.
    pub(super) call: Place,
}

/// The function itself, and the functions inlined into it there, the innermost last.
pub(super) fn chain(
    unit: &Unit,
    sections: &Sections,
    function: Function,
    address: u64,
) -> Result<Vec<Scope>, DwarfError> {
    let mut chain = vec![Scope { entry: function.entry, call: Place::default() }];
    let mut entries = unit.entries(sections, function.entry);
    let error = |source| unit.error(source);
    let Some(abbrev) = entries.read_abbreviation().map_err(error)? else { return Ok(chain) };
    skip(&mut entries, abbrev).map_err(error)?;
    // Depth of the children of the scope that the address is in. `base` is what the depth was when
    // `entries` was made.
    let (mut inside, mut base) = (1, 0);
    while !entries.is_empty() {
        let depth = base + entries.next_depth();
        let entry = entries.next_offset().0;
        if depth < inside {
            break;
        }
        let Some(abbrev) = entries.read_abbreviation().map_err(error)? else { continue };
        let is_inlined = abbrev.tag() == gimli::DW_TAG_inlined_subroutine;
        let sibling = if is_inlined || abbrev.tag() == gimli::DW_TAG_lexical_block {
            let values = Values::read(&mut entries, abbrev).map_err(error)?;
            let covers = covers(unit, sections, &values, address)?;
            if covers == Some(true) {
                inside = depth + 1;
                if is_inlined {
                    let number = |value: Option<u64>| value.unwrap_or(0);
                    let call = Place {
                        file: values.call_file,
                        line: number(values.call_line),
                        column: number(values.call_column),
                    };
                    chain.push(Scope { entry, call });
                }
                if !abbrev.has_children() {
                    break;
                }
                continue;
            }
            // A block without code of its own may hold one that has some.
            if covers.is_none() && !is_inlined {
                continue;
            }
            values.sibling
        } else {
            skip(&mut entries, abbrev).map_err(error)?
        };
        if !abbrev.has_children() {
            continue;
        }
        match sibling.filter(|&sibling| sibling > entry) {
            Some(sibling) => {
                entries = unit.entries(sections, sibling);
                base = depth;
            }
            None => {
                while !entries.is_empty() && base + entries.next_depth() > depth {
                    if let Some(abbrev) = entries.read_abbreviation().map_err(error)? {
                        entries.skip_attributes(abbrev.attributes()).map_err(error)?;
                    }
                }
            }
        }
    }
    Ok(chain)
}

/// `None`: the entry says nothing of addresses.
fn covers(
    unit: &Unit,
    sections: &Sections,
    values: &Values,
    address: u64,
) -> Result<Option<bool>, DwarfError> {
    if values.ranges.is_none() && values.high.is_none() {
        return Ok(None);
    }
    let ranges = unit.root.ranges(sections, values.low, values.high, values.ranges)?;
    Ok(Some(ranges.iter().any(|range| range.contains(&address))))
}
