// SPDX-License-Identifier: MIT OR Apache-2.0
//! Version and date of what is packed.

/// The version of everything.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The date on manual pages.
pub const DATE: &str = "2026-11-25";

/// The same date in seconds since 1970, for the files in the archives: it is fixed, so that the same input
/// yields the same bytes.
pub const TIME: u64 = 1_795_564_800;
