// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of keeping, in one binary. No module is ever loaded: all go to a fake kernel.

// Always set here; said so that clippy knows the helpers for tests, too.
#[cfg(test)]
mod suite;
