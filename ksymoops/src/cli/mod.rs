// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `ksymoops`. Exit codes: 0, 1 where something could not be read, 2 where nothing was done.

mod args;
mod input;
mod progress;
mod run;
mod setup;

pub use args::{Args, Colour, Format, command};
pub use run::run;
