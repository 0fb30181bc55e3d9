// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places for the sections of a file that is not linked.
//!
//! Each section of such a file starts at address 0, so `.text` and `.init.text` would overlap. Put
//! one behind the other, with gaps, each address says in which section it is.

use super::Section;

/// Nothing is at 0: that is what linkers and compilers leave behind for code that is gone.
const FIRST: u64 = 0x1_0000;

/// So that the end of one section is not the start of the next.
const GAP: u64 = 0x1000;

/// Gives each section that will be in memory an address.
pub(super) fn place(sections: &mut [Section]) {
    let mut next = FIRST;
    for section in sections {
        if section.is_loaded() {
            section.address = next;
            let end = next.saturating_add(section.size).saturating_add(GAP);
            next = end.checked_next_multiple_of(GAP).unwrap_or(end);
        }
    }
}
