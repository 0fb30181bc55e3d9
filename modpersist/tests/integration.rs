// SPDX-License-Identifier: MIT OR Apache-2.0
//! What modpersist prints, for a fake kernel.

// Always set here; said so that clippy knows the helpers for tests, too.
#[cfg(test)]
mod suite;
