// SPDX-License-Identifier: MIT OR Apache-2.0
//! Layouts and the files that have them.

mod files;
mod layouts;

use super::{ExportLayout, Release};
use crate::elf::Machine;

pub(super) const S390: Machine = Machine(22);
pub(super) const POWERPC64: Machine = Machine(21);

/// Mainline's layout.
fn layout(machine: Machine, major: u32, minor: u32) -> ExportLayout {
    ExportLayout::for_release(machine, Release::new(major, minor))
}
