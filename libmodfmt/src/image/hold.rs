// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module `foo__hold`: it has no code and imports one symbol of a keeper. `modprobe -r foo` removes every
//! module that `foo` depended on and that nothing uses any more; the keeper is used as long as this is
//! loaded.

use super::add_versions::add_versions;
use super::skeleton::Skeleton;
use super::{Base, Hold, ImageError, check, data_relocations, input_check};
use crate::arch::Arch;
use crate::elf::{Object, Relocation, Section, SectionKind, Symbol, flags};
use crate::modinfo::Modinfo;
use crate::module::{MODINFO, Module};
use crate::persist::{Header, NOTE_SECTION, hold_of_generation, keeper_of_generation};

/// The section with the address of what is held: what refers to the imported symbol.
const HELD_SECTION: &str = ".rodata.persist_held";

/// Makes the module that holds the keeper with the header `kept` of the module's data.
///
/// # Errors
/// The processor is not supported, or the file is broken.
pub fn hold(module: &Module<'_>, kept: &Header) -> Result<Vec<u8>, ImageError> {
    let owner = &module.object;
    let arch = Arch::of(owner.ident)?;
    input_check::check(owner, arch, |_| false)?;
    let skeleton = Skeleton { module, arch, name: hold_of_generation(&kept.owner, kept.generation) };
    let content = Hold::new(&kept.owner, kept.generation);
    let what = || ImageError::Check { image: "hold", what: "the keeper exports nothing".to_owned() };
    let base = Base::all(kept).into_iter().next().ok_or_else(what)?;
    let mut image = Object::new(owner.ident, owner.flags);
    let modinfo = skeleton.modinfo()?;
    // Some programs look at this and not at symbols.
    let keeper = keeper_of_generation(&kept.owner, kept.generation);
    let modinfo_bytes = Modinfo::parse(&modinfo.data)?.with("depends", &keeper)?.encode();
    image.sections.push(Section::with_data(MODINFO, SectionKind::PROGBITS, flags::ALLOC, 1, modinfo_bytes));
    let note = content.to_note(owner.ident.order);
    image.sections.push(Section::with_data(NOTE_SECTION, SectionKind::NOTE, flags::ALLOC, 4, note));
    let word = owner.ident.class.word_size();
    let held =
        Section::with_data(HELD_SECTION, SectionKind::PROGBITS, flags::ALLOC, word as u64, vec![0; word]);
    let held_index = image.sections.len();
    image.sections.push(held);
    skeleton.add_required_sections(&mut image);
    image.sections.push(skeleton.this_module()?);
    image.symbols = vec![Symbol::null(), Symbol::undefined(&base.symbol)];
    let symtab = image.symtab()?;
    add_versions(&mut image, std::iter::once(&base))?;
    let relocation = Relocation { offset: 0, symbol: 1, kind: arch.absolute_word, addend: 0 };
    data_relocations::add(&mut image, (held_index, symtab), arch, &[relocation])?;
    let bytes = image.write()?;
    check::hold(&bytes, module, &skeleton.name, &content, &base)?;
    Ok(bytes)
}
