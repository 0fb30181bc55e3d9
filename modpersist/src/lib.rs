// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `modpersist`: lists what is kept in the kernel, shows the variables of one owner with
//! their contents, and says whether a file would bind to what is kept.

mod args;
mod check;
mod json;
mod list;
mod modprobe_conf;
mod run;
mod show;
mod table;
mod value;

pub use args::{Args, Command, command};
pub use run::{report, run};
