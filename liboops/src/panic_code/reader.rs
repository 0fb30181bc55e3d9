// SPDX-License-Identifier: MIT OR Apache-2.0
//! A reader of a log in which codes are replaced by the logs in them.

use std::io::{self, Read};

use super::expand::{Expander, MAX_DIGITS};
use super::found_codes::FoundCodes;

/// In smaller buffers lines are not put together.
const MIN_BUFFER_BYTES: usize = 1 << 12;
/// How much is read at once where the caller's buffer is small, in bytes.
const PIECE_BYTES: usize = 1 << 12;
/// A longer line is taken as several.
const MAX_LINE_BYTES: usize = MAX_DIGITS * 2;

/// Wraps the reader of a log. Each code of a panic screen in it is replaced by the log that it holds, whole
/// lines of their own; all else comes out as it is. Lines come out when they are whole.
///
/// What was found is added to the second value while the first one is read.
///
/// ```
/// use std::io::Read;
///
/// let url = b"QR-Code:http://example.org/?a=x86_64&v=6.16.0&\
///             z=22850245147461960127479103797202645679929458617911856021402989363788\n";
/// let (mut log, codes) = liboops::panic_code::reader(&url[..]);
/// let mut text = String::new();
/// log.read_to_string(&mut text)?;
/// assert_eq!(text, "Test compressed zlib\n");
/// assert_eq!(codes.take_new()[0].release.as_deref(), Some("6.16.0"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn reader<R: Read>(input: R) -> (impl Read, FoundCodes) {
    let codes = FoundCodes::default();
    let expander = Expander::new(codes.clone());
    let (held, ready) = (Vec::new(), Vec::new());
    (Reader { input, expander, held, ready, sent: 0, at_end: false, is_paused: false, failed: None }, codes)
}

#[derive(Debug)]
struct Reader<R> {
    input: R,
    expander: Expander,
    /// The beginning of a line that was read.
    held: Vec<u8>,
    /// Text for the caller, and how much of it was passed on.
    ready: Vec<u8>,
    sent: usize,
    at_end: bool,
    /// There is nothing to read at the moment: see [`crate::stream`].
    is_paused: bool,
    /// Why no more could be read, for when all text is passed on.
    failed: Option<io::Error>,
}

impl<R: Read> Reader<R> {
    /// Reads into the caller's buffer, where the lines stay if they have no code. Returns how many bytes of
    /// it are the caller's.
    fn read_through(&mut self, buffer: &mut [u8]) -> usize {
        let Some((begin, rest)) = buffer.split_at_mut_checked(self.held.len()) else { return 0 };
        let count = self.read_input(rest);
        begin.copy_from_slice(&self.held);
        let filled = begin.len().saturating_add(count);
        let text = buffer.get(..filled).unwrap_or_default();
        let end = self.end_of_lines(text, count);
        let (lines, held) = text.split_at_checked(end).unwrap_or((text, &[]));
        let held = held.to_vec();
        if self.expander.passes(lines) {
            self.expander.note_passed(lines);
            self.held = held;
            return end;
        }
        self.expander.push(lines, &mut self.ready);
        self.held = held;
        0
    }

    /// Reads a piece; its whole lines become ready.
    fn read_piece(&mut self) {
        let mut piece = [0; PIECE_BYTES];
        let count = self.read_input(&mut piece);
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(piece.get(..count).unwrap_or_default());
        let end = self.end_of_lines(&text, count);
        let (lines, _) = text.split_at_checked(end).unwrap_or((&text, &[]));
        self.expander.push(lines, &mut self.ready);
        text.drain(..end);
        self.held = text;
    }

    /// Where the whole lines end in a text whose last `new` bytes were just read.
    fn end_of_lines(&self, text: &[u8], new: usize) -> usize {
        let from = text.len().saturating_sub(new);
        match memchr::memrchr(b'\n', text.get(from..).unwrap_or_default()) {
            _ if self.at_end => text.len(),
            Some(end) => from.saturating_add(end).saturating_add(1),
            None if text.len() > MAX_LINE_BYTES => text.len(),
            None => 0,
        }
    }

