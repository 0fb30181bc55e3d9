// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of persistent data in modules made up for the purpose, in one binary.

// Always set here; said so that clippy knows the helpers for tests, too.
#[cfg(test)]
mod keep;
