// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per part.

mod addends;
mod bad_input;
mod binding;
mod compare;
mod damage;
mod elf;
#[cfg(feature = "compression")]
mod file;
mod inventory;
mod keeper;
mod later_generation;
mod owner;
mod refusals;
mod spent;
mod split;
mod stripped;
#[cfg(feature = "compression")]
mod without_debug_info;
