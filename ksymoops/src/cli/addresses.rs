// SPDX-License-Identifier: MIT OR Apache-2.0
//! `-A`: addresses without a log.

use liboops::report::{Block, Frame, Hex, Kind, Line, Place, Span};

/// Shorter words are not taken for addresses.
const MIN_DIGITS: usize = 4;

/// Makes a report of the addresses in a text: words of 4 to 16 hexadecimal digits, with or without `0x`,
/// between blanks or punctuation. Other words are ignored. `None` if there is no address.
pub(super) fn block(text: &str) -> Option<Block> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let digits = words.map(|word| word.strip_prefix("0x").unwrap_or(word));
    let digits = digits.filter(|word| word.len() >= MIN_DIGITS);
    let addresses: Vec<u64> = digits.filter_map(|word| u64::from_str_radix(word, 16).ok()).collect();
    if addresses.is_empty() {
        return None;
    }
    // Parsing makes a complete report; what it says is replaced.
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
        block.lines.push(Line { span, body, caller: None, report: Some(0), continues: false });
        body
    };
    report.title.span = add("Addresses\n".to_owned());
    for address in addresses {
        let span = add(format!("  {address:016x}\n"));
        // As far as anybody knows these are not return addresses.
        let place = Place { span, address: Some(Hex(address)), exact: true, ..Place::default() };
        report.frames.push(Frame { place, context: None });
        report.span.end = span.end;
    }
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_are_ignored() {
        let block = block("foo <c01e8d10> at 0xffffffff81234567, +3 abcdefg").unwrap();
        let found: Vec<_> = block.reports[0].frames.iter().filter_map(|frame| frame.place.address).collect();
        assert_eq!(found, [Hex(0xc01e_8d10), Hex(0xffff_ffff_8123_4567)]);
        assert_eq!(block.text, b"Addresses\n  00000000c01e8d10\n  ffffffff81234567\n");
        assert!(super::block("no address: 123 fifty").is_none());
    }
}
