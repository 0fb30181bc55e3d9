// SPDX-License-Identifier: MIT OR Apache-2.0
//! An uncompressed module: its ELF object, and the facts that make it a kernel module.
//!
//! [`ModuleFile`](crate::file::ModuleFile) reads files that may be compressed and signed.
//!
//! ```
//! use libmodfmt::module::{Module, ModuleError};
//!
//! assert!(matches!(Module::parse(b"\x1f\x8b"), Err(ModuleError::Elf(_))));
//! ```

use thiserror::Error;

use crate::elf::{Class, ElfError, Object, SymbolKind};
use crate::modinfo::{Modinfo, ModinfoError};
use crate::module_name::is_module_name;
use crate::note;

/// The section with the on-disk `struct module`.
pub const THIS_MODULE: &str = ".gnu.linkonce.this_module";
/// The section with `key=value` strings.
pub const MODINFO: &str = ".modinfo";

const BUILD_ID_SECTION: &str = ".note.gnu.build-id";
const NT_GNU_BUILD_ID: u32 = 3;

/// A relocatable ELF file that is a kernel module.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Module<'d> {
    /// Sections and symbols.
    pub object: Object<'d>,
    /// The name that the kernel will know it by, from `struct module`.
    pub name: String,
    /// `NT_GNU_BUILD_ID`, if the file has one.
    pub build_id: Option<Vec<u8>>,
}

/// Why a file is not a module.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModuleError {
    /// Not a well-formed relocatable ELF file.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// `.modinfo` is broken.
    #[error("section .modinfo: {0}")]
    Modinfo(#[from] ModinfoError),
    /// A section that every module has is missing.
    #[error("section {section} is missing; every kernel module has it")]
    Missing {
        /// The section.
        section: &'static str,
    },
    /// The module's name cannot be one.
    #[error("'{name}' cannot be the name of a module")]
    BadName {
        /// The name.
        name: String,
    },
    /// No module name where the kernel looks for it.
    #[error(
        "section {THIS_MODULE} ({size} bytes) does not hold the module's name{}",
        wanted.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default()
    )]
    Name {
        /// The name that `.modinfo` gives, if it gives one.
        wanted: Option<String>,
        /// The size of the section in bytes.
        size: u64,
    },
}

impl<'d> Module<'d> {
    /// Reads an uncompressed module; a signature trailer must have been split off.
    ///
    /// # Errors
    /// [`ModuleError`] says what is missing or broken, and where.
    pub fn parse(data: &'d [u8]) -> Result<Self, ModuleError> {
        Self::of(Object::parse(data)?)
    }

    /// The module in a file that was parsed.
    pub(crate) fn of(object: Object<'d>) -> Result<Self, ModuleError> {
        let name = name(&object)?;
        if !is_module_name(&name) {
            return Err(ModuleError::BadName { name });
        }
        let build_id = build_id(&object);
        Ok(Self { object, name, build_id })
    }

    /// Whether the symbol table names the source files of local symbols. `strip -g` removes that.
    #[must_use]
    pub fn names_files(&self) -> bool {
        self.object.symbols.iter().any(|symbol| symbol.kind == SymbolKind::FILE)
    }

    /// The strings of `.modinfo`.
    ///
    /// # Errors
    /// The section is missing or broken.
    pub fn modinfo(&self) -> Result<Modinfo<'_>, ModuleError> {
        let (_, section) = self.object.section(MODINFO).ok_or(ModuleError::Missing { section: MODINFO })?;
        Ok(Modinfo::parse(&section.data)?)
    }
}

/// The offset of `name` in `struct module` if its fields are not shuffled: after the state and one
/// list head (include/linux/module.h, 4.19 to 7.3).
const fn usual_name_offset(class: Class) -> usize {
    match class {
        Class::Elf32 => 12,
        Class::Elf64 => 24,
    }
}

/// The offset of `name`, with its NUL, in the bytes of `struct module`. Kernels built with RANDSTRUCT
/// shuffle the fields, so the name is searched for, at the usual offset first. Anywhere else the byte
/// before it must be 0, so that the end of another name does not match.
pub(crate) fn name_position(this_module: &[u8], name: &str, class: Class) -> Option<usize> {
    let mut wanted = name.as_bytes().to_vec();
    wanted.push(0);
    let usual = usual_name_offset(class);
    if this_module.get(usual..).is_some_and(|tail| tail.starts_with(&wanted)) {
        return Some(usual);
    }
    let starts_field = |at: usize| {
        at.checked_sub(1).is_none_or(|before| this_module.get(before).is_some_and(|byte| *byte == 0))
    };
    let mut windows = this_module.windows(wanted.len()).enumerate();
    windows.find(|(at, window)| *window == wanted && starts_field(*at)).map(|(at, _)| at)
}

fn name(object: &Object<'_>) -> Result<String, ModuleError> {
    let (_, this_module) =
        object.section(THIS_MODULE).ok_or(ModuleError::Missing { section: THIS_MODULE })?;
    let (_, modinfo) = object.section(MODINFO).ok_or(ModuleError::Missing { section: MODINFO })?;
    let class = object.ident.class;
    let modinfo = Modinfo::parse(&modinfo.data)?;
    let size = this_module.size;
    if let Some(name) = modinfo.name() {
        return match name_position(&this_module.data, &name, class) {
            Some(_) => Ok(name.into_owned()),
            None => Err(ModuleError::Name { wanted: Some(name.into_owned()), size }),
        };
    }
    // Before 4.13 .modinfo has no name.
    let text = this_module.data.get(usual_name_offset(class)..).unwrap_or_default();
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(0);
    match std::str::from_utf8(text.get(..end).unwrap_or_default()) {
        Ok(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(ModuleError::Name { wanted: None, size }),
    }
}

/// The build id in the file's notes, if it has one.
#[must_use]
pub fn build_id(object: &Object<'_>) -> Option<Vec<u8>> {
    let (_, section) = object.section(BUILD_ID_SECTION)?;
    note::records(&section.data, object.ident.order)
        .filter_map(Result::ok)
        .find(|record| record.name == b"GNU" && record.kind == NT_GNU_BUILD_ID)
        .map(|record| record.description.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Class, name_position};

    #[test]
    fn the_end_of_another_name_is_not_the_name() {
        let mut bytes = vec![0; 64];
        bytes[24..30].copy_from_slice(b"layout");
        assert_eq!(name_position(&bytes, "layout", Class::Elf64), Some(24));
        assert_eq!(name_position(&bytes, "ayout", Class::Elf64), None);
        bytes[40..45].copy_from_slice(b"ayout");
        assert_eq!(name_position(&bytes, "ayout", Class::Elf64), Some(40), "shuffled fields");
        bytes[..2].copy_from_slice(b"ab");
        assert_eq!(name_position(&bytes, "ab", Class::Elf64), Some(0));
        assert_eq!(name_position(&bytes, "b", Class::Elf64), None);
    }
}
