// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long a log was, to be said if there was no report in it.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Nobody wants to know the lines of a longer log, and counting them takes time.
const MAX_COUNTED_BYTES: u64 = 64 << 20;

/// The length of a log, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Length(Rc<Cell<(u64, u64, bool)>>);

impl Length {
    /// Wraps a reader whose bytes and lines are counted.
    pub fn reader<R: Read>(&self, inner: R) -> LineCount<R> {
        LineCount { inner, length: self.clone() }
    }

    /// `1 line`, `12 lines`, `4096 MiB`
    pub fn words(&self) -> String {
        let (bytes, line_ends, ends_in_line) = self.0.get();
        let lines = line_ends.saturating_add(u64::from(ends_in_line));
        match lines {
            _ if bytes > MAX_COUNTED_BYTES => format!("{} MiB", bytes >> 20),
            1 => "1 line".to_owned(),
            _ => format!("{lines} lines"),
        }
    }

    fn add(&self, piece: &[u8]) {
        let Some(last) = piece.last() else { return };
        let (bytes, mut line_ends, _) = self.0.get();
        if bytes <= MAX_COUNTED_BYTES {
            let count = memchr::memchr_iter(b'\n', piece).count();
            line_ends = line_ends.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.0.set((bytes.saturating_add(length), line_ends, *last != b'\n'));
    }
}

/// A reader whose bytes and lines are counted.
#[derive(Debug)]
pub(super) struct LineCount<R> {
    inner: R,
    length: Length,
}

impl<R: Read> Read for LineCount<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.length.add(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_short_logs_and_size_of_long_ones() {
        for (log, words) in
            [(&b""[..], "0 lines"), (b"a", "1 line"), (b"a\n", "1 line"), (b"a\nb", "2 lines")]
        {
            let length = Length::default();
            length.reader(log).read_to_end(&mut Vec::new()).unwrap();
            assert_eq!(length.words(), words);
        }
        let length = Length::default();
        io::copy(&mut length.reader(io::repeat(b'\n').take(80 << 20)), &mut io::sink()).unwrap();
        assert_eq!(length.words(), "80 MiB");
    }
}
