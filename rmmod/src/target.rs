// SPDX-License-Identifier: MIT OR Apache-2.0
//! The module that an argument means.

use std::ffi::{OsStr, OsString};
use std::fs;

use libmodsys::Errno;
use modcli::module_name;

/// A module to be removed.
///
/// ```
/// use rmmod::Target;
///
/// let target = Target::new("foo-bar.ko".as_ref()).unwrap();
/// assert_eq!((target.name.as_str(), target.from_path), ("foo_bar", false));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The argument as typed.
    pub argument: OsString,
    /// The name of the module, in the kernel's spelling.
    pub name: String,
    /// The argument is the path of a file that exists.
    pub from_path: bool,
}

impl Target {
    /// An argument that exists as a path means the module that the file is named after; any other is a name,
    /// even with a slash in it. kmod does the same.
    ///
    /// # Errors
    /// `ENOENT` for a path that ends in a slash.
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
