// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading a large module without most of its debug information.
//!
//! Debug information is most of a driver's file, and only that of the compilation units that define persistent
//! variables is ever asked for. [`excerpt`] reads the file with the other units left out. Everything else is
//! where it is in the file, so that offsets in messages are those of the file.

use std::collections::BTreeSet;
use std::ops::Range;

use super::debug_lines::{DEBUG_LINES, Lines};
use super::debug_section::{only_debug_section, place};
use super::debug_strings::{Strings, contains};
use super::debug_units::{RELOCATION, Unit, wanted_units};
use super::read_at::ReadAt;
use crate::arch::Arch;
use crate::elf::{
    self, ByteOrder, Class, Machine, Object, Place, RelocationForm, SectionEntry, SectionKind, flags,
};
use crate::persist::HOLDS_PREFIX;

/// The units.
const DEBUG_INFO: &[u8] = b".debug_info";

/// The strings of units.
const DEBUG_STRINGS: &[u8] = b".debug_str";

/// The sections that lead to types and source files, besides units, their strings and line programs.
const NEEDED: &[&[u8]] = &[b".debug_abbrev", b".debug_line_str", b".debug_str_offsets"];

/// Strings of this size are searched by another thread, in bytes.
const WORTH_A_THREAD: usize = 4 << 20;

/// Where `e_shoff` is in a 64-bit ELF header, in bytes.
const SECTION_TABLE: usize = 40;
/// The size of a 64-bit section header, and where `sh_size` is in it, in bytes.
const SECTION_HEADER: usize = 64;
const SECTION_SIZE: usize = 32;

/// The module file of `size` bytes without debug information that no persistent variable leads to.
///
/// `read` fills the slice with what is in the file at an offset, or returns `None`. The result has the size of
/// the file, zeros in the place of what was not read, and section headers that say so: a debug section may be
/// shorter than in the file, or empty.
///
/// It is the whole file if nothing can be left out for sure:
///
/// - It is no 64-bit ELF file, or for mips, or of a form that compilers do not write unasked.
/// - Its units lead to each other, or to addresses by `.debug_addr` (clang).
/// - It names types by `PERSISTENT_HOLDS()`, or has its macros (`-g3`). Those types are looked for in all units.
///
/// Returns `None` if it has no debug information, or sections that cannot be right, and if `read` does. Then it
/// is for a reader of the whole file to say what is wrong.
pub fn excerpt(size: u64, read: impl ReadAt) -> Option<Vec<u8>> {
    let length = usize::try_from(size).ok()?;
    let table = elf::section_table(|offset, size| {
        let mut part = vec![0; Some(size).filter(|size| *size <= length)?];
        read(offset, &mut part)?;
        Some(part)
    })?;
    if !table.iter().any(|section| section.name == DEBUG_INFO) {
        return None;
    }
    // From the allocator: memory that is never written to takes no room.
    let mut content = vec![0; length];
    let left_out = read_without_debug_info(&table, &mut content, &read)?;
    let Some(needed) = Needed::of(&content, &read) else {
        for place in left_out {
            read(place.start as u64, content.get_mut(place)?)?;
        }
        return Some(content);
    };
    let mut file = Excerpt { content, order: needed.order };
    let mut strings = Strings::new(needed.strings_place.clone());
    let (info_size, relocations_size, lines) = file.move_together(&needed, &mut strings, &read)?;
    if let Some(found) = &needed.lines {
        let strings = (&mut strings, &*needed.strings);
        let table = found.read(&lines, file.order, &mut file.content, strings, &read)?;
        if let Some((table, size)) = table {
            file.set_size(table, size)?;
        }
    }
    if needed.all_strings {
        strings.read_all(&mut file.content, &read)?;
    }
    file.set_size(needed.info, info_size)?;
    file.set_size(needed.relocations, relocations_size)?;
    for index in (0..table.len()).filter(|index| use_of(&table, *index) == Use::None) {
        file.set_size(index, 0)?;
    }
    Some(file.content)
}

