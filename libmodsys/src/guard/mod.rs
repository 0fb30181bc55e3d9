// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removes a keeper if this process is killed.
//!
//! A signal that arrives while the kernel runs a module's init function kills insmod as soon as init returns,
//! before insmod can remove the keeper that it made. Catching the signal would not help: an init function
//! that was interrupted (`-ERESTARTSYS`) would be started again. So a second process waits for the end of the
//! first one, out of reach of the terminal's signals and with the owner's lock, which is released only when
//! both are done. It is this program again; its `main` calls [`serve`] first:
//!
//! ```no_run
//! # use std::process::ExitCode;
//! # fn is_unused_keeper(_: &dyn libmodsys::Kernel, _: &str) -> bool { false }
//! fn main() -> ExitCode {
//!     if let Some(code) = libmodsys::guard::serve(std::env::args_os().skip(1), is_unused_keeper) {
//!         return code;
//!     }
//!     // The program's own work, with `Linux::new().guarded()`.
//! #   ExitCode::SUCCESS
//! }
//! ```
//!
//! The guard is no way to remove modules. It works only for a running copy of this program that has started
//! it and holds the other end of its pipe; only for a module that was not loaded when it started, so that
//! this copy must have loaded it; and only if the module is a keeper that nothing uses when the time comes.

mod process;
mod serve;

pub use process::Guard;
pub use serve::serve;
