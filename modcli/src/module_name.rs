// SPDX-License-Identifier: MIT OR Apache-2.0
//! Module names as users type them, in the kernel's spelling.
//!
//! ```
//! use std::ffi::OsStr;
//!
//! use modcli::module_name;
//!
//! assert_eq!(module_name::normalise(OsStr::new("snd-hda.ko.xz")), "snd_hda");
//! assert_eq!(module_name::from_path(OsStr::new("/tmp/foo-bar.ko")).as_deref(), Some("foo_bar"));
//! ```

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::os_text;

/// kmod cuts a name to this many bytes: `PATH_MAX` less the NUL.
const MAX_NAME_BYTES: usize = 4095;

/// A name in the kernel's spelling: `-` becomes `_`, and the first dot ends it. Slashes stay.
///
/// ```
/// use std::ffi::OsStr;
///
/// assert_eq!(modcli::module_name::normalise(OsStr::new("./foo")), "");
/// ```
#[must_use]
pub fn normalise(name: &OsStr) -> String {
    let bytes = name.as_bytes();
    let end = bytes.iter().position(|&byte| byte == b'.').unwrap_or(bytes.len()).min(MAX_NAME_BYTES);
    os_text(OsStr::from_bytes(bytes.get(..end).unwrap_or_default())).replace('-', "_")
}

/// The module name that a file's name stands for; `None` for a path that is empty or ends in a slash.
/// The file itself is not opened.
///
/// ```
/// use std::ffi::OsStr;
///
/// assert_eq!(modcli::module_name::from_path(OsStr::new("/tmp/")), None);
/// ```
#[must_use]
pub fn from_path(path: &OsStr) -> Option<String> {
    // Not Path::file_name, which ignores a slash at the end.
    let base = path.as_bytes().rsplit(|&byte| byte == b'/').next()?;
    (!base.is_empty()).then(|| normalise(OsStr::from_bytes(base)))
}