    fn read_input(&mut self, buffer: &mut [u8]) -> usize {
        loop {
            match self.input.read(buffer) {
                Ok(count) => {
                    self.at_end = count == 0;
                    return count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    self.is_paused = true;
                    return 0;
                }
                Err(error) => {
                    (self.at_end, self.failed) = (true, Some(error));
                    return 0;
                }
            }
        }
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(text) = self.ready.get(self.sent..).filter(|text| !text.is_empty()) {
                let count = text.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..count), text.get(..count)) {
                    to.copy_from_slice(from);
                }
                self.sent = self.sent.saturating_add(count);
                return Ok(count);
            }
            self.ready.clear();
            self.sent = 0;
            if self.at_end {
                return self.failed.take().map_or(Ok(0), Err);
            }
            if buffer.len() >= MIN_BUFFER_BYTES && self.held.len() < buffer.len() / 2 {
                let count = self.read_through(buffer);
                if self.at_end {
                    self.expander.finish(&mut self.ready);
                }
                if count > 0 {
                    return Ok(count);
                }
            } else {
                self.read_piece();
                if self.at_end {
                    self.expander.finish(&mut self.ready);
                }
            }
            if std::mem::take(&mut self.is_paused) && self.ready.is_empty() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Extent;
    use super::*;

    const DIGITS: &str = "22850245147461960127479103797202645679929458617911856021402989363788";

    /// Reads with buffers of this size, from a reader that yields as little.
    fn read(log: &str, size: usize) -> (String, FoundCodes) {
        struct Slow<'t>(&'t [u8], usize);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = buffer.len().min(self.1);
                self.0.read(&mut buffer[..count])
            }
        }
        let (mut reader, codes) = reader(Slow(log.as_bytes(), size));
        let (mut text, mut buffer) = (Vec::new(), vec![0; size]);
        while let count @ 1.. = reader.read(&mut buffer).unwrap() {
            text.extend_from_slice(&buffer[..count]);
        }
        (String::from_utf8(text).unwrap(), codes)
    }

    fn expanded(log: &str) -> String {
        let sizes = [1 << 16, 1, 61, 4096, 5000].map(|size| read(log, size).0);
        assert!(sizes.iter().all(|text| *text == sizes[0]), "{sizes:?}");
        sizes[0].clone()
    }

    #[test]
    fn other_text_comes_out_as_it_is() {
        let long = "x&z=1 ".repeat(10_000);
        for log in ["", "a", "a\nb", "\n\n", "z=123\n", "x?a=1&z=12\n", "&z", "&z=", "a=1&v=2&z=x\n", &long] {
            assert_eq!(expanded(log), log);
        }
    }

    #[test]
    fn a_code_among_other_lines() {
        let url = format!("http://example.org/?a=x86_64&v=6.16.0&z={DIGITS}");
        let text = "Test compressed zlib\n";
        assert_eq!(expanded(&url), text);
        assert_eq!(expanded(&format!("one\n{url}\ntwo\n")), format!("one\n{text}two\n"));
        assert_eq!(expanded(&format!("one\nsee <{url}> there\n")), format!("one\nsee <\n{text}> there\n"));
        assert_eq!(
            expanded(&format!("{url} {url}\n{url}")),
            format!("{text} \n{text}{text}").replace(" \n", "")
        );
        let (_, codes) = read(&format!("one\nQR-Code:{url}\n"), 1 << 16);
        let [code] = codes.take_new().try_into().unwrap();
        assert_eq!((code.span, code.extent), (Span { start: 4, end: 24 }, Extent::Whole));
    }

    #[test]
    fn digits_that_were_wrapped() {
        let (first, second) = DIGITS.split_at(30);
        let (second, third) = second.split_at(20);
        for (quote, end) in [("", "\n"), ("> ", "\n"), ("", "\r\n"), ("> > ", "=\n")] {
            let log =
                format!("{quote}http://e/#?a=x&v=6&z={first}{end}{quote}{second}{end}{quote}{third}\nend\n");
            let found = expanded(&log);
            assert!(found.ends_with("Test compressed zlib\nend\n"), "{found}");
        }
        // What follows a whole code is not of it.
        let log = format!("a=x&v=6&z={DIGITS}\n12345 is a number\n");
        assert_eq!(expanded(&log), "Test compressed zlib\n12345 is a number\n");
    }

    #[test]
    fn a_code_without_text_stays() {
        for digits in ["1", "228", "99999999999999999", "00000000000000000"] {
            let log = format!("one\nhttp://e/?a=x&v=6&z={digits}\ntwo\n");
            assert_eq!(expanded(&log), log);
            let [code] = read(&log, 100).1.take_new().try_into().unwrap();
            assert_eq!(code.span, Span { start: 4, end: 4 });
        }
    }

    use crate::report::Span;

    #[test]
    fn an_error_comes_behind_what_was_read() {
        struct Failing(bool);
        impl Read for Failing {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::ErrorKind::PermissionDenied.into());
                }
                buffer[..3].copy_from_slice(b"one");
                Ok(3)
            }
        }
        let (mut reader, _) = reader(Failing(false));
        let mut text = Vec::new();
        assert_eq!(reader.read_to_end(&mut text).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(text, b"one");
    }
}
