// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `ksymoops`: options, input, exit status.
//!
//! The exit status is that of ksymoops 2.4: 0; 1 after a warning or an error; 2 if nothing was done, or if
//! there was no report and the user asked for that with `--fail-if-none`; 3 if `--one-shot` found no report.

mod addresses;
mod args;
mod classic;
mod line_count;
mod live_input;
mod log_file;
mod named_sources;
mod progress;
mod run;
mod serve;
mod session;
mod setup;
mod source_list;
mod sources;

pub use args::command;
pub use run::run;
