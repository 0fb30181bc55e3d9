// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be the name of a module.
//!
//! Names become parts of paths (`/sys/module/NAME`, lock files, saved parameters) and of messages, so a name
//! from a command line, a file, a note or a log is checked where it enters.

/// The longest name of a module or versioned symbol that every kernel accepts: `MODULE_NAME_LEN` is
/// 64 - sizeof(long), with its NUL (include/linux/moduleparam.h, 4.19 to 7.3).
pub const MAX_NAME_BYTES: usize = 55;

/// Whether a module can have this name: not empty, at most [`MAX_NAME_BYTES`] bytes, one path component and
/// neither `.` nor `..`, without control characters. The kernel itself minds only the length.
///
/// ```
/// use libmodfmt::module_name::is_module_name;
///
/// assert!(is_module_name("snd_hda") && is_module_name("8021q"));
/// assert!(["", "..", "../etc", "a\nb"].iter().all(|name| !is_module_name(name)));
/// ```
#[must_use]
pub fn is_module_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.len() <= MAX_NAME_BYTES
        && !name.contains(|letter: char| letter == '/' || letter.is_control())
}
