// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a message names a place in persistent data.

use crate::persist::Inventory;

/// The name of a unit's section.
pub(super) fn section_text(inventory: &Inventory, unit: usize) -> String {
    inventory.header.units.get(unit).map(|unit| unit.section.clone()).unwrap_or_default()
}

/// The variable at `offset` of a unit: `file.c:name+0x10`, or the section if it has no name.
pub(super) fn variable_text(inventory: &Inventory, unit: usize, offset: u64) -> String {
    match inventory.variable_at(unit, offset) {
        Some((variable, 0)) => variable.to_string(),
        Some((variable, inside)) => format!("{variable}+{inside:#x}"),
        None => format!("{}+{offset:#x}", section_text(inventory, unit)),
    }
}
