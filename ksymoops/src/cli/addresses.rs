// SPDX-License-Identifier: MIT OR Apache-2.0
//! `-A`: addresses and places without a log.

use liboops::report::{Block, Frame, Kind, Line, Place, Report, Span, Spanned, places};

/// Shorter words are not taken for addresses.
const MIN_DIGITS: usize = 4;

/// Makes a report of the addresses and places in a text, in its order. Addresses are words of 4 to 16
/// hexadecimal digits, with or without `0x`, between blanks or punctuation; places are like
/// `symbol+0x1/0x2 [module]`. Other words are ignored. `None` if there is neither.
pub(super) fn block(text: &str) -> Option<Block> {
    let mut block = Block::default();
    let title = Spanned { value: "Addresses".to_owned(), span: add_line(&mut block, "Addresses") };
    let mut report = Report::new(Kind::Addresses, title);
    let mut from = 0;
    for mut place in places(text.as_bytes()) {
        let at = |offset: u64| usize::try_from(offset).unwrap_or(text.len());
        let (start, end) = (at(place.span.start), at(place.span.end));
        addresses(text.get(from..start).unwrap_or_default(), &mut block, &mut report);
        place.span = add_line(&mut block, &format!("  {}", text.get(start..end).unwrap_or_default().trim()));
        // As far as anybody knows these are not return addresses.
        place.exact = true;
        report.frames.push(Frame::new(place));
        from = end;
    }
    addresses(text.get(from..).unwrap_or_default(), &mut block, &mut report);
    report.span.end = report.frames.last()?.place.span.end;
    block.reports.push(report);
    Some(block)
}

/// Adds the addresses in a text.
fn addresses(text: &str, block: &mut Block, report: &mut Report) {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let digits = words.map(|word| word.strip_prefix("0x").unwrap_or(word));
    let digits = digits.filter(|word| word.len() >= MIN_DIGITS);
    for address in digits.filter_map(|word| u64::from_str_radix(word, 16).ok()) {
        let span = add_line(block, &format!("  {address:016x}"));
        report.frames.push(Frame::new(Place::at(address, span)));
    }
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

    #[test]
    fn places_with_a_symbol() {
        let block =
            block("ffffffff81234567 m_put+0x1234/0x5678 [m] or deadbeef+0x12 and 0xc01e8d10").unwrap();
        assert_eq!(
            block.text,
            b"Addresses\n  ffffffff81234567\n  m_put+0x1234/0x5678 [m]\n  deadbeef+0x12\n  00000000c01e8d10\n"
        );
        let found = &block.reports[0].frames[1].place;
        assert_eq!((found.symbol.as_deref(), found.module.as_deref()), (Some("m_put"), Some("m")));
        assert_eq!((found.offset, found.size, found.exact), (0x1234, Some(0x5678), true));
        assert_eq!(block.text_at(found.span).trim(), "m_put+0x1234/0x5678 [m]");
    }
}
