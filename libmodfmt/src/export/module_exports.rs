// SPDX-License-Identifier: MIT OR Apache-2.0
//! The exports of a module file: reads its export tables with their relocations.

use std::collections::HashMap;

use super::{Export, ExportError, ExportLayout, Flags, Table, Target, read_table};
use super::{KFLAGSTAB, KSYMTAB, KSYMTAB_GPL};
use crate::arch::relocations_of;
use crate::elf::{Object, Place, Relocation, RelocationTables};

/// What a module file exports: `__ksymtab` and, if the layout has it, `__ksymtab_gpl`.
///
/// # Errors
///
/// - Those of [`read_table()`] for each table.
/// - [`ExportError::NoFlags`]: the layout requires `__kflagstab`, and it is missing.
/// - [`ExportError::Elf`]: a relocation names a symbol that does not exist.
pub fn exports<'a>(object: &'a Object<'_>, layout: &ExportLayout) -> Result<Vec<Export<'a>>, ExportError> {
    let tables = RelocationTables::of(object);
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
        let targets: HashMap<u64, Target> = relocations_of(object, &tables, index)?
            .iter()
            .filter_map(|relocation| Some((relocation.offset, target(object, relocation)?)))
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

/// What a relocation of a table refers to. The place it is relative to does not matter: the
/// fields are distances from themselves.
pub(super) fn target(object: &Object<'_>, relocation: &Relocation) -> Option<Target> {
    let symbol = object.symbols.get(relocation.symbol)?;
    let Place::Section(section) = symbol.place else { return None };
    Some(Target { section, offset: symbol.value.checked_add_signed(relocation.addend)? })
}
