// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of insmod, in one binary. They use a fake kernel and load no module.

// Always true here; it tells clippy that the helper functions are test code.
#[cfg(test)]
mod suite;
