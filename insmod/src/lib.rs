// SPDX-License-Identifier: MIT OR Apache-2.0
//! Insert a module into the Linux kernel.
//!
//! A stand-in for kmod's `insmod`: for a module without persistent data the system calls, messages and exit codes are those of kmod 34. What a module
//! marks `__persistent` is kept while it is unloaded; that part is in [`keep`].
//!
//! ```
//! use modtest::FakeKernel;
//! use modcli::{Invocation, Output, Status};
//!
//! let kernel = FakeKernel::new();
//! let mut output = Output::captured("insmod");
//! let status = insmod::run(&Invocation::new(["insmod", "/no/such.ko"]), &kernel, &mut output);
//! assert_eq!(status, Status::Failure);
//! assert_eq!(output.stderr(), "insmod: ERROR: could not load module /no/such.ko: No such file or directory\n");
//! ```

mod args;
mod dry;
mod explain;
mod facts;
mod force;
mod input;
pub mod keep;
mod map;
mod modutils;
mod params;
mod plain;
mod run;
mod saved;

pub use args::{Args, command};
pub use input::{IMAGE_LIMIT, ImageError, ModuleInput};
pub use modutils::ModutilsArgs;
pub use run::{Job, run};
