// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a file must have got right before images are made of it, so that the checks of the images
//! find nothing that is not our own fault.

use super::ImageError;
use super::check::is_zero;
use crate::arch::Arch;
use crate::elf::{ElfError, Ident, Machine, Object, RelocationForm, SectionKind};

/// The x86-64 loader refuses a relocation of bytes that are not zero (arch/x86/kernel/module.c, 4.15
/// and later). Elsewhere the instruction itself may stand there.
pub(super) fn places_must_be_zero(ident: Ident) -> bool {
    ident.machine == Machine::X86_64
}

/// Every relocation of a loaded section has the processor's form and stays inside the section, on
/// bytes that the kernel lets it change.
pub(super) fn check(object: &Object<'_>, arch: &Arch) -> Result<(), ImageError> {
    let form = match arch.form {
        RelocationForm::Rel => SectionKind::REL,
        RelocationForm::Rela => SectionKind::RELA,
    };
    for (index, table) in object.sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let Some(target) = object.sections.get(table.info as usize).filter(|target| target.is_alloc()) else {
            continue;
        };
        let place = || format!("section {index} ({})", table.name_text());
        if table.kind != form {
            let value = u64::from(table.kind.0);
            let why = "not the form of relocations that this processor has";
            return Err(ElfError::Field { place: place(), field: "sh_type", value, why }.into());
        }
        for (number, relocation) in object.relocations(index)?.iter().enumerate() {
            let width = arch.relocation(relocation.kind).map_or(1, |known| known.size);
            let end = relocation.offset.checked_add(width);
            let wrong = |why| {
                let (section, field, value) = (place(), "r_offset", relocation.offset);
                Err(ElfError::Relocation { section, index: number, field, value, why }.into())
            };
            if target.kind == SectionKind::NOBITS || end.is_none_or(|end| end > target.size) {
                return wrong("outside of the section that it changes");
            }
            if places_must_be_zero(object.ident) && !is_zero(&target.data, relocation.offset, width) {
                return wrong("the bytes that it changes are not zero");
            }
        }
    }
    Ok(())
}
