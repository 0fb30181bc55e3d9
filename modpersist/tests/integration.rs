// SPDX-License-Identifier: MIT OR Apache-2.0
//! What modpersist prints, for a fake kernel.

#[cfg(test)]
#[allow(dead_code, reason = "shared with the tests of other crates")]
#[path = "../../modkeep/tests/common/mod.rs"]
mod common;
// Always set here; said so that clippy knows the helpers for tests, too.
#[cfg(test)]
mod suite;
