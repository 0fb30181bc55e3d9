// SPDX-License-Identifier: MIT OR Apache-2.0
//! Skips entries in which nothing is looked for.
//!
//! Most of a unit describes types, declarations and variables, and comes before the function that is
//! wanted. gimli decodes each attribute of theirs to find its end. Here it is worked out once for each
//! abbreviation how long such an entry is, and where it names its sibling.

use gimli::{
    Abbreviation, Abbreviations, DebugAbbrevOffset, EndianSlice, Reader, SectionId, UnitHeader,
    UnitSectionOffset, UnitType,
};

use super::debug_sections::Slice;

/// Compilers number abbreviations from 1 on, and use some hundred. Larger numbers are left to gimli.
const MAX_CODE: usize = 1 << 14;

/// How entries of one abbreviation are skipped. Sizes and offsets are in bytes, from the end of the
/// abbreviation's number on.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// It is read, or has attributes whose size only its parser finds.
    Read,
    /// Its children are not entered: the offset of the next entry on its level is here, in so many bytes.
    Sibling {
        at: usize,
        width: usize,
    },
    Fixed {
        size: usize,
    },
}

/// Shapes by abbreviation.
#[derive(Debug, Default)]
pub(super) struct EntryShapes(Vec<Option<Shape>>);

/// The entries that are to be skipped.
pub(super) struct Skipped<'u> {
    pub(super) header: super::unit_header::UnitHeader,
    pub(super) abbreviations: &'u Abbreviations,
    /// The unit's.
    pub(super) bytes: Slice<'u>,
    /// Whether children of entries are passed over.
    pub(super) siblings: bool,
}

impl EntryShapes {
    /// The offset of the first entry from `offset` on that is a function with code, or whose end is not known
    /// here.
    pub(super) fn skip(&mut self, entries: &Skipped<'_>, mut offset: usize) -> usize {
        let bytes = entries.bytes.slice();
        loop {
            let (code, number_size) = match bytes.get(offset..) {
                // The end of a list of children.
                Some([0, ..]) => {
                    offset = offset.saturating_add(1);
                    continue;
                }
                Some(&[low @ ..0x80, ..]) => (usize::from(low), 1),
                Some(&[low, high @ 1..0x80, ..]) => (usize::from(high) << 7 | usize::from(low & 0x7f), 2),
                _ => return offset,
            };
            let Some(attributes) = offset.checked_add(number_size) else { return offset };
            let next = match self.shape(entries, code) {
                Shape::Read => None,
                Shape::Fixed { size } => attributes.checked_add(size).filter(|&next| next <= bytes.len()),
                Shape::Sibling { at, width } => {
                    let sibling = attributes.checked_add(at).and_then(|at| number(entries.bytes, at, width));
                    // One that does not come after its entry would be a loop.
                    sibling.filter(|&sibling| sibling > offset)
                }
            };
            match next {
                Some(next) => offset = next,
                None => return offset,
            }
        }
    }

    fn shape(&mut self, entries: &Skipped<'_>, code: usize) -> Shape {
        if let Some(Some(shape)) = self.0.get(code) {
            return *shape;
        }
        let abbreviation = entries.abbreviations.get(code as u64);
        let shape = abbreviation.map_or(Shape::Read, |abbreviation| entries.shape(abbreviation));
        if code < MAX_CODE {
            if self.0.len() <= code {
                self.0.resize(code.saturating_add(1), None);
            }
            if let Some(place) = self.0.get_mut(code) {
                *place = Some(shape);
            }
        }
        shape
    }
}

impl Skipped<'_> {
    fn shape(&self, abbreviation: &Abbreviation) -> Shape {
        let attributes = abbreviation.attributes();
        let is_wanted = match abbreviation.tag() {
            gimli::DW_TAG_compile_unit | gimli::DW_TAG_partial_unit | gimli::DW_TAG_skeleton_unit => true,
            gimli::DW_TAG_subprogram => {
                attributes.iter().any(|spec| matches!(spec.name(), gimli::DW_AT_low_pc | gimli::DW_AT_ranges))
            }
            _ => false,
        };
        if is_wanted {
            return Shape::Read;
        }
        // Only to ask for the sizes.
        let header = UnitHeader::new(
            self.header.encoding,
            0,
            UnitType::Compilation,
            DebugAbbrevOffset(0),
            SectionId::DebugInfo,
            UnitSectionOffset(0),
            EndianSlice::new(&[], self.bytes.endian()),
        );
        let jumps =
            abbreviation.has_children() && (self.siblings || abbreviation.tag() == gimli::DW_TAG_subprogram);
        let mut size: usize = 0;
        for spec in attributes {
            let one = spec.size(&header);
            if jumps && spec.name() == gimli::DW_AT_sibling {
                return match (spec.form(), one) {
                    (
                        gimli::DW_FORM_ref1 | gimli::DW_FORM_ref2 | gimli::DW_FORM_ref4 | gimli::DW_FORM_ref8,
                        Some(width),
                    ) => Shape::Sibling { at: size, width },
                    _ => Shape::Read,
                };
            }
            match one.and_then(|one| size.checked_add(one)) {
                Some(sum) => size = sum,
                None => return Shape::Read,
            }
        }
        Shape::Fixed { size }
    }
}

