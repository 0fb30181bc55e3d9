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
//! fn main() -> ExitCode {
//!     if let Some(code) = libmodsys::guard::serve(std::env::args_os().skip(1)) {
//!         return code;
//!     }
//!     // The program's own work, with `Linux::new().guarded()`.
//! #   ExitCode::SUCCESS
//! }
//! ```

mod process;
mod serve;

pub use process::Guard;
pub use serve::serve;