/// What is needed of `.debug_info`.
struct Needed {
    order: ByteOrder,
    /// The section, its relocations, and where they are in the file.
    info: usize,
    relocations: usize,
    info_place: Range<usize>,
    relocations_place: Range<usize>,
    units: Vec<Unit>,
    /// Where `.debug_str` is in the file.
    strings_place: Range<usize>,
    /// By symbol: where in `.debug_str` it is.
    strings: Vec<Option<u64>>,
    /// By symbol: where in `.debug_line` it is.
    line_symbols: Vec<Option<u64>>,
    /// Strings are referred to by other sections, too.
    all_strings: bool,
    lines: Option<Lines>,
}

impl Needed {
    /// `content` has everything but `.debug_info`, its relocations, `.debug_str`, and debug sections that are not
    /// needed. `None` if all may be needed.
    fn of(content: &[u8], read: &impl ReadAt) -> Option<Self> {
        let object = Object::parse(content).ok()?;
        let order = object.ident.order;
        let arch = Arch::of(object.ident).ok()?;
        // Little-endian mips has the symbol of a relocation elsewhere than others.
        if object.ident.class != Class::Elf64
            || arch.form != RelocationForm::Rela
            || object.ident.machine == Machine::MIPS
        {
            return None;
        }
        if object.sections.iter().any(|section| section.flags & flags::COMPRESSED != 0) {
            return None;
        }
        let (info, section) = only_debug_section(&object, DEBUG_INFO)?;
        let info_place = place(section.offset, section.size)?;
        let (strings, section) = only_debug_section(&object, DEBUG_STRINGS)?;
        let strings_place = place(section.offset, section.size)?;
        // Without it some names are in the units themselves (gcc's -fno-merge-debug-strings).
        let has_all_names = section.flags & flags::MERGE != 0;
        if !has_all_names || object.section(".debug_addr").is_some() {
            return None;
        }
        let tables: Vec<_> = object.relocation_sections_of(info).collect();
        let [(relocations, section)] = *tables else { return None };
        let relocations_place = place(section.offset, section.size)?;
        if section.kind != SectionKind::RELA || section.is_alloc() {
            return None;
        }
        let holds = || contains(&strings_place, HOLDS_PREFIX.as_bytes(), read);
        let units = || wanted_units(&object, info, &info_place, &relocations_place, read);
        let (holds, units) = match strings_place.len() < WORTH_A_THREAD {
            true => (holds(), units()),
            // Both mostly wait for the kernel to copy.
            false => {
                std::thread::scope(|scope| match std::thread::Builder::new().spawn_scoped(scope, holds) {
                    Ok(other) => {
                        let units = units();
                        (other.join().ok().flatten(), units)
                    }
                    // The system has no room for a thread.
                    Err(_) => (holds(), units()),
                })
            }
        };
        if holds? {
            return None;
        }
        let units = units?;
        let all_strings = object.section(".debug_str_offsets").is_some();
        let lines = match object.section(".debug_line") {
            Some(_) => Some(Lines::of(&object)?),
            None => None,
        };
        let in_section = |section: usize| -> Vec<Option<u64>> {
            let symbols = object.symbols.iter();
            symbols.map(|symbol| (symbol.place == Place::Section(section)).then_some(symbol.value)).collect()
        };
        let strings = in_section(strings);
        let line_symbols =
            lines.as_ref().map_or_else(|| vec![None; strings.len()], |it| in_section(it.section));
        Some(Self {
            order,
            info,
            relocations,
            info_place,
            relocations_place,
            units,
            strings_place,
            strings,
            line_symbols,
            all_strings,
            lines,
        })
    }
}

/// What of a section is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    All,
    /// Units of `.debug_info`, their line programs, the relocations of both, and strings that they refer to.
    Some,
    None,
}

/// What is read of a section, a table of relocations like what it changes. Whatever it is called: symbols and
/// names of sections are needed, and so is all that is loaded.
fn use_of(table: &[SectionEntry], index: usize) -> Use {
    let Some(own) = table.get(index) else { return Use::None };
    let is_table = own.kind == SectionKind::REL || own.kind == SectionKind::RELA;
    let section = if is_table { table.get(own.info as usize).unwrap_or(own) } else { own };
    if section.kind != SectionKind::PROGBITS || own.is_allocated || section.is_allocated {
        return Use::All;
    }
    match &*section.name {
        DEBUG_INFO | DEBUG_LINES => Use::Some,
        DEBUG_STRINGS if !is_table => Use::Some,
        name if elf::is_debug_name(name) && !NEEDED.contains(&name) => Use::None,
        _ => Use::All,
    }
}

