// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text of a log, compressed or not, in UTF-8 or UTF-16.

use std::io::{self, Read};

use libmodfmt::compress;
use liboops::rejoined;

use super::utf16;

/// How much of a log tells what it is, in bytes.
const MAX_BEGINNING: u64 = 64;

/// The text of a log: decompressed, in an encoding that has ASCII's bytes.
///
/// # Errors
/// Those of the reader.
pub(crate) fn text<'r>(input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
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

/// Whether a log that begins with these bytes has to be decompressed or decoded.
pub(crate) fn is_encoded(begin: &[u8]) -> bool {
    compress::detect(begin).is_some() || utf16::detect(begin).is_some()
}

/// The first bytes of a log, and a reader of all of it.
pub(crate) fn beginning<'r>(mut input: impl Read + 'r) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
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
