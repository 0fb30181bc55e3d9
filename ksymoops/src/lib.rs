// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `ksymoops`: decodes Linux kernel oops reports, down to the field of a persistent variable.
//!
//! This library is the inside of the command, for its tests, fuzz targets, manual page and completions.
//! Programs that decode oopses use the libraries below it: `liboops` reads a log into reports, `libksym`
//! turns addresses into functions, source lines and instructions.
//!
//! - [`classic`]: the output of ksymoops 2.4.
//! - [`cli`]: options, input, exit status.
//! - `debuginfod`: debug files from servers.
//! - [`decode`]: what each line of a report means.
//! - [`head`]: the answer in a few lines, above each report.
//! - `input`: logs as they come in.
//! - `journal`: which recorded boot a report is from, and which modules were loaded then.
//! - [`persistent`]: which persistent variable, and which field of it, an address is in.
//! - [`render`]: the annotated log, or JSON.
//! - [`serve`]: requests of other programs, line by line.
//!
//! ```
//! use ksymoops::decode::Decoder;
//! use ksymoops::render::{Json, Render};
//! use libksym::{Discover, FileSearch};
//!
//! let mut decoder = Decoder::default();
//! decoder.sources.discover = Discover::all(FileSearch::Named);
//! let block = &liboops::blocks(b"BUG: unable to handle page fault for address: ffffffff83000028\n")[0];
//! let mut out = Vec::new();
//! Json.block(block, &decoder.decode(block), &mut out)?;
//! assert!(out.starts_with(b"{\"explanations\":["));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod classic;
pub mod cli;
mod debuginfod;
pub mod decode;
pub mod head;
mod input;
mod journal;
pub mod persistent;
pub mod render;
pub mod serve;
mod warning;

pub use warning::Warning;