/// Reads all but the sections that are not, or not all, needed. Returns where these are.
fn read_without_debug_info(
    table: &[SectionEntry],
    content: &mut [u8],
    read: &impl ReadAt,
) -> Option<Vec<Range<usize>>> {
    let left_out = table
        .iter()
        .enumerate()
        .filter(|(index, section)| use_of(table, *index) != Use::All && section.size > 0);
    let mut left_out = left_out
        .map(|(_, section)| place(section.offset, section.size))
        .collect::<Option<Vec<Range<usize>>>>()?;
    left_out.sort_by_key(|place| place.start);
    let mut at = 0;
    for place in &left_out {
        // Sections that overlap are for the reader of the whole file to refuse.
        let part = content.get_mut(at..place.start)?;
        read(at as u64, part)?;
        at = place.end;
    }
    read(at as u64, content.get_mut(at..)?)?;
    Some(left_out)
}

/// The file that is being made.
struct Excerpt {
    content: Vec<u8>,
    order: ByteOrder,
}

impl Excerpt {
    /// Reads the units to the beginning of their section, their relocations to that of theirs, and the strings
    /// that these refer to. Returns how long the two have become, in bytes, and the offsets of their line
    /// programs.
    fn move_together(
        &mut self,
        needed: &Needed,
        strings: &mut Strings,
        read: &impl ReadAt,
    ) -> Option<(usize, usize, BTreeSet<u64>)> {
        let mut lines = BTreeSet::new();
        let (info, relocations) = (needed.info_place.start, needed.relocations_place.start);
        let order = self.order;
        let (mut info_size, mut relocations_size) = (0_usize, 0_usize);
        for unit in &needed.units {
            self.read(info, info_size, &unit.info, read)?;
            let moved = self.read(relocations, relocations_size, &unit.relocations, read)?;
            let distance = unit.info.start.checked_sub(info_size)? as u64;
            let mut named = Vec::new();
            for relocation in moved.as_chunks_mut::<RELOCATION>().0 {
                let [place, info, addend] = relocation.as_chunks_mut::<8>().0 else { return None };
                *place = order.bytes64(order.u64(*place).checked_sub(distance)?);
                let symbol = usize::try_from(order.u64(*info) >> 32).ok()?;
                if let Some(base) = needed.line_symbols.get(symbol)? {
                    lines.insert(base.checked_add_signed(order.u64(*addend).cast_signed())?);
                } else if let Some(base) = needed.strings.get(symbol)? {
                    named.push(base.checked_add_signed(order.u64(*addend).cast_signed())?);
                }
            }
            for offset in named {
                strings.read(offset, &mut self.content, read)?;
            }
            info_size = info_size.checked_add(unit.info.len())?;
            relocations_size = relocations_size.checked_add(unit.relocations.len())?;
        }
        Some((info_size, relocations_size, lines))
    }

    /// Reads `part` of the section at `section` in the file to `to` in that section.
    fn read(
        &mut self,
        section: usize,
        to: usize,
        part: &Range<usize>,
        read: &impl ReadAt,
    ) -> Option<&mut [u8]> {
        let to = section.checked_add(to)?;
        let into = self.content.get_mut(to..to.checked_add(part.len())?)?;
        read(section.checked_add(part.start)? as u64, into)?;
        Some(into)
    }

    /// Changes the size of a section in its header.
    fn set_size(&mut self, section: usize, size: usize) -> Option<()> {
        let table = self.content.get(SECTION_TABLE..)?.first_chunk()?;
        let table = usize::try_from(self.order.u64(*table)).ok()?;
        let header = table.checked_add(section.checked_mul(SECTION_HEADER)?)?;
        let field = self.content.get_mut(header.checked_add(SECTION_SIZE)?..)?.first_chunk_mut()?;
        *field = self.order.bytes64(size as u64);
        Some(())
    }
}
