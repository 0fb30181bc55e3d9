// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which boot of the journal a report is from, and which modules were loaded in it.
//!
//! A report does not name its boot. A boot fits if nothing in the report contradicts it (the kernel's banner,
//! the modules, the kernel's address) and something supports it. If two boots fit, both are named and neither
//! is used: with the addresses of the wrong boot the answers would be wrong.

mod boot_match;
mod evidence;
mod kernel_address;
mod kernel_build;
mod load;
mod module_list;
mod module_state;
mod unloaded;

pub(crate) use boot_match::{BootMatch, find_boot};
pub(crate) use evidence::{Evidence, SymbolAddress};
pub(crate) use load::load;
pub(crate) use module_state::{ModuleState, is_before, modules_at};
pub(crate) use unloaded::{End, Loads, Unloaded};
