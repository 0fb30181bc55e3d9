// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opens a log named on the command line.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use liboops::pstore;

/// An open log.
pub(super) struct LogFile<R> {
    pub reader: R,
    /// Length in bytes; `None` if it is not a regular file.
    pub length: Option<u64>,
    /// It is a part of a log that the kernel kept over a crash (pstore), small enough to be put together with
    /// others.
    pub is_part: bool,
}

/// Opens a log and looks at its beginning.
///
/// # Errors
/// The file cannot be opened or read.
pub(super) fn open(path: &Path) -> io::Result<LogFile<impl Read>> {
    let mut file = File::open(path)?;
    let length = file.metadata().ok().filter(Metadata::is_file).map(|data| data.len());
    let mut begin = Vec::new();
    (&mut file).take(64).read_to_end(&mut begin)?;
    let is_part = pstore::begins_part(&begin) && length.is_some_and(|length| length < pstore::MAX_BYTES);
    Ok(LogFile { reader: io::Cursor::new(begin).chain(file), length, is_part })
}
