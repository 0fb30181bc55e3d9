// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `modpersist`: lists what is kept in the kernel, shows the variables of one owner with
//! their contents, and says whether a file would bind to what is kept.

mod args;
mod check;
mod json;
mod list;
mod run;
mod show;
mod table;
mod value;

pub use args::{Args, Command};
pub use run::{report, run};
