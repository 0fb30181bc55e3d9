// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of the comparison.

pub mod debug_files;
pub mod judge;
