// SPDX-License-Identifier: MIT OR Apache-2.0
//! `-A`: addresses without a log.

use liboops;
use liboops::report::{Block, Frame, Kind, Line, Place, Span};

/// A report of the addresses in a text: what is 4 to 16 hexadecimal digits between blanks or punctuation, with or without `0x`. Other words are
/// passed over. None where there is no address.
pub(super) fn block(text: &str) -> Option<Block> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let digits = words.map(|word| word.strip_prefix("0x").unwrap_or(word)).filter(|word| word.len() >= 4);
    let addresses: Vec<u64> = digits.filter_map(|word| u64::from_str_radix(word, 16).ok()).collect();
    if addresses.is_empty() {
        return None;
    }
    // An empty report, as the parser makes it.
    let mut block = liboops::blocks(b"BUG: Addresses\n").pop()?;
    let report = block.reports.first_mut()?;
    report.kind = Kind::Addresses;
    report.title.value = "Addresses".to_owned();
    block.text.clear();
    block.lines.clear();
    let mut add = |line: String| {
        let start = u64::try_from(block.text.len()).unwrap_or(u64::MAX);
        block.text.extend_from_slice(line.as_bytes());
        let end = u64::try_from(block.text.len()).unwrap_or(u64::MAX);
        let body = Span { start, end: end.saturating_sub(1) };
        let span = Span { start, end };
        let mut line = Line::new(span, body);
        line.report = Some(0);
        block.lines.push(line);
        body
    };
    report.title.span = add("Addresses\n".to_owned());
    for address in addresses {
        let span = add(format!("  {address:016x}\n"));
        // Not return addresses, as far as anybody knows.
        report.frames.push(Frame::new(Place::at(address, span)));
        report.span.end = span.end;
    }
    Some(block)
}

#[cfg(test)]
mod tests {
    use liboops::report::Hex;

    use super::*;

    #[test]
    fn words_are_passed_over() {
        let block = block("foo <c01e8d10> at 0xffffffff81234567, +3 abcdefg").unwrap();
        let found: Vec<_> = block.reports[0].frames.iter().filter_map(|frame| frame.place.address).collect();
        assert_eq!(found, [Hex(0xc01e_8d10), Hex(0xffff_ffff_8123_4567)]);
        assert_eq!(block.text, b"Addresses\n  00000000c01e8d10\n  ffffffff81234567\n");
        assert!(super::block("no address: 123 fifty").is_none());
    }
}
