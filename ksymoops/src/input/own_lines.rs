// SPDX-License-Identifier: MIT OR Apache-2.0
//! Leaves out the lines that ksymoops itself has added to a log, `  ;; `: they are written anew.

use std::io::{self, Read};

use memchr::{memmem, memrchr};

/// What such a line begins with; a colour may stand before the semicolons.
const MARGIN: &[u8] = b"  ";
const MARK: &[u8] = b";; ";
/// No colour has more bytes: `\x1b[1;35m`.
const MAX_COLOUR_BYTES: usize = 12;

/// A reader without these lines.
#[derive(Debug)]
pub struct WithoutOwnLines<R> {
    inner: R,
    /// The beginning of a line, as long as it may be such a mark.
    held: Vec<u8>,
    /// What is yet to be given out.
    ready: Vec<u8>,
    line: Line,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Begins,
    IsOwn,
    IsOther,
}

/// What a beginning of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Is,
    MayBe,
    IsNot,
}

impl<R> WithoutOwnLines<R> {
    /// Reads from a log.
    pub fn new(inner: R) -> Self {
        Self { inner, held: Vec::new(), ready: Vec::new(), line: Line::Begins }
    }

    /// How many bytes there are to give out as they are, if that can be told at once: most logs have no such
    /// line.
    fn passed(&mut self, text: &[u8]) -> Option<usize> {
        if self.line == Line::IsOwn || !self.held.is_empty() || memmem::find(text, MARK).is_some() {
            return None;
        }
        let last = memrchr(b'\n', text).map_or(0, |at| at.saturating_add(1));
        let begins = last > 0 || self.line == Line::Begins;
        let end = text.get(last..).filter(|_| begins).unwrap_or_default();
        // It may go on as a mark.
        if !end.is_empty() && mark(end) == Mark::MayBe {
            return None;
        }
        self.line = if begins && end.is_empty() { Line::Begins } else { Line::IsOther };
        Some(text.len())
    }

    fn take(&mut self, byte: u8) {
        match self.line {
            Line::Begins => {
                self.held.push(byte);
                match mark(&self.held) {
                    Mark::MayBe => return,
                    Mark::Is => {
                        self.held.clear();
                        self.line = Line::IsOwn;
                    }
                    Mark::IsNot => {
                        self.ready.append(&mut self.held);
                        self.line = Line::IsOther;
                    }
                }
            }
            Line::IsOwn => {}
            Line::IsOther => self.ready.push(byte),
        }
        if byte == b'\n' {
            self.line = Line::Begins;
        }
    }
}

fn mark(begin: &[u8]) -> Mark {
    let Some(rest) = begin.strip_prefix(MARGIN) else {
        return if MARGIN.starts_with(begin) { Mark::MayBe } else { Mark::IsNot };
    };
    let rest = match rest.strip_prefix(b"\x1b") {
        None => rest,
        Some(colour) => match colour.iter().position(|byte| *byte == b'm') {
            Some(end) if is_colour(colour.get(..end).unwrap_or_default()) => {
                colour.get(end.saturating_add(1)..).unwrap_or_default()
            }
            None if colour.len() < MAX_COLOUR_BYTES && (colour.is_empty() || is_colour(colour)) => {
                return Mark::MayBe;
            }
            _ => return Mark::IsNot,
        },
    };
    if rest.starts_with(MARK) {
        Mark::Is
    } else if MARK.starts_with(rest) {
        Mark::MayBe
    } else {
        Mark::IsNot
    }
}

/// `[1;35`
fn is_colour(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"[");
    digits.is_some_and(|digits| digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b';'))
}

impl<R: Read> Read for WithoutOwnLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() && !buffer.is_empty() {
            // The caller's buffer is as good as any.
            let count = self.inner.read(buffer)?;
            if count == 0 {
                self.ready.append(&mut self.held);
                break;
            }
            let all = buffer.get(..count).unwrap_or_default();
            if let Some(count) = self.passed(all) {
                return Ok(count);
            }
            for &byte in all {
                self.take(byte);
            }
        }
        let count = self.ready.len().min(buffer.len());
        let (now, later) = self.ready.split_at_checked(count).unwrap_or_default();
        if let Some(room) = buffer.get_mut(..count) {
            room.copy_from_slice(now);
        }
        self.ready = later.to_vec();
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives one byte at a time, or more.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn read(log: &[u8], at_once: usize) -> Vec<u8> {
        let mut text = Vec::new();
        WithoutOwnLines::new(Slow(log, at_once)).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn lines_of_our_own_are_left_out() {
        for (log, text) in [
            ("a\n  ;; what  x\n  ;;         y\nb\n", "a\nb\n"),
            ("  ;; only", ""),
            ("  \x1b[1;31m;; what\x1b[0m\nb", "b"),
            ("  ;;x\n ;; y\n;; z\n   ;; w\n", "  ;;x\n ;; y\n;; z\n   ;; w\n"),
            ("  \x1b[2J;; x\n  \x1b;; y\n", "  \x1b[2J;; x\n  \x1b;; y\n"),
            ("a\n  ", "a\n  "),
            ("a\n  \x1b[1", "a\n  \x1b[1"),
            ("\n\n  \n", "\n\n  \n"),
        ] {
            for at_once in [1, 2, 7, 4096] {
                assert_eq!(String::from_utf8(read(log.as_bytes(), at_once)).unwrap(), text, "{log:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn everything_else_is_as_it_was(log in "[ ;a\n\u{1b}\\[1m]{0,60}", at_once in 1_usize..9) {
            let text = read(log.as_bytes(), at_once);
            let is_own = |line: &&str| {
                let line = line.trim_end_matches('\n');
                let rest = line.strip_prefix("  ").map(|rest| {
                    let colour = rest.strip_prefix("\x1b[").and_then(|rest| rest.split_once('m'));
                    let is_colour = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
                    colour.filter(|(text, _)| text.len() < 11 && is_colour(text)).map_or(rest, |(_, rest)| rest)
                });
                rest.is_some_and(|rest| rest.starts_with(";; "))
            };
            let kept: String = log.split_inclusive('\n').filter(|line| !is_own(line)).collect();
            prop_assert_eq!(String::from_utf8(text).unwrap(), kept);
        }
    }
}
