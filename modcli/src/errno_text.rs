// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages for error numbers: the C library's, and kmod's for loading a module.

use libmodsys::{Errno, errno_text};

/// The C library's message for an error number.
#[must_use]
pub fn strerror(errno: Errno) -> String {
    errno_text(errno)
}

/// The text of an error and its causes without the ` (os error 2)` that Rust's library puts behind what the
/// system says.
///
/// ```
/// let error = std::io::Error::from_raw_os_error(2);
/// assert_eq!(modcli::without_os_error(&error.to_string()), "No such file or directory");
/// assert_eq!(modcli::without_os_error("a: No such file (os error 2): b"), "a: No such file: b");
/// ```
#[must_use]
pub fn without_os_error(text: &str) -> String {
    const BEGIN: &str = " (os error ";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        out.push_str(before);
        let behind = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
        match behind.strip_prefix(')').filter(|_| behind.len() < after.len()) {
            Some(behind) => rest = behind,
            None => {
                out.push_str(BEGIN);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
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
