// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which relocations of a unit a keeper takes over, if its value is made from kept bytes.

use crate::elf::Relocation;
use crate::persist::UnitValue;

/// The relocations of a unit in the file, without those that kept bytes take the place of.
pub(super) fn applied(mut relocations: Vec<Relocation>, value: Option<&UnitValue>) -> Vec<Relocation> {
    if let Some(value) = value {
        relocations.retain(|relocation| !value.without.contains(&relocation.offset));
    }
    relocations
}
