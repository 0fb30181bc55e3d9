// SPDX-License-Identifier: MIT OR Apache-2.0
//! Livepatch modules: their relocations are applied later, and by name.

use super::{Refusal, Refusals};
use crate::elf::{Object, Place, flags};

/// `SHN_LIVEPATCH` (include/uapi/linux/elf.h).
const SHN_LIVEPATCH: u16 = 0xff20;

pub(super) fn check(object: &Object<'_>, found: &mut Refusals) {
    let section = object.sections.iter().find(|section| section.flags & flags::RELA_LIVEPATCH != 0);
    let symbol = object.symbols.iter().find(|symbol| symbol.place == Place::Reserved(SHN_LIVEPATCH));
    let tag = object.section(".modinfo").filter(|(_, section)| {
        section.data.split(|byte| *byte == 0).any(|entry| entry.starts_with(b"livepatch="))
    });
    let sign = section
        .map(|section| format!("section {}", section.name_text()))
        .or_else(|| symbol.map(|symbol| format!("symbol {}", symbol.name_text())))
        .or_else(|| tag.map(|_| String::from("livepatch= in .modinfo")));
    if let Some(sign) = sign {
        found.reasons.push(Refusal::Livepatch { sign });
    }
}
