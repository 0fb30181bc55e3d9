// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an argument means.

use std::ffi::{OsStr, OsString};
use std::fs;

use libmodsys::Errno;
use modcli::module_name;

/// A module to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The argument as typed.
    pub argument: OsString,
    /// The name of the module, in the kernel's spelling.
    pub name: String,
    /// The argument is the path of something that exists.
    pub from_path: bool,
}

impl Target {
    /// What exists under this path is a file, whose base name counts; anything else is a name. So it is with kmod, and so a name with a slash stays one.
    ///
    /// # Errors
    /// `ENOENT` for a path without a base name.
    pub fn new(argument: &OsStr) -> Result<Self, Errno> {
        let from_path = fs::metadata(argument).is_ok();
        let name = if from_path {
            module_name::from_path(argument).ok_or(Errno::ENOENT)?
        } else {
            module_name::normalise(argument)
        };
        Ok(Self { argument: argument.to_owned(), name, from_path })
    }
}
