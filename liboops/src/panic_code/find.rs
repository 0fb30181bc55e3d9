// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds a code in a line.

use std::ops::Range;

use memchr::memmem;

use super::digits::Encoding;
use crate::cursor;

/// What every code has in it that comes with a URL or its parameters.
pub(super) const MARKER: &[u8] = b"&z";
/// What `zbarimg` and `zbarcam` print before each code.
pub(super) const SCANNER_PREFIX: &[u8] = b"QR-Code:";
/// Longer than any URL and its parameters: the kernel cuts them at 255 bytes.
const MAX_URL_BYTES: usize = 512;

/// A code in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it begins: the URL, or what is left of it.
    pub start: usize,
    /// Where its digits are. There is at least one.
    pub digits: Range<usize>,
    pub parameters: Parameters,
}

/// What the parameters of a code say besides the digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    pub arch: Option<String>,
    pub release: Option<String>,
    pub encoding: Encoding,
}

/// The first code in a line. In the first line of an input it may have no other parameter than the digits.
pub(super) fn first(line: &[u8], is_first_line: bool) -> Option<Found> {
    let marked = memmem::find_iter(line, MARKER).find_map(|at| marked(line, at));
    marked.or_else(|| alone(line).filter(|_| is_first_line))
}

/// A code whose last parameter begins at `marker`.
fn marked(line: &[u8], marker: usize) -> Option<Found> {
    let (digits, encoding) = value(line, marker.checked_add(1)?)?;
    let least = marker.saturating_sub(MAX_URL_BYTES);
    let before = line.get(least..marker)?;
    let word = before.iter().rposition(|byte| is_outside(*byte)).map_or(0, |at| at.saturating_add(1));
    let scanned = before.get(word..)?.strip_prefix(SCANNER_PREFIX);
    let start = word.saturating_add(scanned.map_or(0, |_| SCANNER_PREFIX.len()));
    let url = before.get(start..)?;
    let query = url.iter().rposition(|byte| matches!(byte, b'?' | b'#')).map_or(0, |at| at.saturating_add(1));
    let mut parameters = Parameters { arch: None, release: None, encoding };
    for parameter in url.get(query..)?.split(|byte| *byte == b'&') {
        let value = |name: &[u8]| parameter.strip_prefix(name).filter(|value| !value.is_empty());
        if let Some(arch) = value(b"a=") {
            parameters.arch = Some(cursor::text(arch));
        } else if let Some(release) = value(b"v=") {
            parameters.release = Some(cursor::text(release));
        }
    }
    // Other pages have parameters of this name.
    let is_one = parameters.arch.is_some() && parameters.release.is_some();
    is_one.then(|| Found { start: least.saturating_add(start), digits, parameters })
}

/// `z=DIGITS` at the beginning of a line.
fn alone(line: &[u8]) -> Option<Found> {
    let trimmed = line.trim_ascii_start();
    let trimmed = trimmed.strip_prefix(SCANNER_PREFIX).unwrap_or(trimmed);
    let start = line.len().checked_sub(trimmed.len())?;
    let marks = trimmed.iter().take_while(|byte| matches!(byte, b'?' | b'#')).count();
    let (digits, encoding) = value(line, start.checked_add(marks)?)?;
    Some(Found { start, digits, parameters: Parameters { arch: None, release: None, encoding } })
}

/// The digits of the parameter that begins at `at`, if it is `z=` or `zl=` with digits.
fn value(line: &[u8], at: usize) -> Option<(Range<usize>, Encoding)> {
    let rest = line.get(at..)?;
    let (name, encoding) = match rest {
        [b'z', b'=', ..] => (2, Encoding::Bytes),
        [b'z', b'l', b'=', ..] => (3, Encoding::Bits),
        _ => return None,
    };
    let count = rest.get(name..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = at.checked_add(name)?;
    (count > 0).then(|| (start..start.saturating_add(count), encoding))
}

/// Whether a byte is not part of a URL, but of the text around it.
fn is_outside(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'(' | b'[' | b'{' | b'|')
}
