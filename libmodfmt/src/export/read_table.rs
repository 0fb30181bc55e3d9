// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading one export table.

use super::{ExportError, ExportLayout};
use crate::elf::Class;

/// A place in the module's sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Index of the section.
    pub section: usize,
    /// Offset in it, in bytes.
    pub offset: u64,
}

/// Which symbols of a table are for GPL-compatible modules only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flags<'a> {
    /// All (`__ksymtab_gpl`) or none (`__ksymtab` until 7.0).
    Table(bool),
    /// The bytes of `__kflagstab`.
    Kflagstab(&'a [u8]),
}

/// A table of exports, apart from what relocations say.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Name of the section, for messages.
    pub section: &'static str,
    /// Size of the section in bytes.
    pub size: u64,
    /// Who may use its symbols.
    pub flags: Flags<'a>,
}

/// An exported symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Export<'d> {
    /// Its name.
    pub name: &'d [u8],
    /// The namespace that importers must declare; `None` if everyone may import it.
    pub namespace: Option<&'d [u8]>,
    /// Where the symbol is; `None` if it is not in a section of this module.
    pub value: Option<Target>,
    /// Only for modules with a license compatible with the GPL.
    pub gpl_only: bool,
}

/// Reads a table of a relocatable file, in the order of the file.
///
/// Its fields are empty until the kernel relocates them, so `target` returns what the relocation at an
/// offset in the table refers to. `data` returns the bytes of a section.
///
/// # Errors
///
/// - [`ExportError::Size`], [`ExportError::Flags`]: the sizes do not fit the layout.
/// - [`ExportError::NoTarget`], [`ExportError::NoString`]: an entry has no name.
pub fn read_table<'d>(
    table: Table<'_>,
    layout: &ExportLayout,
    class: Class,
    target: impl Fn(u64) -> Option<Target>,
    data: impl Fn(usize) -> Option<&'d [u8]>,
) -> Result<Vec<Export<'d>>, ExportError> {
    let section = table.section;
    let entry = layout.entry_size(class) as u64;
    if !table.size.is_multiple_of(entry) {
        return Err(ExportError::Size { section, size: table.size, entry });
    }
    let symbols = table.size.checked_div(entry).unwrap_or(0);
    if let Flags::Kflagstab(bytes) = table.flags
        && bytes.len() as u64 != symbols
    {
        return Err(ExportError::Flags { flags: bytes.len() as u64, symbols });
    }
    let string = |field, offset, at: Target| {
        let bytes = data(at.section).and_then(|bytes| bytes.get(usize::try_from(at.offset).ok()?..));
        let end = bytes.and_then(|bytes| bytes.iter().position(|&byte| byte == 0));
        bytes.zip(end).and_then(|(bytes, end)| bytes.get(..end)).ok_or(ExportError::NoString {
            section,
            field,
            offset,
            target: at.section,
            target_offset: at.offset,
        })
    };

    let mut exports = Vec::new();
    for index in 0..symbols {
        let start = index.saturating_mul(entry);
        let place = |distance: usize| start.saturating_add(distance as u64);
        let offset = place(layout.name_offset(class));
        let name = target(offset).ok_or(ExportError::NoTarget { section, field: "name", offset })?;
        let name = string("name", offset, name)?;
        // No namespace: no relocation (5.4), or one to an empty string (5.10 and later).
        let namespace = match layout.namespace_offset(class).map(place) {
            Some(offset) => target(offset).map(|at| string("namespace", offset, at)).transpose()?,
            None => None,
        };
        let gpl_only = match table.flags {
            Flags::Table(gpl_only) => gpl_only,
            Flags::Kflagstab(bytes) => usize::try_from(index)
                .ok()
                .and_then(|index| bytes.get(index))
                .is_some_and(|flags| flags & 1 == 1),
        };
        exports.push(Export {
            name,
            namespace: namespace.filter(|namespace| !namespace.is_empty()),
            value: target(place(layout.value_offset(class))),
            gpl_only,
        });
    }
    Ok(exports)
}
