// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests, one on a line. Of a line that is too long nothing is kept.

use std::io::{self, BufRead};

/// A line of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestLine {
    /// Its bytes, without the line end.
    Whole(Vec<u8>),
    /// It has more bytes than the limit.
    TooLong,
}

/// The lines of an input.
#[derive(Debug)]
pub struct RequestLines<R> {
    input: R,
    max_bytes: usize,
}

impl<R: BufRead> RequestLines<R> {
    /// Lines of at most `max_bytes` bytes.
    pub fn new(input: R, max_bytes: usize) -> Self {
        Self { input, max_bytes }
    }

    /// Reads the next line; `None` at the end. The last one may lack its line end.
    ///
    /// # Errors
    /// Those of the input.
    pub fn next_line(&mut self) -> io::Result<Option<RequestLine>> {
        let mut line = Vec::new();
        let (mut is_too_long, mut is_empty) = (false, true);
        loop {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            is_empty = is_empty && piece.is_empty();
            let end = memchr::memchr(b'\n', piece);
            let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
            is_too_long = is_too_long || line.len().saturating_add(text.len()) > self.max_bytes;
            if is_too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(text);
            }
            let count = text.len().saturating_add(usize::from(end.is_some()));
            let is_last = piece.is_empty();
            self.input.consume(count);
            if is_empty {
                return Ok(None);
            }
            if end.is_some() || is_last {
                return Ok(Some(if is_too_long { RequestLine::TooLong } else { RequestLine::Whole(line) }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(input: &[u8], buffer: usize) -> Vec<RequestLine> {
        let mut lines = RequestLines::new(BufReader::with_capacity(buffer, input), 4);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push(line);
        }
        all
    }

    #[test]
    fn each_line_is_one_request() {
        let whole = |text: &str| RequestLine::Whole(text.as_bytes().to_vec());
        for buffer in [1, 2, 3, 100] {
            assert_eq!(lines(b"", buffer), []);
            assert_eq!(lines(b"\n", buffer), [whole("")]);
            assert_eq!(lines(b"one\n\ntwo", buffer), [whole("one"), whole(""), whole("two")]);
            assert_eq!(
                lines(b"four\nfives\ntoo long\nsix\nfives", buffer),
                [
                    whole("four"),
                    RequestLine::TooLong,
                    RequestLine::TooLong,
                    whole("six"),
                    RequestLine::TooLong
                ]
            );
        }
    }
}
