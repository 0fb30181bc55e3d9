// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must not be kept, each rule in a file of its own.

mod charp_parameter;
mod check;
mod livepatch;
mod pointer_into_owner;
mod reason;
mod section_header;
mod variable_text;

pub use reason::{Import, Refusal, Refusals};
