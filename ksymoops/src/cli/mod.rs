// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `ksymoops`: options, input, exit status.
//!
//! The exit status is that of ksymoops 2.4: 0; 1 after a warning or an error; 2 if nothing was done. 3 is
//! ours: `--one-shot` found no report.

mod addresses;
mod args;
mod classic;
mod log_file;
mod progress;
mod run;
mod session;
mod setup;
mod sources;

pub use args::command;
pub use run::run;
