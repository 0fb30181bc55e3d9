// SPDX-License-Identifier: MIT OR Apache-2.0
//! Remove modules from the Linux kernel.
//!
//! A replacement for kmod's `rmmod`, with the checks, messages and exit codes of kmod 34. Data that a module
//! marks `__persistent` stays in the kernel when the module goes, unless `--discard` is given.
//!
//! - `args`, `target`: the command line and what its arguments mean.
//! - `run`: rmmod step by step; `removal`: the removal of one module.
//! - `checks`: reasons to refuse that are known before the kernel is asked; `checks/in_use` is the usual one.
//! - `persistent_data`: what happens to it.
//! - `leaving`: the removal of a module that is loaded again at once, for `modpersist reload`.
//! - `save_params`, `dependencies`, `wait`, `explain`: one option each.
//!
//! ```
//! use modcli::{Invocation, Output, Status};
//! use modtest::{FakeKernel, FakeModule};
//!
//! let kernel = FakeKernel::new();
//! kernel.add(FakeModule::new("foo_bar"));
//! let mut output = Output::captured("rmmod");
//! let status = rmmod::run(&Invocation::new(["rmmod", "foo-bar.ko"]), &kernel, &mut output);
//! assert_eq!(status, Status::Success);
//! assert!(!kernel.is_loaded("foo_bar"));
//! ```

mod args;
mod checks;
mod dependencies;
mod explain;
mod leaving;
mod persistent_data;
mod removal;
mod run;
mod save_params;
mod target;
mod wait;

pub use args::{Args, command};
pub use leaving::Leaving;
pub use run::run;
pub use target::Target;
