// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why persistent data must not be kept: each rule has a file of its own.

mod charp_parameter;
mod check;
mod livepatch;
mod pointer_into_owner;
mod reason;
mod section_header;
mod variable_text;

pub use reason::{Import, Refusal, Refusals};
