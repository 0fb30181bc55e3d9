// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs that survived a crash in firmware or reserved memory (`/sys/fs/pstore`). They come in parts, the
//! newest part first.
//!
//! ```
//! use liboops::pstore;
//!
//! let parts = b"Oops#1 Part1\nsecond\nOops#1 Part2\nfirst\n";
//! assert!(pstore::begins_part(parts));
//! assert_eq!(pstore::in_order(parts), b"Oops#1 Part2\nfirst\nOops#1 Part1\nsecond\n");
//! ```

use std::io::{self, Read};

use crate::cursor::Cursor as Text;
use crate::rejoined;

/// More bytes than any firmware keeps. The parts of a larger log stay in the order they have.
pub const MAX_BYTES: u64 = 16 << 20;
/// More bytes than the header of a part has.
const MAX_HEADER_BYTES: usize = 64;

/// Number of the dump and of the part in it.
type Number = (u64, u64);

/// `Oops#1 Part2`
fn header(line: &[u8]) -> Option<Number> {
    let mut cursor = Text::new(line.get(..MAX_HEADER_BYTES).unwrap_or(line).trim_ascii_end());
    let reason = cursor.take_while(|byte| byte.is_ascii_alphabetic() || byte == b' ');
    if reason.is_empty() || !cursor.eat(b"#") {
        return None;
    }
    let dump = cursor.decimal()?;
    let part = cursor.eat(b" Part").then(|| cursor.decimal())??;
    cursor.is_at_end().then_some((dump, part))
}

/// Whether a text begins with the header of a part.
#[must_use]
pub fn begins_part(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').next().and_then(header).is_some()
}

/// Puts the parts in order of time: dump by dump, each from its last part to its first.
#[must_use]
pub fn in_order(text: &[u8]) -> Vec<u8> {
    let mut parts: Vec<(Number, Vec<u8>)> = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if let Some(number) = header(line) {
            parts.push((number, Vec::new()));
        }
        match parts.last_mut() {
            Some((_, part)) => part.extend_from_slice(line),
            None => parts.push(((0, u64::MAX), line.to_vec())),
        }
    }
    parts.sort_by_key(|((dump, part), _)| (*dump, std::cmp::Reverse(*part)));
    let mut ordered = Vec::with_capacity(text.len());
    for (_, part) in parts {
        // The last line of the file may lack its line end.
        if !ordered.is_empty() && !ordered.ends_with(b"\n") {
            ordered.push(b'\n');
        }
        ordered.extend(part);
    }
    ordered
}

/// Wraps the reader of a log. If the log consists of such parts, they come out in order.
///
/// # Errors
/// Those of the reader.
pub fn reader<'r>(mut input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut begin = Vec::new();
    let wanted = u64::try_from(MAX_HEADER_BYTES).unwrap_or(u64::MAX);
    (&mut input).take(wanted).read_to_end(&mut begin)?;
    if begins_part(&begin) {
        (&mut input).take(MAX_BYTES).read_to_end(&mut begin)?;
        if u64::try_from(begin.len()).is_ok_and(|length| length < MAX_BYTES) {
            begin = in_order(&begin);
        }
    }
    Ok(Box::new(rejoined(begin, input)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        reader(text).unwrap().read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn parts_come_in_the_order_of_time() {
        let log = b"Panic#2 Part1\n<1>[ 3.0] c\nPanic#2 Part3\n<1>[ 1.0] a\nPanic#2 Part2\n<1>[ 2.0] b";
        assert_eq!(
            read(log),
            b"Panic#2 Part3\n<1>[ 1.0] a\nPanic#2 Part2\n<1>[ 2.0] b\nPanic#2 Part1\n<1>[ 3.0] c\n"
        );
        let dumps = b"Oops#1 Part1\nb\nPanic#2 Part1\nd\nPanic#2 Part2\nc\nOops#1 Part2\na\n";
        assert_eq!(read(dumps), b"Oops#1 Part2\na\nOops#1 Part1\nb\nPanic#2 Part2\nc\nPanic#2 Part1\nd\n");
    }

    #[test]
    fn other_logs_stay_as_they_are() {
        for log in
            [&b""[..], b"x", b"Oops#1 Part1 of it\nOops#1 Part2\n", b"[ 1.0] Oops#1 Part1\n", &[0; 1000]]
        {
            assert_eq!(read(log), log);
        }
    }
}
