// SPDX-License-Identifier: MIT OR Apache-2.0
//! Relocations of the data of an image, with their addends where the processor has them.

use super::ImageError;
use crate::arch::{Arch, store_addend};
use crate::elf::{Ident, Object, Relocation, RelocationForm};

/// Adds a table of relocations for section `target`. Addends are written into the section's bytes if the
/// processor's tables have no room for them.
pub(super) fn add(
    image: &mut Object<'_>,
    (target, symtab): (usize, usize),
    arch: &Arch,
    relocations: &[Relocation],
) -> Result<(), ImageError> {
    image.add_relocations(target, symtab, arch.form, relocations)?;
    if arch.form == RelocationForm::Rela {
        return Ok(());
    }
    let (ident, name) = (image.ident, image.section_name(target));
    let Some(section) = image.sections.get_mut(target) else { return Ok(()) };
    let mut wrong = None;
    section.data.edit(|data| wrong = relocations.iter().find(|it| store(ident, data, it).is_none()).copied());
    match wrong {
        Some(relocation) => Err(ImageError::Addend { section: name, offset: relocation.offset }),
        None => Ok(()),
    }
}

/// Writes the addend of one relocation into the bytes of its section.
pub(super) fn store(ident: Ident, data: &mut [u8], relocation: &Relocation) -> Option<()> {
    let place = data.get_mut(usize::try_from(relocation.offset).ok()?..)?;
    store_addend(ident, relocation.kind, place, relocation.addend)
}
