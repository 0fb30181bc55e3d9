// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names and values of registers, and rows of numbers, as most architectures print them: `r10: 0000017b
//! r9 : c1c7eb80`, `pc 9000000000223344 ra 9000000000223300`, `GPR00: c000 c000 ...`

use crate::cursor::{Cursor, is_blank};
use crate::message::Message;
use crate::report::{Hex, Place, Register, Span};

/// Reads names and values from the start of a message up to the first text that is neither. What is in `<>`
/// or `()` behind a value is skipped. `None` if the message does not begin with a name and a value.
pub(super) fn pairs(names: &[&'static str], message: &Message<'_>) -> Option<Vec<Register>> {
    pairs_with(names, message, b":")
}

/// The same, with another mark between names and values.
pub(super) fn pairs_with(
    names: &[&'static str],
    message: &Message<'_>,
    mark: &[u8],
) -> Option<Vec<Register>> {
    let mut cursor = Cursor::new(message.text);
    let mut found = Vec::new();
    while let Some(register) = pair(names, &mut cursor, message, mark) {
        found.push(register);
        note(&mut cursor);
    }
    (!found.is_empty()).then_some(found)
}

/// Reads a name and a value.
fn pair(
    names: &[&'static str],
    cursor: &mut Cursor<'_>,
    message: &Message<'_>,
    mark: &[u8],
) -> Option<Register> {
    let mut ahead = *cursor;
    ahead.take_while(|byte| is_blank(byte) || byte == b',');
    let word = ahead.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let name = names.iter().find(|name| name.as_bytes() == word)?;
    let blanks = ahead.blanks();
    let marked = ahead.eat(mark);
    ahead.blanks();
    let bracketed = ahead.eat(b"[<");
    if !marked {
        bracketed.then_some(()).or((blanks > 0).then_some(()))?;
    }
    ahead.eat(b"0x");
    let start = ahead.position();
    let (value, digits) = ahead.hex()?;
    let span = message.span(start..ahead.position());
    if bracketed && !ahead.eat(b">]") || !marked && digits < 8 {
        return None;
    }
    // `epc : f+0x10/0x20` is no number.
    if ahead.peek().is_some_and(|byte| !is_blank(byte) && byte != b',') {
        return None;
    }
    *cursor = ahead;
    Some(Register { name, value: Hex(value), span })
}

/// Skips `<SF,EE,ME>` or `(ExcCode 02)`.
fn note(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    ahead.blanks();
    for (open, close) in [(&b"<"[..], b'>'), (b"(", b')')] {
        if ahead.eat(open) {
            ahead.take_while(|byte| byte != close);
            ahead.skip(1);
            *cursor = ahead;
        }
    }
}

/// Reads numbers of 8 or 16 digits up to the first text that is something else, and says whether that is the
/// end of the message.
pub(super) fn row(message: &Message<'_>, from: usize) -> (Vec<(Hex, Span)>, bool) {
    let mut cursor = Cursor::at(message.text, from);
    let mut found = Vec::new();
    loop {
        cursor.blanks();
        let start = cursor.position();
        let mut ahead = cursor;
        let Some((value, 8 | 16)) = ahead.hex() else { break };
        if !ahead.is_at_end() && !ahead.peek().is_some_and(is_blank) {
            break;
        }
        cursor = ahead;
        found.push((Hex(value), message.span(start..cursor.position())));
    }
    (found, cursor.is_at_end())
}

/// The words of `5f40: 80f6e078 00000000 ...`: the low digits of an address, then what is there. Words before
/// the stack pointer are blank.
pub(super) fn row_behind_offset(message: &Message<'_>) -> Option<Vec<(Hex, Span)>> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let (_, 4) = cursor.hex()? else { return None };
    if !cursor.eat(b":") {
        return None;
    }
    let (words, is_whole) = row(message, cursor.position());
    is_whole.then_some(words)
}

/// Gives names to numbers, from the name at `first` on.
pub(super) fn named(names: &'static [&'static str], first: usize, values: Vec<(Hex, Span)>) -> Vec<Register> {
    let names = names.iter().skip(first);
    names.zip(values).map(|(name, (value, span))| Register { name, value, span }).collect()
}

/// How many digits the value of a register has.
pub(super) fn digits(register: &Register) -> u64 {
    register.span.len()
}

/// Whether a register of this name is among them.
pub(super) fn find<'r>(registers: &'r [Register], name: &str) -> Option<&'r Register> {
    registers.iter().find(|register| register.name == name)
}

/// The place that a register points to.
pub(super) fn place(registers: &[Register], name: &str, exact: bool) -> Option<Place> {
    let register = find(registers, name)?;
    Some(Place { address: Some(register.value), span: register.span, exact, ..Place::default() })
}
