// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a message names a place in persistent data.

use crate::persist::{Inventory, PersistentSection};

/// The variable at `offset`: `file.c:name+0x10`, or the section if it has no name.
pub(super) fn variable_text(inventory: &Inventory, section: PersistentSection, offset: u64) -> String {
    match inventory.variable_at(section, offset) {
        Some((variable, 0)) => variable.to_string(),
        Some((variable, inside)) => format!("{variable}+{inside:#x}"),
        None => format!("{}+{offset:#x}", section.section_name()),
    }
}
