// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of keeping, in one binary. No module is ever loaded: all go to a fake kernel.

// Always set here; it tells clippy that the helpers are test code as well.
#[cfg(test)]
mod suite;
