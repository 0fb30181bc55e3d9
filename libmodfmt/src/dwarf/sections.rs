// SPDX-License-Identifier: MIT OR Apache-2.0
//! The debug sections of a module file, with the places that relocations change in them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::DwarfError;
use super::relocate::Fixup;
use crate::arch::{relocation_type, stored_addend};
use crate::compress;
use crate::elf::{ByteOrder, Object, Place, Relocation, Section, SectionKind, flags};

/// Largest content of a compressed section. The largest one of a module known today has 40 MB.
const LIMIT: u64 = 1 << 30;

/// The debug sections of a file.
#[derive(Clone, Debug)]
pub struct DebugSections<'d> {
    pub(super) order: ByteOrder,
    /// By name; the first one if there are several.
    pub(super) sections: HashMap<&'static str, DebugSection<'d>>,
    /// Those of all sections, one section after the other, sorted by offset.
    pub(super) fixups: Vec<Fixup>,
}

/// One section.
#[derive(Clone, Debug)]
pub(super) struct DebugSection<'d> {
    pub(super) data: Cow<'d, [u8]>,
    /// Its part of [`DebugSections::fixups`].
    pub(super) fixups: std::ops::Range<usize>,
}

/// The sections that are read.
const NAMES: [&str; 7] = [
    ".debug_abbrev",
    ".debug_addr",
    ".debug_info",
    ".debug_line",
    ".debug_line_str",
    ".debug_str",
    ".debug_str_offsets",
];

impl<'d> DebugSections<'d> {
    /// Collects the debug sections of `object`; there may be none.
    ///
    /// # Errors
    ///
    /// - [`DwarfError::Compressed`]: one of them cannot be decompressed.
    /// - [`DwarfError::Elf`]: a relocation names a symbol that does not exist.
    pub fn of(object: &'d Object<'_>) -> Result<Self, DwarfError> {
        let mut sections = HashMap::new();
        let mut fixups = Vec::new();
        for name in NAMES {
            let Some((index, section)) = object.section(name) else { continue };
            let data = content(object, name, section)?;
            let start = fixups.len();
            for table in object.relocation_sections_of(index).map(|(table, _)| table) {
                let form = object.sections.get(table).map(|section| section.kind);
                let data = (form == Some(SectionKind::REL)).then_some(&*data);
                let relocations = object.each_relocation(table)?;
                fixups.extend(relocations.map(|relocation| fixup(object, &relocation, data)));
            }
            fixups.get_mut(start..).unwrap_or_default().sort_by_key(|fixup| fixup.offset);
            sections.insert(name, DebugSection { data, fixups: start..fixups.len() });
        }
        Ok(Self { order: object.ident.order, sections, fixups })
    }
}

/// The content of a section, decompressed.
fn content<'d>(
    object: &Object<'_>,
    name: &str,
    section: &'d Section<'_>,
) -> Result<Cow<'d, [u8]>, DwarfError> {
    if section.flags & flags::COMPRESSED == 0 {
        return Ok(Cow::Borrowed(&section.data));
    }
    let content = compress::section(&section.data, object.ident, LIMIT);
    content.map(Cow::Owned).map_err(|source| DwarfError::Compressed { section: name.to_owned(), source })
}

/// What a relocation stores. `implicit` is the section's data if it has the addends.
fn fixup(object: &Object<'_>, relocation: &Relocation, implicit: Option<&[u8]>) -> Fixup {
    let target = || {
        relocation_type(object.ident.machine, relocation.kind).filter(|known| known.is_absolute())?;
        let symbol = object.symbols.get(relocation.symbol)?;
        let Place::Section(section) = symbol.place else { return None };
        let addend = match implicit {
            None => relocation.addend,
            Some(data) => {
                let place = data.get(usize::try_from(relocation.offset).ok()?..)?;
                stored_addend(object.ident, relocation.kind, place)?
            }
        };
        Some((section, symbol.value.checked_add_signed(addend)?))
    };
    Fixup { offset: relocation.offset, target: target() }
}
