// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a command was invoked.
//!
//! ```
//! use modcli::Invocation;
//!
//! let invocation = Invocation::new(["/sbin/insmod", "./foo.ko"]);
//! assert_eq!(invocation.program(), "/sbin/insmod");
//! ```

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};

/// The arguments of a command, and the part of its environment that decides how they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// All arguments; the first is the name the command was called by.
    pub args: Vec<OsString>,
    /// `POSIXLY_CORRECT` is set: options end at the first operand.
    pub posixly_correct: bool,
    /// modprobe runs this command (a line `install MODULE ...` of its configuration), and standard error is
    /// not a terminal: the kernel or udev may have asked for the module, and nobody reads what is written.
    pub is_unattended: bool,
}

/// modprobe and libkmod set it, to the module's name, for the commands that they run.
const RUN_BY_MODPROBE: &str = "MODPROBE_MODULE";

impl Invocation {
    /// An invocation with these arguments, the command's name first.
    pub fn new<T: Into<OsString>>(args: impl IntoIterator<Item = T>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { args, posixly_correct: false, is_unattended: false }
    }

    /// The invocation of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            args: env::args_os().collect(),
            posixly_correct: env::var_os("POSIXLY_CORRECT").is_some(),
            is_unattended: env::var_os(RUN_BY_MODPROBE).is_some() && !io::stderr().is_terminal(),
        }
    }

    /// The name the command was called by; empty if there is none.
    #[must_use]
    pub fn program(&self) -> &OsStr {
        self.args.first().map_or(OsStr::new(""), OsString::as_os_str)
    }
}
