// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `ksymoops`. Exit codes are those of ksymoops 2.4: 0, 1 after a warning or an error, 2 where nothing was done, 3 where
//! `--one-shot` found no report.

mod adhoc;
mod args;
mod input;
mod progress;
mod run;
mod setup;

pub use args::{Args, Colour, Format, command};
pub use run::run;
