// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the resolver and the disassembler through their interfaces, in one binary.

#[path = "suite/mod.rs"]
mod suite;
