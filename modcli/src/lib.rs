// SPDX-License-Identifier: MIT OR Apache-2.0
//! What insmod, rmmod and modpersist share on the command line.
//!
//! These commands stand in for kmod's, so scripts and people expect kmod's words, levels and exit codes, and the option parsing of the C library:
//! options after operands, unique abbreviations of long names, its error messages. On the other hand [`clap`] is a good single definition of the
//! options for parsing, help, manual pages and completions. [`parse()`] brings both together: it reads the arguments as `getopt_long` does, by the
//! option table that it takes from the clap definition, and hands clap the result in canonical form.
//!
//! ```
//! use clap::{Arg, ArgAction, Command};
//! use modcli::{Invocation, Output, Status, parse};
//!
//! let command = || {
//!     Command::new("rmmod")
//!         .arg(Arg::new("force").short('f').long("force").action(ArgAction::SetTrue))
//!         .arg(Arg::new("names").num_args(0..))
//! };
//! let mut output = Output::captured("rmmod");
//! let matches = parse(command(), &Invocation::new(["rmmod", "foo", "--fo"]), &mut output).unwrap();
//! assert!(matches.get_flag("force"));
//!
//! let refused = parse(command(), &Invocation::new(["rmmod", "-p"]), &mut output);
//! assert_eq!(refused.unwrap_err(), Status::Failure);
//! assert_eq!(output.stderr(), "rmmod: invalid option -- 'p'\n");
//! ```

mod bytes;
mod common;
pub mod getopt;
mod invocation;
mod kernel_log;
mod level;
pub mod modname;
mod output;
mod parse;
mod status;
mod syslog;
mod words;

pub use bytes::{bytes, shown};
pub use common::CommonArgs;
pub use invocation::Invocation;
pub use kernel_log::KernelLog;
pub use level::Level;
pub use output::Output;
pub use parse::{long_version, parse};
pub use status::Status;
pub use words::{load_error_text, strerror};
