// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages for error numbers: the C library's, and kmod's for loading a module.

use libmodsys::{Errno, errno_text};

/// The C library's message for an error number.
#[must_use]
pub fn strerror(errno: Errno) -> String {
    errno_text(errno)
}

/// The message for an error number that loading a module returned. kmod has its own for the four numbers that
/// the module loader uses with a meaning of its own.
///
/// ```
/// use libmodsys::Errno;
/// use modcli::load_error_text;
///
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
