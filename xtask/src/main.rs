// SPDX-License-Identifier: MIT OR Apache-2.0
//! Placeholder until the first module lands.
fn main() {}
