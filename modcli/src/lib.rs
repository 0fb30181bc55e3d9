// SPDX-License-Identifier: MIT OR Apache-2.0
//! What insmod, rmmod and modpersist share on the command line.
//!
//! The commands replace kmod's, so scripts and users expect kmod's messages, levels and exit codes, and the
//! option parsing of the C library: options after operands, unique abbreviations of long names, its error
//! messages. Yet one [`clap`] definition should serve for parsing, help, manual pages and completions.
//! [`parse()`] gives both: it takes the option table from the clap definition, reads the arguments as
//! `getopt_long` does, and passes them to clap in canonical form.
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

mod common_args;
mod errno_text;
pub mod escape;
pub mod getopt;
mod invocation;
mod level;
mod log_excerpt;
pub mod module_name;
mod os_text;
mod output;
mod parse;
mod status;
mod syslog;

pub use common_args::{CommonArgs, SCRIPTS_HEADING};
pub use errno_text::{load_error_text, strerror, without_os_error};
pub use invocation::Invocation;
pub use level::Level;
pub use log_excerpt::LogExcerpt;
pub use os_text::{os_bytes, os_text};
pub use output::Output;
pub use parse::{long_version, parse};
pub use status::Status;
