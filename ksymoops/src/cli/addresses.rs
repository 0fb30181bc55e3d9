// SPDX-License-Identifier: MIT OR Apache-2.0
//! `-A`: addresses without a log.

use liboops::report::{Block, Frame, Kind, Line, Place, Report, Span, Spanned};

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
    let mut block = Block::default();
    let title = Spanned { value: "Addresses".to_owned(), span: add_line(&mut block, "Addresses") };
    let mut report = Report::new(Kind::Addresses, title);
    for address in addresses {
        let span = add_line(&mut block, &format!("  {address:016x}"));
        // As far as anybody knows these are not return addresses.
        report.frames.push(Frame::new(Place::at(address, span)));
        report.span.end = span.end;
    }
    block.reports.push(report);
    Some(block)
}

/// Adds a line of the only report; returns where it is.
fn add_line(block: &mut Block, text: &str) -> Span {
    let offset = |block: &Block| u64::try_from(block.text.len()).unwrap_or(u64::MAX);
    let start = offset(block);
    block.text.extend_from_slice(text.as_bytes());
    let body = Span { start, end: offset(block) };
    block.text.push(b'\n');
    let mut line = Line::new(Span { start, end: offset(block) }, body);
    line.report = Some(0);
    block.lines.push(line);
    body
}

#[cfg(test)]
mod tests {
    use liboops::report::Hex;

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
