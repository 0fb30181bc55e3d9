// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes Linux kernel oops reports, down to the field of a persistent variable.
//!
//! `liboops` reads a log into reports, [`decode`] finds out what they mean with `libksym` (symbols, lines, instructions), [`journal`] (what the
//! kernel was like) and [`persistent`] (whose data an address is in), and [`render`] writes it down. [`cli`] is the command.

pub mod cli;
pub mod decode;
pub mod journal;
pub mod persistent;
pub mod render;
