// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the comparison is made of.

pub mod debug_files;
pub mod judge;
