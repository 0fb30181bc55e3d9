// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must be right in a file before images are made from it, so that whatever the checks of the
//! images find is our own fault.

use std::collections::HashSet;

use super::ImageError;
use super::relocated_places::{RelocatedPlaces, WrongPlace};
use crate::arch::{Arch, Operation};
use crate::elf::{ElfError, Object, Relocation, RelocationForm, SectionKind};
use crate::module::ModuleError;

/// There is a symbol table, without which the kernel refuses the file ("module has no symbols (stripped?)").
/// Every relocation of a loaded section that the image has (`is_used`, by its index) has the processor's form
/// and stays inside the section, on bytes that the kernel lets it change.
pub(super) fn check(
    object: &Object<'_>,
    arch: &Arch,
    is_used: impl Fn(usize) -> bool,
) -> Result<(), ImageError> {
    if !object.sections.iter().any(|section| section.kind == SectionKind::SYMTAB) {
        return Err(ModuleError::Missing { section: ".symtab" }.into());
    }
    let form = match arch.form {
        RelocationForm::Rel => SectionKind::REL,
        RelocationForm::Rela => SectionKind::RELA,
    };
    let adds = |relocation: &Relocation| {
        let known = arch.relocation(relocation.kind);
        arch.form == RelocationForm::Rel && known.is_some_and(|known| known.operation != Operation::None)
    };
    let places = RelocatedPlaces::of(object.ident, arch);
    for (index, table) in object.sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let changed = table.info as usize;
        let target = object.sections.get(changed).filter(|target| target.is_alloc() && is_used(changed));
        let Some(target) = target else { continue };
        let place = || format!("section {index} ({})", table.name_text());
        if table.kind != form {
            let value = u64::from(table.kind.0);
            let why = "not the form of relocations that this processor has";
            return Err(ElfError::Field { place: place(), field: "sh_type", value, why }.into());
        }
        let mut changed = HashSet::new();
        for (number, relocation) in object.each_relocation(index)?.enumerate() {
            let why = match places.check(target, &relocation) {
                // The loader would add both to what is there.
                Ok(()) if adds(&relocation) && !changed.insert(relocation.offset) => {
                    "the place is relocated before"
                }
                Ok(()) => continue,
                Err(WrongPlace::Outside) => "outside of the section that it changes",
                Err(WrongPlace::NotZero) => "the bytes that it changes are not zero",
            };
            let (section, field, value) = (place(), "r_offset", relocation.offset);
            return Err(ElfError::Relocation { section, index: number, field, value, why }.into());
        }
    }
    Ok(())
}