/// The number of so many bytes at an offset.
fn number(bytes: Slice<'_>, at: usize, width: usize) -> Option<usize> {
    let mut input = EndianSlice::new(bytes.slice().get(at..)?, bytes.endian());
    let number = match width {
        1 => input.read_u8().ok()?.into(),
        2 => input.read_u16().ok()?.into(),
        4 => input.read_u32().ok()?.into(),
        _ => input.read_u64().ok()?,
    };
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use gimli::{DebugAbbrev, RunTimeEndian};

    use super::*;
    use crate::dwarf::unit_header::UnitHeader as Header;

    /// Number, tag, whether it has children, pairs of attribute and form.
    const ABBREVIATIONS: &[u8] = &[
        0x01, 0x24, 0, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0, // base type: two bytes
        0x02, 0x13, 1, 0x0b, 0x0b, 0x01, 0x13, 0, 0, // structure: size, sibling as ref4
        0x03, 0x0d, 0, 0x38, 0x0b, 0, 0, // member: one byte
        0x04, 0x34, 0, 0x02, 0x18, 0, 0, // variable: an expression, of any size
        0x05, 0x2e, 0, 0x11, 0x01, 0, 0, // function with code: an address
        0x06, 0x2e, 0, 0x3f, 0x19, 0, 0, // declaration: a flag without bytes
        0x88, 0x01, 0x24, 0, 0x0b, 0x05, 0, 0, // base type, abbreviation 136: two bytes
        0,
    ];

    fn skip(entries: &[u8], siblings: bool, offset: usize) -> usize {
        let abbreviations = DebugAbbrev::new(ABBREVIATIONS, RunTimeEndian::Little)
            .abbreviations(DebugAbbrevOffset(0))
            .unwrap();
        let header = Header {
            offset: 0,
            size: entries.len() as u64,
            header_size: 0,
            encoding: gimli::Encoding { address_size: 8, format: gimli::Format::Dwarf32, version: 4 },
            abbreviations: DebugAbbrevOffset(0),
            is_code: true,
        };
        let bytes = EndianSlice::new(entries, RunTimeEndian::Little);
        let skipped = Skipped { header, abbreviations: &abbreviations, bytes, siblings };
        EntryShapes::default().skip(&skipped, offset)
    }

    #[test]
    fn stops_at_a_function_with_code() {
        let entries = [1, 4, 5, 6, 0x88, 1, 9, 9, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(skip(&entries, true, 0), 9);
        assert_eq!(skip(&entries, false, 3), 9);
    }

    #[test]
    fn members_are_passed_over_by_the_sibling_where_that_is_allowed() {
        // The member in the structure is followed by an entry that ends the walk.
        let entries = [2, 8, 9, 0, 0, 0, 3, 1, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(skip(&entries, true, 0), 9);
        assert_eq!(skip(&entries, false, 0), 8);
    }

    #[test]
    fn what_has_no_fixed_size_is_left_to_its_parser() {
        assert_eq!(skip(&[1, 4, 5, 4, 1, 0x9c], true, 0), 3);
    }

    #[test]
    fn a_sibling_that_goes_back_ends_the_walk() {
        assert_eq!(skip(&[1, 4, 5, 2, 8, 0, 0, 0, 0, 3, 1], true, 0), 3);
        assert_eq!(skip(&[1, 4, 5, 2, 8, 3, 0, 0, 0, 3, 1], true, 0), 3);
    }

    #[test]
    fn entries_that_are_cut_off_or_have_no_abbreviation_end_it() {
        assert_eq!(skip(&[1, 4], true, 0), 0);
        assert_eq!(skip(&[1, 4, 5, 2, 8, 0xff], true, 0), 3);
        assert_eq!(skip(&[7, 0, 0], true, 0), 0);
        assert_eq!(skip(&[0x88], true, 0), 0);
        assert_eq!(skip(&[0xff, 0xff, 0x03], true, 0), 0);
        assert_eq!(skip(&[], true, 0), 0);
        assert_eq!(skip(&[0, 0], true, 0), 2);
        assert_eq!(skip(&[2, 8, 0xff, 0xff, 0xff, 0x7f], true, 0), 0x7fff_ffff);
    }
}
