// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes Linux kernel oops reports, down to the field of a persistent variable.
//!
//! [`parse`] reads a log into [`report`]s, [`decode`] finds out what they mean with [`resolve`] (symbols and lines), [`code`] (instructions),
//! [`journal`] (what the kernel was like) and [`persistent`] (whose data an address is in), and [`render`] writes it down. [`cli`] is the command.

pub mod cli;
pub mod code;
pub mod decode;
pub mod journal;
pub mod parse;
pub mod persistent;
pub mod render;
pub mod report;
pub mod resolve;
