// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a command was called.

use std::env;
use std::ffi::{OsStr, OsString};

/// The arguments of a command and what of its environment bears on reading them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// All arguments; the first is the name it was called by.
    pub args: Vec<OsString>,
    /// `POSIXLY_CORRECT` is set: the first operand ends the options.
    pub posixly_correct: bool,
}

impl Invocation {
    /// With the given arguments, name first.
    pub fn new<T: Into<OsString>>(args: impl IntoIterator<Item = T>) -> Self {
        Self { args: args.into_iter().map(Into::into).collect(), posixly_correct: false }
    }

    /// Of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { args: env::args_os().collect(), posixly_correct: env::var_os("POSIXLY_CORRECT").is_some() }
    }

    /// The name it was called by, empty if there is none.
    #[must_use]
    pub fn program(&self) -> &OsStr {
        self.args.first().map_or(OsStr::new(""), OsString::as_os_str)
    }
}
