// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module `foo__pending`: while it is loaded, the generations that its note names are not in force.
//!
//! It is there while a load converts data or starts it afresh, and goes away when the owner's init has
//! succeeded. If it is found and the owner is not loaded, that load was killed or failed.

use super::skeleton::Skeleton;
use super::{ImageError, Pending, check, input_check};
use crate::arch::Arch;
use crate::elf::{Object, Section, SectionKind, flags};
use crate::module::Module;
use crate::persist::{NOTE_SECTION, pending_name};

/// Makes the module that marks these generations of the module's data as not in force.
///
/// # Errors
/// The processor is not supported, or the file is broken.
pub fn pending(module: &Module<'_>, generations: &[u32]) -> Result<Vec<u8>, ImageError> {
    let arch = Arch::of(module.object.ident)?;
    input_check::check(&module.object, arch, |_| false)?;
    let skeleton = Skeleton { module, arch, name: pending_name(&module.name) };
    let content = Pending::new(&module.name, generations.to_vec());
    let mut image = Object::new(module.object.ident, module.object.flags);
    image.sections.push(skeleton.modinfo()?);
    let note = content.to_note(module.object.ident.order);
    image.sections.push(Section::with_data(NOTE_SECTION, SectionKind::NOTE, flags::ALLOC, 4, note));
    skeleton.add_required_sections(&mut image);
    image.sections.push(skeleton.this_module()?);
    image.symtab()?;
    let bytes = image.write()?;
    check::pending(&bytes, module, &content)?;
    Ok(bytes)
}
