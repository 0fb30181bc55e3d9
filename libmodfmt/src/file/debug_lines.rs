// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line programs of `.debug_line` that some compilation units refer to: their headers have the names of the
//! source files.

use std::collections::BTreeSet;
use std::ops::Range;

use super::debug_section::{only_debug_section, place};
use super::debug_strings::Strings;
use super::debug_units::{CHUNK, RELOCATION};
use super::read_at::ReadAt;
use crate::elf::{ByteOrder, Object, SectionKind};

/// The name of the section.
pub(super) const DEBUG_LINES: &[u8] = b".debug_line";

/// Where the programs are.
pub(super) struct Lines {
    pub(super) section: usize,
    /// Where it is in the file.
    place: Range<usize>,
    /// Its table of relocations, if there is one, and where that is in the file.
    relocations: Option<(usize, Range<usize>)>,
}

impl Lines {
    /// `None` if this is not what compilers write: one section with at most one table.
    pub(super) fn of(object: &Object<'_>) -> Option<Self> {
        let (section, header) = only_debug_section(object, DEBUG_LINES)?;
        let tables: Vec<_> = object.relocation_sections_of(section).collect();
        let relocations = match *tables {
            [] => None,
            [(index, table)] if table.kind == SectionKind::RELA && !table.is_alloc() => {
                Some((index, place(table.offset, table.size)?))
            }
            _ => return None,
        };
        Some(Self { section, place: place(header.offset, header.size)?, relocations })
    }

    /// Reads the programs at these offsets in the section to their places in `content`, which is as long as the
    /// file. Their relocations become the first ones of the table, and the strings that these refer to are read.
    /// Returns the table, if there is one, and its new size in bytes.
    pub(super) fn read(
        &self,
        offsets: &BTreeSet<u64>,
        order: ByteOrder,
        content: &mut [u8],
        strings: (&mut Strings, &[Option<u64>]),
        read: &impl ReadAt,
    ) -> Option<Option<(usize, usize)>> {
        let mut programs: Vec<Range<u64>> = Vec::new();
        for offset in offsets {
            // Nothing is read twice, however many offsets a file has.
            if programs.last().is_some_and(|before| before.end > *offset) {
                return None;
            }
            let start = usize::try_from(*offset).ok()?;
            let mut length = [0; 4];
            read(self.place.start.checked_add(start)? as u64, &mut length)?;
            let end = start.checked_add(4)?.checked_add(order.u32(length) as usize)?;
            let section = content.get_mut(self.place.clone())?;
            // With DWARF of 64 bits, which compilers do not write unasked, the length is 0xffffffff.
            read(self.place.start.checked_add(start)? as u64, section.get_mut(start..end)?)?;
            programs.push(start as u64..end as u64);
        }
        let Some((index, table)) = &self.relocations else { return Some(None) };
        Some(Some((*index, relocations(&programs, table, order, content, strings, read)?)))
    }
}

/// Reads the relocations of these programs to the beginning of their table. Returns how many bytes they have.
fn relocations(
    programs: &[Range<u64>],
    table: &Range<usize>,
    order: ByteOrder,
    content: &mut [u8],
    (strings, symbols): (&mut Strings, &[Option<u64>]),
    read: &impl ReadAt,
) -> Option<usize> {
    let mut buffer = vec![0; CHUNK.checked_mul(RELOCATION)?];
    let (mut at, mut to) = (table.start, table.start);
    while at < table.end {
        let length = buffer.len().min(table.end.checked_sub(at)?);
        let chunk = buffer.get_mut(..length)?;
        read(at as u64, chunk)?;
        let (relocations, rest) = chunk.as_chunks::<RELOCATION>();
        if !rest.is_empty() {
            return None;
        }
        for relocation in relocations {
            let [offset, info, addend] = relocation.as_chunks::<8>().0 else { return None };
            let offset = order.u64(*offset);
            let program = programs.get(programs.partition_point(|program| program.end <= offset));
            if !program.is_some_and(|program| program.contains(&offset)) {
                continue;
            }
            let end = to.checked_add(RELOCATION)?;
            content.get_mut(to..end)?.copy_from_slice(relocation);
            to = end;
            let symbol = usize::try_from(order.u64(*info) >> 32).ok()?;
            if let Some(base) = symbols.get(symbol)? {
                let string = base.checked_add_signed(order.u64(*addend).cast_signed())?;
                strings.read(string, content, read)?;
            }
        }
        at = at.checked_add(length)?;
    }
    to.checked_sub(table.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the programs at these offsets of a section that begins 8 bytes into the file.
    fn read(section: &[u8], offsets: &[u64]) -> Option<Vec<u8>> {
        let file = [&[9; 8], section].concat();
        let reader = |offset: u64, into: &mut [u8]| {
            let start = usize::try_from(offset).ok()?;
            into.copy_from_slice(file.get(start..start.checked_add(into.len())?)?);
            Some(())
        };
        let lines = Lines { section: 1, place: 8..file.len(), relocations: None };
        let mut content = vec![0; file.len()];
        let mut strings = Strings::new(0..0);
        let offsets = offsets.iter().copied().collect();
        lines.read(&offsets, ByteOrder::Little, &mut content, (&mut strings, &[]), &reader)?;
        Some(content.split_off(8))
    }

    #[test]
    fn programs_are_read_to_their_places() {
        let section = [2, 0, 0, 0, 7, 7, 3, 0, 0, 0, 8, 8, 8, 1, 0, 0, 0, 9];
        assert_eq!(read(&section, &[0, 13]).unwrap(), [2, 0, 0, 0, 7, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9]);
        assert_eq!(read(&section, &[0, 6, 13]).unwrap(), section);
        assert_eq!(read(&section, &[]).unwrap(), [0; 18]);
    }

    #[test]
    fn programs_that_cannot_be_right() {
        let section = [2, 0, 0, 0, 7, 7, 3, 0, 0, 0, 8, 8, 8];
        assert_eq!(read(&section, &[0, 5]), None, "one in another");
        assert_eq!(read(&section, &[7]), None, "longer than the section");
        assert_eq!(read(&section, &[11]), None, "no length");
        assert_eq!(read(&section, &[u64::MAX]), None);
    }
}
