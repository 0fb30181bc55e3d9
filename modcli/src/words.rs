// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words for error numbers.

use libmodsys::{Errno, errno_text};

/// The C library's words for an error number.
#[must_use]
pub fn strerror(errno: Errno) -> String {
    errno_text(errno)
}

/// What an error number means when it comes from loading a module: kmod's words for the four that the loader gives a meaning of their own.
///
/// ```
/// use libmodsys::Errno;
/// use modcli::load_error_text;
/// assert_eq!(load_error_text(Errno::ENOEXEC), "Invalid module format");
/// assert_eq!(load_error_text(Errno::EEXIST), "File exists");
/// ```
#[must_use]
pub fn load_error_text(errno: Errno) -> String {
    match errno {
        Errno::ENOEXEC => "Invalid module format".to_owned(),
        Errno::ENOENT => "Unknown symbol in module".to_owned(),
        Errno::ESRCH => "Module has wrong symbol version".to_owned(),
        Errno::EINVAL => "Invalid parameters".to_owned(),
        _ => strerror(errno),
    }
}
