// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fields by BTF, which distributions leave in modules when they take DWARF away.
//!
//! A module's types stand on those of its kernel: of a file with `.BTF.base` on that section, else
//! on what the kernel's own file or `/sys/kernel/btf/vmlinux` says. Few blobs describe variables;
//! where this one does not, the header has the type's name, if the file that was loaded told it.

use std::fmt;
use std::rc::Rc;

use libmodfmt::btf::Btf;
use libmodfmt::elf::Object;
use libmodfmt::persist::{PersistentSection, Variable};

/// A field, and the bytes from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldText {
    /// With the variable's name in front.
    pub path: String,
    pub rest: u64,
}

impl fmt::Display for FieldText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.rest > 0 { write!(f, "+{:#x}", self.rest) } else { Ok(()) }
    }
}

/// The field at `offset` in a variable, if the file's BTF tells. `kernel` gives what may be the types of its kernel.
pub(super) fn field<I: Iterator<Item = Rc<Vec<u8>>>>(
    object: &Object<'_>,
    role: PersistentSection,
    variable: &Variable,
    offset: u64,
    kernel: impl FnOnce() -> I,
) -> Option<FieldText> {
    let (_, own) = object.section(".BTF")?;
    if let Ok(btf) = Btf::parse(&own.data) {
        return of(&btf, role, variable, offset);
    }
    if let Some((_, base)) = object.section(".BTF.base") {
        let base = Btf::parse(&base.data).ok()?;
        return of(&Btf::parse_split(&own.data, &base).ok()?, role, variable, offset);
    }
    kernel().find_map(|base| {
        let base = Btf::parse(&base).ok()?;
        of(&Btf::parse_split(&own.data, &base).ok()?, role, variable, offset)
    })
}

fn of(btf: &Btf<'_>, role: PersistentSection, variable: &Variable, offset: u64) -> Option<FieldText> {
    let is_it = |found: &libmodfmt::btf::BtfVariable<'_>| {
        found.name == variable.name
            && found.section == role.section_name()
            && found.offset == variable.offset
            && btf.size_of(found.type_id).ok() == Some(variable.size)
    };
    let place = match btf.variables().find(is_it) {
        Some(found) => btf.path_at(found.type_id, offset),
        None => btf.path_by_type(variable.type_name.as_deref()?, variable.size, offset),
    };
    let place = place.ok()??;
    let dot = if place.path.is_empty() || place.path.starts_with('[') { "" } else { "." };
    Some(FieldText { path: format!("{}{dot}{}", variable.name, place.path), rest: place.rest })
}
