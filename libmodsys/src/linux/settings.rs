// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers and switches of the kernel, and its release.

use std::path::{Path, PathBuf};

use super::files;
use crate::SysError;

/// A file that holds one decimal number.
pub(super) fn number(path: &Path) -> Result<u64, SysError> {
    let text = files::line(path)?;
    text.trim().parse().map_err(|_| files::unknown(path, &text))
}

/// As [`number`], `None` if there is no such file.
pub(super) fn number_if_there(path: &Path) -> Result<Option<u64>, SysError> {
    files::if_there(number(path))
}

/// A switch: `Y`/`N` as module parameters show it, `1`/`0` as sysctl does.
pub(super) fn switch(path: &Path) -> Result<Option<bool>, SysError> {
    let Some(text) = files::line_if_there(path)? else {
        return Ok(None);
    };
    match text.trim() {
        "Y" | "1" => Ok(Some(true)),
        "N" | "0" => Ok(Some(false)),
        _ => Err(files::unknown(path, &text)),
    }
}

/// The node name of this machine, as `uname -n` prints it; empty if the kernel does not say.
#[must_use]
pub fn node_name() -> String {
    let names = nix::sys::utsname::uname();
    names.map(|names| names.nodename().to_string_lossy().into_owned()).unwrap_or_default()
}

/// The release that `uname` gives.
pub(super) fn running_release() -> Result<String, SysError> {
    match nix::sys::utsname::uname() {
        Ok(names) => Ok(names.release().to_string_lossy().into_owned()),
        Err(errno) => Err(SysError::Read { path: PathBuf::from("uname"), errno }),
    }
}

/// The running kernel in the words of `uname -snrvm`; `unknown` if the system does not say.
#[must_use]
pub fn system_name() -> String {
    let Ok(names) = nix::sys::utsname::uname() else { return "unknown".to_owned() };
    let fields = [names.sysname(), names.nodename(), names.release(), names.version(), names.machine()];
    fields.map(|field| field.to_string_lossy().into_owned()).join(" ")
}
