// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs in UTF-16, as terminal programs and shells of Windows save them. They are read as UTF-8.

use std::io::{self, Read};

/// How much is decoded at once, in bytes.
const PIECE_BYTES: usize = 1 << 16;

/// The order of the bytes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Whether a log is in UTF-16, by its first bytes: a byte order mark, or ASCII text with a zero byte next to
/// each letter.
pub(super) fn detect(begin: &[u8]) -> Option<Order> {
    match begin {
        [0xff, 0xfe, ..] => return Some(Order::Little),
        [0xfe, 0xff, ..] => return Some(Order::Big),
        _ => {}
    }
    let (pairs, _) = begin.as_chunks::<2>();
    let is_ascii = |byte: u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~');
    let all = |is: fn([u8; 2]) -> (u8, u8)| {
        pairs.iter().all(|&pair| {
            let (letter, zero) = is(pair);
            is_ascii(letter) && zero == 0
        })
    };
    if pairs.len() < 4 {
        None
    } else if all(|[low, high]| (low, high)) {
        Some(Order::Little)
    } else if all(|[high, low]| (low, high)) {
        Some(Order::Big)
    } else {
        None
    }
}

/// Reads UTF-16 as UTF-8. What is not valid becomes U+FFFD.
#[derive(Debug)]
pub(super) struct Decoder<R> {
    input: R,
    order: Order,
    /// Bytes that are not yet decoded: a cut unit, or the first half of a pair.
    rest: Vec<u8>,
    /// Decoded text, and how much of it was read.
    text: Vec<u8>,
    read: usize,
    is_first: bool,
}

impl<R: Read> Decoder<R> {
    pub fn new(input: R, order: Order) -> Self {
        Self { input, order, rest: Vec::new(), text: Vec::new(), read: 0, is_first: true }
    }

    /// Decodes the next piece. `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = vec![0; PIECE_BYTES];
        let count = self.input.read(&mut piece)?;
        self.rest.extend_from_slice(piece.get(..count).unwrap_or_default());
        let at_end = count == 0;
        let (pairs, odd) = self.rest.as_chunks::<2>();
        let mut units: Vec<u16> = pairs
            .iter()
            .map(|&pair| match self.order {
                Order::Little => u16::from_le_bytes(pair),
                Order::Big => u16::from_be_bytes(pair),
            })
            .collect();
        let mut kept = odd.to_vec();
        if let (false, Some(&last), Some(pair)) = (at_end, units.last(), pairs.last())
            && (0xd800..0xdc00).contains(&last)
        {
            units.pop();
            kept = [pair, odd].concat();
        }
        let mut text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect();
        if std::mem::take(&mut self.is_first) && text.starts_with('\u{feff}') {
            text.remove(0);
        }
        if at_end && !kept.is_empty() {
            text.push('\u{fffd}');
            kept.clear();
        }
        self.rest = kept;
        (self.text, self.read) = (text.into_bytes(), 0);
        Ok(!at_end || !self.text.is_empty())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.text.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let left = self.text.get(self.read..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), left.get(..count)) {
            to.copy_from_slice(from);
        }
        self.read = self.read.saturating_add(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that yields few bytes at a time.
    struct Slow<'t>(&'t [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(3).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn decoded(bytes: &[u8]) -> Option<String> {
        let order = detect(&bytes[..bytes.len().min(64)])?;
        let mut text = String::new();
        Decoder::new(Slow(bytes), order).read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn both_orders_with_and_without_a_mark() {
        let text = "[    1.000000] BUG: \u{1f41b} ü\r\n";
        for mark in ["\u{feff}", ""] {
            let units: Vec<u16> = format!("{mark}{text}{text}").encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            if !mark.is_empty() {
                assert_eq!(decoded(&little), Some(text.repeat(2)));
                assert_eq!(decoded(&big), Some(text.repeat(2)));
            }
        }
        let plain: Vec<u8> = "BUG: plain text".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&plain).as_deref(), Some("BUG: plain text"));
    }

    #[test]
    fn other_text_is_none() {
        for bytes in [&b""[..], b"a\0b\0", b"[    1.000000] BUG: x", &[0; 64]] {
            assert_eq!(detect(bytes), None);
        }
    }

    #[test]
    fn what_is_not_valid_is_replaced() {
        assert_eq!(decoded(b"\xff\xfea\0\x00\xd8b\0c").as_deref(), Some("a\u{fffd}b\u{fffd}"));
    }
}
