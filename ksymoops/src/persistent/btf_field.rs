// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fields by BTF, which distributions leave in modules when they strip DWARF.
//!
//! A module's types build on those of its kernel. A file with `.BTF.base` brings what it needs of them;
//! otherwise they come from vmlinux or `/sys/kernel/btf/vmlinux`. BTF rarely describes variables. If it does
//! not, the type's name in the region's header is looked up, which is there if the loaded file had debug
//! information.

use std::rc::Rc;

use libmodfmt::btf::{Btf, BtfVariable, Kind};
use libmodfmt::elf::Object;
use libmodfmt::persist::Variable;

use super::field_text::{FieldText, element};

/// Finds the field at `offset` bytes in a variable. `kernel_types` yields BTF that may be that of the
/// module's kernel.
pub(super) fn find<I: Iterator<Item = Rc<Vec<u8>>>>(
    object: &Object<'_>,
    section: &str,
    variable: &Variable,
    offset: u64,
    kernel_types: impl FnOnce() -> I,
) -> Option<FieldText> {
    with_types(object, kernel_types, |btf| in_btf(btf, section, variable, offset))
}

/// Finds the field at `offset` bytes in one or several values of a structure or union, without a variable in
/// front.
pub(super) fn find_in_type<I: Iterator<Item = Rc<Vec<u8>>>>(
    object: &Object<'_>,
    type_name: &str,
    offset: u64,
    kernel_types: impl FnOnce() -> I,
) -> Option<FieldText> {
    with_types(object, kernel_types, |btf| in_type(btf, type_name, offset))
}

/// As [`find_in_type`], in the types of a kernel.
pub(super) fn find_in_kernel_type(btf: &[u8], type_name: &str, offset: u64) -> Option<FieldText> {
    in_type(&Btf::parse(btf).ok()?, type_name, offset)
}

/// Looks something up in the module's types.
fn with_types<I: Iterator<Item = Rc<Vec<u8>>>>(
    object: &Object<'_>,
    kernel_types: impl FnOnce() -> I,
    find: impl Fn(&Btf<'_>) -> Option<FieldText>,
) -> Option<FieldText> {
    let (_, own) = object.section(".BTF")?;
    if let Ok(btf) = Btf::parse(&own.data) {
        return find(&btf);
    }
    if let Some((_, base)) = object.section(".BTF.base") {
        let base = Btf::parse(&base.data).ok()?;
        return find(&Btf::parse_split(&own.data, &base).ok()?);
    }
    kernel_types().find_map(|base| {
        let base = Btf::parse(&base).ok()?;
        find(&Btf::parse_split(&own.data, &base).ok()?)
    })
}

fn in_type(btf: &Btf<'_>, type_name: &str, offset: u64) -> Option<FieldText> {
    let (keyword, name) = type_name.split_once(' ')?;
    let kind = match keyword {
        "struct" => Kind::Struct,
        "union" => Kind::Union,
        _ => return None,
    };
    let id = btf.find(kind, name)?;
    let (index, inner) = element(btf.size_of(id).ok()?, offset)?;
    let field = btf.path_at(id, inner).ok()??;
    Some(FieldText { path: format!("{index}{}", field.path), rest: field.rest })
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
