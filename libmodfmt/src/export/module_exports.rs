// SPDX-License-Identifier: MIT OR Apache-2.0
//! The exports of a module file: reads its export tables with their relocations.

use std::collections::HashMap;

use super::{Export, ExportError, ExportLayout, Flags, Table, Target, read_table};
use super::{KFLAGSTAB, KSYMTAB, KSYMTAB_GPL};
use crate::elf::{Object, Place, Relocation, SectionKind};

/// What a module file exports: `__ksymtab` and, if the layout has it, `__ksymtab_gpl`.
///
/// # Errors
///
/// - Those of [`read_table()`] for each table.
/// - [`ExportError::NoFlags`]: the layout requires `__kflagstab`, and it is missing.
/// - [`ExportError::Elf`]: a relocation names a symbol that does not exist.
pub fn exports<'a>(object: &'a Object<'_>, layout: &ExportLayout) -> Result<Vec<Export<'a>>, ExportError> {
    let mut all = Vec::new();
    let names = if layout.gpl_tables { &[KSYMTAB, KSYMTAB_GPL][..] } else { &[KSYMTAB] };
    for &name in names {
        let Some((index, section)) = object.section(name) else { continue };
        let flags = if layout.kflagstab {
            let (_, flags) = object.section(KFLAGSTAB).ok_or(ExportError::NoFlags)?;
            Flags::Kflagstab(&flags.data)
        } else {
            Flags::Table(name == KSYMTAB_GPL)
        };
        let targets: HashMap<u64, Target> = object
            .relocations_of(index)?
            .iter()
            .filter_map(|relocation| Some((relocation.offset, target(object, index, relocation)?)))
            .collect();
        let table = Table { section: name, size: section.size, flags };
        all.extend(read_table(
            table,
            layout,
            object.ident.class,
            |offset| targets.get(&offset).copied(),
            |index| object.sections.get(index).map(|section| &*section.data),
        )?);
    }
    Ok(all)
}

/// What a relocation of section `table` refers to. The place it is relative to does not matter: the
/// fields are distances from themselves.
pub(super) fn target(object: &Object<'_>, table: usize, relocation: &Relocation) -> Option<Target> {
    let symbol = object.symbols.get(relocation.symbol)?;
    let Place::Section(section) = symbol.place else { return None };
    let addend = match implicit_addend(object, table, relocation.offset) {
        Some(addend) => addend,
        None => relocation.addend,
    };
    Some(Target { section, offset: symbol.value.checked_add_signed(addend)? })
}

/// In files of form `REL` the addend is the 32-bit number at the place itself.
fn implicit_addend(object: &Object<'_>, table: usize, offset: u64) -> Option<i64> {
    let (_, relocations) = object.relocation_sections_of(table).next()?;
    if relocations.kind != SectionKind::REL {
        return None;
    }
    let data = &object.sections.get(table)?.data;
    let bytes = data.get(usize::try_from(offset).ok()?..)?.first_chunk()?;
    Some(object.ident.order.u32(*bytes).cast_signed().into())
}
