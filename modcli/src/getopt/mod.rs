// SPDX-License-Identifier: MIT OR Apache-2.0
//! Command lines as the C library's `getopt_long` reads them.
//!
//! Scripts rely on its rules, which clap does not have. Options may follow operands, unless `POSIXLY_CORRECT`
//! is set. A long name may be abbreviated as long as it is unique; if it begins one of kmod's own options,
//! only those count. The first error ends the command, with the C library's message. `-h` and `-V` act as
//! soon as they are read: errors before them are reported, whatever follows is ignored.
//!
//! ```
//! use clap::{Arg, ArgAction, Command};
//! use modcli::{Invocation, getopt};
//!
//! let mut command = Command::new("insmod")
//!     .arg(Arg::new("force").short('f').long("force").action(ArgAction::SetTrue))
//!     .arg(Arg::new("keep").long("keep").value_parser(["auto", "off"]))
//!     .arg(Arg::new("operands").num_args(0..));
//! command.build();
//! let invocation = Invocation::new(["insmod", "m.ko", "-f", "--ke", "off"]);
//! let canonical = getopt::canonical(&command, &invocation).unwrap();
//! assert_eq!(canonical, ["insmod", "--force", "--keep=off", "--", "m.ko"]);
//! ```

mod canonical;
mod error;
mod table;

pub use canonical::canonical;
pub use error::GetoptError;
