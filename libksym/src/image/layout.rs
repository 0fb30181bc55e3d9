// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses for the sections of a file that is not linked.
//!
//! Every section of such a file starts at address 0, so `.text` and `.init.text` would overlap. Placed
//! one after the other, with gaps, each address tells its section.

use super::section::Section;

/// Not 0, which is what linkers and compilers leave behind for discarded code.
const FIRST_ADDRESS: u64 = 0x1_0000;

/// So that the end of one section is not the start of the next.
const GAP: u64 = 0x1000;

/// Assigns an address to each section that will be in memory.
pub(super) fn assign_addresses(sections: &mut [Section]) {
    let mut next = FIRST_ADDRESS;
    for section in sections {
        if section.is_loaded() {
            section.address = next;
            let end = next.saturating_add(section.size).saturating_add(GAP);
            next = end.checked_next_multiple_of(GAP).unwrap_or(end);
        }
    }
}
