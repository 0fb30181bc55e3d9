// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes Linux kernel oops reports, down to the field of a persistent variable.

pub mod code;
pub mod parse;
pub mod report;
pub mod resolve;
