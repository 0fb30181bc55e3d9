// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the resolver and the disassembler through the public API, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests panic to fail"
)]

#[path = "suite/mod.rs"]
mod suite;
