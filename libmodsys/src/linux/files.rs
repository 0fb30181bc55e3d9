// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading small kernel files, with errors that name them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use crate::SysError;

/// One read of a file of the kernel's returns no more than a page.
const PAGE: usize = 4096;

/// The whole content of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, SysError> {
    read_until(path, |_, _| false)
}

/// Reads to the end, or to where `is_all` finds nothing missing; it is given what has been read, and the
/// length of the last piece.
fn read_until(path: &Path, is_all: impl Fn(&[u8], usize) -> bool) -> Result<Vec<u8>, SysError> {
    let mut file = File::open(path).map_err(|error| SysError::open(path, &error))?;
    let failed = |error| SysError::read(path, &error);
    let mut content = Vec::new();
    // The size of a kernel file means nothing (0 or 4096): read to the end. Most are a few bytes, and asking
    // for their size would double the number of system calls.
    let mut page = [0; PAGE];
    loop {
        let length = read_some(&mut file, &mut page).map_err(failed)?;
        content.extend_from_slice(page.get(..length).unwrap_or_default());
        match length {
            0 => return Ok(content),
            _ if is_all(&content, length) => return Ok(content),
            PAGE => break,
            _ => {}
        }
    }
    file.read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

/// Appends so many bytes from an offset on; fewer at the end of the file.
pub(super) fn read_part(path: &Path, offset: u64, length: usize, into: &mut Vec<u8>) -> Result<(), SysError> {
    let mut file = File::open(path).map_err(|error| SysError::open(path, &error))?;
    let failed = |error| SysError::read(path, &error);
    if offset > 0 {
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    }
    into.reserve(length);
    file.take(length as u64).read_to_end(into).map_err(failed)?;
    Ok(())
}

fn read_some(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Calls `visit` with each line, without its line feed, until it breaks. Reads no further than that.
pub(super) fn lines(path: &Path, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), SysError> {
    let file = File::open(path).map_err(|error| SysError::open(path, &error))?;
    let mut reader = BufReader::with_capacity(PAGE, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(|error| SysError::read(path, &error))?;
        if length == 0 || visit(line.strip_suffix(b"\n").unwrap_or(&line)).is_break() {
            return Ok(());
        }
    }
}

/// The whole content of a file, `None` if there is no such file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, SysError> {
    if_there(read(path))
}

/// The whole content of an attribute in sysfs: one that is shorter than a page comes in one read.
pub(super) fn read_attribute(path: &Path) -> Result<Vec<u8>, SysError> {
    read_until(path, |_, length| length < PAGE)
}

/// A one-line file without its newline; bytes that are not UTF-8 are replaced.
pub(super) fn line(path: &Path) -> Result<String, SysError> {
    let content = read_until(path, |content, _| content.ends_with(b"\n"))?;
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
