// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fields by BTF, which distributions leave in modules when they strip DWARF.
//!
//! A module's types build on those of its kernel. A file with `.BTF.base` brings what it needs of them;
//! otherwise they come from vmlinux or `/sys/kernel/btf/vmlinux`. BTF rarely describes variables. If it does
//! not, the type's name in the region's header is looked up, which is there if the loaded file had debug
//! information.

use std::rc::Rc;

use libmodfmt::btf::{Btf, BtfVariable};
use libmodfmt::elf::Object;
use libmodfmt::persist::Variable;

use super::field_text::FieldText;

/// Finds the field at `offset` bytes in a variable. `kernel_types` yields BTF that may be that of the
/// module's kernel.
pub(super) fn find<I: Iterator<Item = Rc<Vec<u8>>>>(
    object: &Object<'_>,
    section: &str,
    variable: &Variable,
    offset: u64,
    kernel_types: impl FnOnce() -> I,
) -> Option<FieldText> {
    let (_, own) = object.section(".BTF")?;
    if let Ok(btf) = Btf::parse(&own.data) {
        return in_btf(&btf, section, variable, offset);
    }
    if let Some((_, base)) = object.section(".BTF.base") {
        let base = Btf::parse(&base.data).ok()?;
        return in_btf(&Btf::parse_split(&own.data, &base).ok()?, section, variable, offset);
    }
    kernel_types().find_map(|base| {
        let base = Btf::parse(&base).ok()?;
        in_btf(&Btf::parse_split(&own.data, &base).ok()?, section, variable, offset)
    })
}

fn in_btf(btf: &Btf<'_>, section: &str, variable: &Variable, offset: u64) -> Option<FieldText> {
    let is_it = |found: &BtfVariable<'_>| {
        found.name == variable.name
            && found.section == section
            && found.offset == variable.offset
            && btf.size_of(found.type_id).ok() == Some(variable.size)
    };
    let field = match btf.variables().find(is_it) {
        Some(found) => btf.path_at(found.type_id, offset),
        None => btf.path_by_type(variable.type_name.as_deref()?, variable.size, offset),
    };
    let field = field.ok()??;
    let dot = if field.path.is_empty() || field.path.starts_with('[') { "" } else { "." };
    Some(FieldText { path: format!("{}{dot}{}", variable.name, field.path), rest: field.rest })
}
