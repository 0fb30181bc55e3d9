// SPDX-License-Identifier: MIT OR Apache-2.0
//! A reader whose first bytes were read already, to find out what it is.

use std::io::{self, Read};

/// Puts the first bytes of a log back in front of the rest. Both come in the same read, unlike those of
/// [`Read::chain`]: where the first line of a report has no word to search for, the parser finds it by the
/// lines after it, if they come together.
///
/// ```
/// use std::io::Read;
///
/// let mut log = liboops::rejoined(b"tool(321): ".to_vec(), &b"Kernel Bug 1\n"[..]);
/// let mut buffer = [0; 64];
/// assert_eq!(log.read(&mut buffer)?, 24);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn rejoined<R: Read>(begin: Vec<u8>, rest: R) -> impl Read {
    Rejoined { begin: io::Cursor::new(begin), rest, failed: None }
}

struct Rejoined<R> {
    begin: io::Cursor<Vec<u8>>,
    rest: R,
    /// Why no more could be read behind the beginning, for the next read.
    failed: Option<io::Error>,
}

impl<R: Read> Read for Rejoined<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let begun = self.begin.read(buffer)?;
        let Some(more) = buffer.get_mut(begun..).filter(|more| !more.is_empty()) else { return Ok(begun) };
        match self.rest.read(more) {
            Ok(count) => Ok(begun.saturating_add(count)),
            Err(error) if begun == 0 => Err(error),
            Err(error) => {
                self.failed = Some(error);
                Ok(begun)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    #[test]
    fn no_byte_is_lost_in_small_reads() {
        let mut log = rejoined(vec![b'a'; 25], &[b'b'; 32][..]);
        let (mut all, mut small) = (Vec::new(), [0; 10]);
        while let count @ 1.. = log.read(&mut small).unwrap() {
            all.extend_from_slice(&small[..count]);
        }
        assert_eq!(all, [vec![b'a'; 25], vec![b'b'; 32]].concat());
    }

    #[test]
    fn an_error_comes_behind_what_was_read() {
        let mut log = rejoined(vec![b'a'; 25], Failing);
        let mut buffer = [0; 64];
        assert_eq!(log.read(&mut buffer).unwrap(), 25);
        assert_eq!(log.read(&mut buffer).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}
