// SPDX-License-Identifier: MIT OR Apache-2.0
//! Remove modules from the Linux kernel.
//!
//! A stand-in for kmod's `rmmod`, with the checks, messages and exit codes of kmod 34. What a module marks `__persistent` stays in the kernel when the
//! module goes, unless [`discard`] is asked for.
//!
//! ```
//! use modtest::{FakeKernel, FakeModule};
//! use modcli::{Invocation, Output, Status};
//!
//! let kernel = FakeKernel::new();
//! kernel.add(FakeModule::new("foo_bar"));
//! let mut output = Output::captured("rmmod");
//! assert_eq!(rmmod::run(&Invocation::new(["rmmod", "foo-bar.ko"]), &kernel, &mut output), Status::Success);
//! assert!(!kernel.is_loaded("foo_bar"));
//! ```

mod args;
mod checks;
pub mod discard;
mod explain;
mod run;
mod saving;
mod stacks;
mod target;
mod wait;

pub use args::{Args, command};
pub use run::run;
pub use target::Target;
