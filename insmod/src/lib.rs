// SPDX-License-Identifier: MIT OR Apache-2.0
//! Insert a module into the Linux kernel.
//!
//! A replacement for kmod's `insmod`. For a module without persistent data the system calls, messages and
//! exit codes are those of kmod 34. Data that a module marks `__persistent` is kept while the module is
//! unloaded.
//!
//! - `args`, `modutils_args`: the command line.
//! - `run`: insmod step by step.
//! - `load`: the load itself, plain or with persistent data.
//! - `preflight`: what can be found out without loading.
//! - `params`: the parameters that the module is given.
//! - `restore`: values that were saved before.
//! - `prepared_load`: a load as a part of a reload, for `modpersist reload`.
//! - `report`: messages about a load that failed.
//! - `unattended`: what the kernel's log is told of it.
//!
//! ```
//! use modcli::{Invocation, Output, Status};
//! use modtest::FakeKernel;
//!
//! let kernel = FakeKernel::new();
//! let mut output = Output::captured("insmod");
//! let status = insmod::run(&Invocation::new(["insmod", "/no/such.ko"]), &kernel, &mut output);
//! assert_eq!(status, Status::Failure);
//! let message = "insmod: ERROR: could not load module /no/such.ko: No such file or directory\n";
//! assert_eq!(output.stderr(), message);
//! ```

mod args;
mod input_error;
mod load;
mod load_request;
mod module_input;
mod modutils_args;
mod params;
mod preflight;
mod prepared_load;
mod report;
mod restore;
mod run;
mod unattended;

pub use args::{Args, command};
pub use input_error::InputError;
pub use module_input::{MAX_IMAGE_BYTES, ModuleInput};
pub use modutils_args::ModutilsArgs;
pub use params::ParameterWord;
pub use prepared_load::{LoadOptions, NotLoaded, PreparedLoad, join_params};
pub use run::run;
