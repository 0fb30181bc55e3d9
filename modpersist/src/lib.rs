// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `modpersist`: lists what is kept in the kernel, shows the variables of one owner with their
//! contents, says whether a file would use what is kept, and reloads modules.
//!
//! One file or folder for each command: `list`, `show`, `save`, `restore`, `check`, `check_owner`, `reload`,
//! `compat`, `embed`,
//! `modprobe_conf`, `split`.
//!
//! ```
//! use clap::Parser;
//! use modpersist::{Args, run};
//! use modtest::FakeKernel;
//!
//! let mut out = Vec::new();
//! run(&Args::parse_from(["modpersist", "list"]), &FakeKernel::new(), &mut out)?;
//! assert_eq!(out, b"Nothing is kept.\n");
//! # Ok::<(), anyhow::Error>(())
//! ```

mod account_text;
mod address;
mod aligned_table;
mod args;
mod check;
mod check_owner;
mod compat;
mod config;
mod embed;
mod hex;
mod json;
mod list;
mod modprobe_conf;
mod module_path;
mod owner_state;
mod reload;
mod report;
mod restore;
mod run;
mod save;
mod show;
mod split;
mod tokens;

pub use args::{Args, Command, CompatArgs, ReloadArgs, RestoreArgs, ShowArgs, SplitArgs, command};
pub use list::ListForm;
pub use report::report;
pub use run::{run, run_list, run_reload};
