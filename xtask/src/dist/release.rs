// SPDX-License-Identifier: MIT OR Apache-2.0
//! The version that is packed, and its day.

/// The version of everything.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Its day, on the manual pages.
pub const DATE: &str = "2026-11-25";

/// The same in seconds, for the files in the archives: the same input gives the same bytes.
pub const TIME: u64 = 1_795_564_800;
