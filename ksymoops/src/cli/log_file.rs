// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opens a log: a file or standard input, compressed or not, in UTF-8 or UTF-16.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libmodfmt::compress;
use liboops::panic_code::{self, FoundCode, PanicCode};
use liboops::{pstore, rejoined};
use modcli::os_text;

use super::utf16;

/// How much of a log tells what it is, in bytes.
const MAX_BEGINNING: u64 = 64;

/// An open log.
pub(super) struct LogFile {
    pub reader: Box<dyn Read>,
    /// Length in bytes; `None` if it is not a regular file, or compressed.
    pub length: Option<u64>,
    /// It is a part of a log that the kernel kept over a crash (pstore), small enough to be put together with
    /// others.
    pub is_part: bool,
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

/// What there is to say about a code of a panic screen in a log, and whether that is only a note.
pub(super) fn code_words(name: &str, code: &FoundCode) -> (bool, String) {
    let says = [code.arch.clone(), code.release.as_ref().map(|release| format!("release {release}"))];
    let says: Vec<String> = says.into_iter().flatten().collect();
    let says = if says.is_empty() { String::new() } else { format!(" ({})", says.join(", ")) };
    let is_empty = code.span.start == code.span.end;
    let extent = match (is_empty, code.extent.is_whole()) {
        (true, true) => " is empty".to_owned(),
        (true, false) => format!(" cannot be read: {}", code.extent),
        (false, true) => String::new(),
        (false, false) => format!(": {}", code.extent),
    };
    (!is_empty, format!("{name}: the QR code of a panic screen{says}{extent}"))
}

/// Opens a log and looks at its beginning. `-` is standard input, and the text of a panic screen's code is its
/// own log.
///
/// # Errors
/// The file cannot be opened or read.
pub(super) fn open(path: &Path) -> io::Result<LogFile> {
    if is_standard_input(path) {
        let reader = text(io::stdin().lock())?;
        return Ok(LogFile { reader, length: None, is_part: false });
    }
    if code_in_name(path).is_some() {
        let reader = Box::new(io::Cursor::new(path.as_os_str().as_bytes().to_vec()));
        return Ok(LogFile { reader, length: None, is_part: false });
    }
    let file = File::open(path)?;
    let length = file.metadata().ok().filter(Metadata::is_file).map(|data| data.len());
    let (begin, file) = beginning(file)?;
    // How far a compressed file has been read is not known.
    let shown = length.filter(|_| compress::detect(&begin).is_none());
    let (begin, reader) = beginning(text(file)?)?;
    let is_part = pstore::begins_part(&begin) && length.is_some_and(|length| length < pstore::MAX_BYTES);
    Ok(LogFile { reader, length: shown, is_part })
}

/// The text of a log: decompressed, in an encoding that has ASCII's bytes.
///
/// # Errors
/// Those of the reader.
pub(super) fn text<'r>(input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let (begin, input) = beginning(input)?;
    let input = match compress::detect(&begin) {
        Some(format) => compress::reader(format, input),
        None => input,
    };
    let (begin, input) = beginning(input)?;
    Ok(match utf16::detect(&begin) {
        Some(order) => Box::new(utf16::Decoder::new(input, order)),
        None => input,
    })
}

/// The first bytes of a log, and a reader of all of it.
fn beginning<'r>(mut input: impl Read + 'r) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
    let mut begin = Vec::new();
    // An error in the first bytes of a compressed file comes again when it is read.
    (&mut input).take(MAX_BEGINNING).read_to_end(&mut begin)?;
    let whole = rejoined(begin.clone(), input);
    Ok((begin, Box::new(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_rest_come_in_one_read() {
        let log = [b'a'; 1000];
        let (begin, mut reader) = beginning(&log[..]).unwrap();
        assert_eq!(begin.len() as u64, MAX_BEGINNING);
        let mut buffer = [0; 2000];
        assert_eq!(reader.read(&mut buffer).unwrap(), 1000);
        assert_eq!(reader.read(&mut buffer).unwrap(), 0);
    }
}
