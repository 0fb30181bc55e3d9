// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of modules, from what people type.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::shown;

/// kmod has this much room for a name (`PATH_MAX`, less the NUL).
const ROOM: usize = 4095;

/// A name in the kernel's spelling: `-` becomes `_`, and the first dot ends it. Slashes stay. What is longer than any path is cut.
///
/// ```
/// use modcli::modname;
/// use std::ffi::OsStr;
/// assert_eq!(modname::normalise(OsStr::new("snd-hda.ko.xz")), "snd_hda");
/// assert_eq!(modname::normalise(OsStr::new("./foo")), "");
/// ```
#[must_use]
pub fn normalise(name: &OsStr) -> String {
    let bytes = name.as_bytes();
    let end = bytes.iter().position(|&byte| byte == b'.').unwrap_or(bytes.len()).min(ROOM);
    shown(OsStr::from_bytes(bytes.get(..end).unwrap_or_default())).replace('-', "_")
}

/// The name of the module in a file by the file's name; `None` for a path that ends in a slash, or is empty. What the file holds is never looked at.
///
/// ```
/// use modcli::modname;
/// use std::ffi::OsStr;
/// assert_eq!(modname::from_path(OsStr::new("/tmp/foo-bar.ko")).as_deref(), Some("foo_bar"));
/// assert_eq!(modname::from_path(OsStr::new("/tmp/")), None);
/// ```
#[must_use]
pub fn from_path(path: &OsStr) -> Option<String> {
    // Not Path::file_name: that one looks past a slash at the end.
    let base = path.as_bytes().rsplit(|&byte| byte == b'/').next()?;
    (!base.is_empty()).then(|| normalise(OsStr::from_bytes(base)))
}
