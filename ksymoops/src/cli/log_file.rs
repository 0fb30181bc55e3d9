// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opens a log: a file, standard input, or a panic screen's code on the command line.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libmodfmt::compress;
use liboops::panic_code::{self, PanicCode};
use liboops::pstore;
use modcli::os_text;

use super::live_input::{LiveInput, Patience};
use crate::input::{beginning, is_encoded, text};

/// An open log.
pub(super) struct LogFile {
    pub reader: Box<dyn Read>,
    /// Length in bytes; `None` if it is not a regular file, or compressed.
    pub length: Option<u64>,
    /// It is a part of a log that the kernel kept over a crash (pstore), small enough to be put together with
    /// others.
    pub is_part: bool,
    /// Somebody may still be writing it: whether reads wait for that.
    pub patience: Option<Patience>,
}

/// What a log is called in messages.
pub(super) fn name(path: &Path) -> String {
    if is_standard_input(path) {
        "standard input".to_owned()
    } else if code_in_name(path).is_some() {
        "the command line".to_owned()
    } else {
        os_text(path)
    }
}

/// `-`
fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// The code of a panic screen, if that is what the user names, and not a file.
fn code_in_name(path: &Path) -> Option<PanicCode> {
    let code = panic_code::decode(path.as_os_str().as_bytes())?;
    (!path.exists()).then_some(code)
}

/// Opens a log and looks at its beginning. `-` is standard input, and the text of a panic screen's code is
/// its own log.
///
/// # Errors
/// The file cannot be opened or read.
pub(super) fn open(path: &Path) -> io::Result<LogFile> {
    if code_in_name(path).is_some() {
        let reader = Box::new(io::Cursor::new(path.as_os_str().as_bytes().to_vec()));
        return Ok(LogFile { reader, length: None, is_part: false, patience: None });
    }
    let file = if is_standard_input(path) {
        File::from(io::stdin().as_fd().try_clone_to_owned()?)
    } else {
        File::open(path)?
    };
    let length = file.metadata().ok().filter(Metadata::is_file).map(|data| data.len());
    if length.is_none() {
        return live(file);
    }
    let (begin, file) = beginning(file)?;
    // How far a compressed file has been read is not known.
    let shown = length.filter(|_| compress::detect(&begin).is_none());
    let (begin, reader) = beginning(text(file)?)?;
    let is_part = pstore::begins_part(&begin) && length.is_some_and(|length| length < pstore::MAX_BYTES);
    Ok(LogFile { reader, length: shown, is_part, patience: None })
}

/// A pipe or a terminal, which somebody may still be writing to.
fn live(file: File) -> io::Result<LogFile> {
    let (input, patience) = LiveInput::new(file);
    let (begin, input) = beginning(input)?;
    let is_plain = !is_encoded(&begin);
    // A reader that decodes could not go on after an error.
    let patience = is_plain.then_some(patience);
    Ok(LogFile { reader: text(input)?, length: None, is_part: false, patience })
}
