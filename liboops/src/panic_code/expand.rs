// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replaces the codes in a text by the logs in them, line by line.

use memchr::memmem;

use super::code::PanicCode;
use super::find::{self, MARKER, Parameters, SCANNER_PREFIX};
use super::found_codes::{FoundCode, FoundCodes};
use crate::report::Span;

/// More digits are not a code. A QR code holds 7089; this is room for a whole log.
pub(super) const MAX_DIGITS: usize = 1 << 18;

/// Codes are looked for in so many bytes of a log. It is a scanner that writes them, not a machine in weeks,
/// and the search takes a tenth of the time that such a log is read in.
const MAX_SEARCHED_BYTES: u64 = 16 << 20;

/// Goes through the lines of a text.
#[derive(Debug)]
pub(super) struct Expander {
    found: FoundCodes,
    open: Option<OpenCode>,
    is_first_line: bool,
    /// How many bytes were written.
    written: u64,
}

/// A code that ends with its line. The next one may have more of its digits.
#[derive(Debug)]
struct OpenCode {
    parameters: Parameters,
    digits: Vec<u8>,
    /// What is before it in its line.
    before: Vec<u8>,
    /// All of its lines, from where it begins.
    text: Vec<u8>,
}

impl Expander {
    pub fn new(found: FoundCodes) -> Self {
        Self { found, open: None, is_first_line: true, written: 0 }
    }

    /// Whether lines of text go through as they are: they have no code, and go on with none.
    pub fn passes(&self, lines: &[u8]) -> bool {
        let left = usize::try_from(MAX_SEARCHED_BYTES.saturating_sub(self.written)).unwrap_or(usize::MAX);
        let searched = lines.get(..left).unwrap_or(lines);
        self.open.is_none() && !self.is_first_line && memmem::find(searched, MARKER).is_none()
    }

    /// Takes note of lines that went through.
    pub fn note_passed(&mut self, lines: &[u8]) {
        self.written = self.written.saturating_add(length_of(lines));
    }

    /// Appends whole lines to `out`, with the logs in place of the codes.
    pub fn push(&mut self, lines: &[u8], out: &mut Vec<u8>) {
        let mut rest = lines;
        while !rest.is_empty() {
            if self.passes(rest) {
                self.write(rest, out);
                return;
            }
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
            let (line, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.line(line, out);
            self.is_first_line = false;
            rest = behind;
        }
    }

    /// Appends what is left at the end of the text.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(open) = self.open.take() {
            self.close(&open, out);
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        if let Some(mut open) = self.open.take() {
            match more_digits(line) {
                Some(more) if open.digits.len().saturating_add(more.len()) <= MAX_DIGITS => {
                    open.digits.extend_from_slice(more);
                    open.text.extend_from_slice(line);
                    self.open = Some(open);
                    return;
                }
                _ => self.close(&open, out),
            }
        }
        let mut rest = line;
        while let Some(code) = find::first(rest, self.is_first_line) {
            let end = code.digits.end.min(code.digits.start.saturating_add(MAX_DIGITS));
            let before = rest.get(..code.start).unwrap_or_default();
            let behind = rest.get(end..).unwrap_or_default();
            // A mail's encoding marks a line that goes on.
            let is_last = matches!(behind.trim_ascii(), b"" | b"=");
            let text = rest.get(code.start..if is_last { rest.len() } else { end }).unwrap_or_default();
            let digits = rest.get(code.digits.start..end).unwrap_or_default().to_vec();
            let (before, text) = (before.to_vec(), text.to_vec());
            let open = OpenCode { parameters: code.parameters, digits, before, text };
            if is_last {
                self.open = Some(open);
                return;
            }
            self.close(&open, out);
            rest = behind;
        }
        self.write(rest, out);
    }

    /// Writes the log in a code, or the code itself if there is none to be read.
    fn close(&mut self, open: &OpenCode, out: &mut Vec<u8>) {
        let code = PanicCode::new(&open.parameters, &open.digits);
        let has_text = !code.text.is_empty();
        if !has_text {
            self.write(&open.before, out);
        } else if !matches!(open.before.trim_ascii(), b"" | SCANNER_PREFIX) {
            self.write(&open.before, out);
            self.write(b"\n", out);
        }
        let start = self.written;
        self.write(if has_text { &code.text } else { &open.text }, out);
        let end = if has_text { self.written } else { start };
        if has_text && !code.text.ends_with(b"\n") {
            self.write(b"\n", out);
        }
        let PanicCode { arch, release, extent, .. } = code;
        self.found.add(FoundCode { arch, release, extent, span: Span { start, end } });
    }

    fn write(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.written = self.written.saturating_add(length_of(text));
        out.extend_from_slice(text);
    }
}

/// The digits of a line that has nothing else, but for a mail's quotation marks and its sign of a line that
/// goes on.
fn more_digits(line: &[u8]) -> Option<&[u8]> {
    let quotes = line.iter().take_while(|byte| matches!(byte, b'>' | b' ' | b'\t')).count();
    let text = line.get(quotes..)?.trim_ascii_end();
    let text = text.strip_suffix(b"=").unwrap_or(text);
    (!text.is_empty() && text.iter().all(u8::is_ascii_digit)).then_some(text)
}

fn length_of(text: &[u8]) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_looked_for_at_the_beginning_of_a_log() {
        let mut expander = Expander::new(FoundCodes::default());
        expander.is_first_line = false;
        let code = b"&z=22850245147461960127479103797202645679929458617911856021402989363788\n";
        expander.written = MAX_SEARCHED_BYTES - 2;
        assert!(!expander.passes(code), "the mark is just within the limit");
        expander.written += 1;
        assert!(expander.passes(code));
    }
}
