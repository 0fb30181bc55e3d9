// SPDX-License-Identifier: MIT OR Apache-2.0
//! Flags, alignment and size of a persistent section.

use super::reason::{MAX_SECTION_BYTES, PAGE};
use super::{Refusal, Refusals};
use crate::elf::{Object, flags};
use crate::persist::Inventory;

pub(super) fn check(object: &Object<'_>, inventory: &Inventory, found: &mut Refusals) {
    for (unit, index) in inventory.units() {
        let Some(section) = object.sections.get(index) else { continue };
        let name = || unit.section.clone();
        // `__attribute__((retain))` speaks to the linker only.
        let plain = section.flags & !(flags::WRITE | flags::ALLOC | flags::RETAIN) == 0;
        // Only in a section of their own may const variables stay read-only.
        let writable = unit.writable || !unit.is_common_section();
        if !plain || !writable || !section.is_alloc() {
            found.reasons.push(Refusal::SectionFlags { section: name(), flags: section.flags });
        }
        if section.align > PAGE {
            found.reasons.push(Refusal::Alignment { section: name(), align: section.align });
        }
        if section.size > MAX_SECTION_BYTES {
            found.reasons.push(Refusal::Size { section: name(), size: section.size });
        }
    }
}
