// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disassembled code as text: a line for each instruction, then what the failing one accessed.
//!
//! ```text
//!    -0x2a  90                             nop  (42 times)
//! -> +0x00  c7 40 10 01 00 00 00           movl $0x1,0x10(%rax)
//! writes 4 bytes at 0x10(%rax) = 0x10 (rax=0x0): the fault address
//! ```
//!
//! A `?` marks instructions before the failing one that may be read from the wrong byte on.

use libksym::code::{Access, AccessKind, Instruction, Listing};

use super::annotation_line::{AnnotationLine, Style};

/// At least so many equal instructions in a row are padding and get one line.
const MIN_PADDING: usize = 4;

/// Returns the lines of a listing.
pub(super) fn lines(listing: &Listing) -> Vec<AnnotationLine> {
    let mut lines = Vec::new();
    let mut first = 0_usize;
    let same = |one: &Instruction, next: &Instruction| {
        one.bytes == next.bytes && (&one.text, one.patched) == (&next.text, next.patched)
    };
    for run in listing.instructions.chunk_by(same) {
        let range = first..first.saturating_add(run.len());
        first = range.end;
        if run.len() >= MIN_PADDING && !listing.marked.is_some_and(|marked| range.contains(&marked)) {
            let Some(one) = run.first() else { continue };
            // That they are equal speaks for all of them, if for the last one.
            let doubtful = run.last().is_some_and(|last| last.doubtful);
            let mut one = one.clone();
            one.doubtful = doubtful;
            let text = format!("{}  ({} times)", instruction(&one, false), run.len());
            lines.push(AnnotationLine::new(Style::Plain, text));
            continue;
        }
        for (index, one) in range.zip(run) {
            let is_marked = listing.marked == Some(index);
            let mut text = instruction(one, is_marked);
            if is_marked && let Some(trap) = listing.trap {
                text.push_str(&format!("  ({trap})"));
            }
            lines.push(AnnotationLine::new(if is_marked { Style::Failed } else { Style::Plain }, text));
        }
    }
    for line in &mut lines {
        line.is_row = true;
    }
    lines.extend(listing.access.iter().map(|one| AnnotationLine::new(Style::Failed, access(one))));
    lines
}

/// `writes 4 bytes at 0x10(%rax) = 0x10 (rax=0x0): the fault address`
pub(crate) fn access(access: &Access) -> String {
    let verb = match access.kind {
        AccessKind::Read => "reads",
        AccessKind::Write => "writes",
        AccessKind::ReadWrite => "reads and writes",
    };
    let registers: Vec<_> = access
        .registers
        .iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name}={value:#x}"),
            None => format!("{name} unknown"),
        })
        .collect();
    let size = match (access.repeated, access.size) {
        (_, 0) => String::new(),
        (false, 1) => " 1 byte".to_owned(),
        (true, 1) => " 1 byte, repeatedly,".to_owned(),
        (false, size) => format!(" {size} bytes"),
        (true, size) => format!(" {size} bytes, repeatedly,"),
    };
    let mut text = format!("{verb}{size} at {}", access.operand);
    // An operand that is relative to the instruction is an address already.
    if let Some(address) = access.address.map(|it| format!("{it:#x}")).filter(|it| *it != access.operand) {
        text.push_str(&format!(" = {address}"));
    }
    if !registers.is_empty() {
        text.push_str(&format!(" ({})", registers.join(", ")));
    }
    text.push_str(match (access.is_fault, access.repeated) {
        (Some(true), false) => ": the fault address",
        (Some(true), true) => ": the fault address is among them",
        (Some(false), _) => ": not the fault address",
        (None, _) => "",
    });
    text
}

fn instruction(one: &Instruction, is_marked: bool) -> String {
    let mark = match (is_marked, one.doubtful) {
        (true, _) => "->",
        (false, true) => " ?",
        (false, false) => "  ",
    };
    let sign = if one.offset < 0 { '-' } else { '+' };
    let mut text =
        format!("{mark} {sign}{:#04x}  {:<30} {}", one.offset.unsigned_abs(), one.encoding, one.text);
    if let Some(symbol) = &one.symbol {
        text.push_str(&format!("  <{symbol}>"));
    }
    match (&one.in_file, one.patched) {
        (Some(file), _) => text.push_str(&format!("  (patched; the file has {file})")),
        (None, true) => text.push_str("  (patched)"),
        (None, false) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(bytes: &[u8], marked: usize) -> Vec<String> {
        let one = |(index, byte): (usize, &u8)| {
            let mut one = Instruction::default();
            one.offset = index as i64 - marked as i64;
            (one.bytes, one.encoding) = (vec![*byte], format!("{byte:02x}"));
            (one.text, one.valid) = ("nop".into(), true);
            one
        };
        let mut listing = Listing::default();
        listing.instructions = bytes.iter().enumerate().map(one).collect();
        listing.marked = Some(marked);
        lines(&listing).into_iter().map(|line| line.text.trim_end().to_owned()).collect()
    }

    #[test]
    fn padding_gets_one_line_with_its_length() {
        let lines = listing(&[0x90, 0x90, 0x90, 0x90, 0x66, 0x67], 4);
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("   -0x04  90 ") && lines[0].ends_with("nop  (4 times)"), "{lines:?}");
        assert!(lines[1].starts_with("-> +0x00  66 "), "{lines:?}");
    }

    #[test]
    fn the_failing_instruction_keeps_its_line() {
        let lines = listing(&[0x90, 0x90, 0x90, 0x90, 0x90], 2);
        assert_eq!(lines.iter().filter(|line| line.starts_with("->")).count(), 1);
        assert_eq!(lines.len(), 5);
    }
}
