// SPDX-License-Identifier: MIT OR Apache-2.0
//! Flags, alignment and size of a persistent section.

use super::reason::{MAX_SECTION_BYTES, PAGE};
use super::{Refusal, Refusals};
use crate::elf::{Object, flags};
use crate::persist::Inventory;

pub(super) fn check(object: &Object<'_>, inventory: &Inventory, found: &mut Refusals) {
    for (role, index) in &inventory.indexes {
        let Some(section) = object.sections.get(*index) else { continue };
        let name = role.section_name();
        // `__attribute__((retain))` speaks to the linker only.
        if section.flags & !flags::RETAIN != flags::WRITE | flags::ALLOC {
            found.reasons.push(Refusal::SectionFlags { section: name, flags: section.flags });
        }
        if section.align > PAGE {
            found.reasons.push(Refusal::Alignment { section: name, align: section.align });
        }
        if section.size > MAX_SECTION_BYTES {
            found.reasons.push(Refusal::Size { section: name, size: section.size });
        }
    }
}
