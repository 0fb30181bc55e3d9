// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the bits of a number stand for: `DW_ATE_*` of DWARF 5, section 7.8. 0 is not known.

pub(crate) const UNKNOWN: u8 = 0;
pub(crate) const BOOLEAN: u8 = 2;
pub(crate) const COMPLEX: u8 = 3;
pub(crate) const FLOAT: u8 = 4;
pub(crate) const SIGNED: u8 = 5;
pub(crate) const SIGNED_CHAR: u8 = 6;
pub(crate) const UNSIGNED: u8 = 7;
pub(crate) const UNSIGNED_CHAR: u8 = 8;
pub(crate) const UTF: u8 = 0x10;
/// `DW_ATE_lo_user`: the first of those that a compiler defines.
pub(crate) const FIRST_OF_COMPILER: u8 = 0x80;
