// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of `cargo xtask test` that need more than one cargo command.

pub mod accuracy;
pub mod builtin;
pub mod consumer;
pub mod fuzz;
pub mod ladder;
pub mod patch;
pub mod peers;
pub mod publish;
pub mod twins;
