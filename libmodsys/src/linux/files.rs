// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading small kernel files, with errors that name them.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::SysError;

/// The whole content of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, SysError> {
    let mut file = File::open(path).map_err(|error| SysError::open(path, &error))?;
    let mut content = Vec::new();
    // The size of a kernel file means nothing (0 or 4096): read to the end.
    file.read_to_end(&mut content).map_err(|error| SysError::read(path, &error))?;
    Ok(content)
}

/// The whole content of a file, `None` if there is no such file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, SysError> {
    if_there(read(path))
}

/// A one-line file without its newline; bytes that are not UTF-8 are replaced.
pub(super) fn line(path: &Path) -> Result<String, SysError> {
    let content = read(path)?;
    Ok(String::from_utf8_lossy(&content).trim_end_matches('\n').to_owned())
}

/// As [`line()`], `None` if there is no such file.
pub(super) fn line_if_there(path: &Path) -> Result<Option<String>, SysError> {
    if_there(line(path))
}

/// Names in a directory, in the order in which the kernel lists them.
pub(super) fn names(path: &Path) -> Result<Vec<String>, SysError> {
    let entries = fs::read_dir(path).map_err(|error| SysError::open(path, &error))?;
    entries
        .map(|entry| match entry {
            Ok(entry) => Ok(entry.file_name().to_string_lossy().into_owned()),
            Err(error) => Err(SysError::read(path, &error)),
        })
        .collect()
}

/// Turns "no such file" into `None`.
pub(super) fn if_there<T>(result: Result<T, SysError>) -> Result<Option<T>, SysError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The error for a file whose content is not understood.
pub(super) fn unknown(path: &Path, content: &str) -> SysError {
    SysError::Unknown { path: path.to_owned(), content: content.to_owned() }
}
