// SPDX-License-Identifier: MIT OR Apache-2.0
//! What 32-bit and 64-bit x86 kernels have in common: the form of instruction pointers and registers,
//! and some other lines. `x86_code_line.rs` has the `Code:` line.

use super::architecture::{Hints, Item, Reading};
use super::x86_code_line;
use crate::cursor::{Cursor, is_blank};
use crate::message::Message;
use crate::report::{Hex, Place, Register, places_in_line};

/// Reads a line that both print in the same form.
pub(super) fn common(message: &Message<'_>, hints: Hints) -> Option<Reading> {
    let text = message.text.trim_ascii_start();
    if text.starts_with(b"Code: ") || text == b"Code:" {
        // Other processors print words of 16 or 32 bits.
        let is_own = hints.arch.is_some() || x86_code_line::is_own(text);
        return is_own.then(|| Reading::one(Item::Code(x86_code_line::read(message))));
    }
    const KNOWN: [&[u8]; 3] = [b"#PF: ", b"#PF error: ", b"PGD "];
    KNOWN.iter().any(|known| text.starts_with(known)).then(Reading::default)
}

/// Reads the code segment and the place after the name of the instruction pointer: `0010:f+0x1/0x2`,
/// `0010:[<a>]  [<a>] f+0x1/0x2`, `0033:0x7f..`, `[<a>] f`, `0010:[<a>] <a>{f+76}`.
pub(super) fn pc(message: &Message<'_>, mut cursor: Cursor<'_>) -> (Option<u16>, Place) {
    let from = cursor.position();
    let mut segment = None;
    let mut ahead = cursor;
    if let Some((value, 4)) = ahead.hex()
        && ahead.eat(b":")
    {
        segment = u16::try_from(value).ok();
        cursor = ahead;
    }
    let rest = message.part(cursor.position()..message.text.len());
    let mut place = match places_in_line::all(&rest).into_iter().next() {
        Some(found) => found.place,
        None => Place { span: rest.whole(), ..Place::default() },
    };
    place.span.start = message.span(from..message.text.len()).start;
    place.address = place.address.or_else(|| first_address(rest.text));
    place.exact = true;
    (segment, place)
}

/// Whether a code segment is that of a program: the two lowest bits are the privilege level, 3 for programs.
pub(super) fn is_user(segment: Option<u16>) -> bool {
    segment.is_some_and(|segment| segment & 3 == 3)
}

/// `[<address>]` or `0xaddress` at the beginning.
fn first_address(text: &[u8]) -> Option<Hex> {
    let mut cursor = Cursor::new(text);
    if !cursor.eat(b"[<") && !cursor.eat(b"0x") {
        return None;
    }
    let (value, digits) = cursor.hex()?;
    // A call through a null pointer.
    if value == 0 { Some(Hex(0)) } else { places_in_line::address(value, digits) }
}

/// Reads a message that consists of names and values of registers. The names may be in small letters.
pub(super) fn registers(names: &[&'static str], message: &Message<'_>) -> Option<Vec<Register>> {
    let mut cursor = Cursor::new(message.text);
    let mut found = Vec::new();
    loop {
        cursor.blanks();
        if cursor.is_at_end() {
            break;
        }
        let word = cursor.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // ` RSP <ffff...>` at the end of old reports only repeats.
        let Some(name) = names.iter().find(|name| name.as_bytes().eq_ignore_ascii_case(word)) else { break };
        if !cursor.eat(b":") {
            break;
        }
        cursor.blanks();
        let mut start = cursor.position();
        let Some((mut value, digits)) = cursor.hex() else { break };
        // Only i386 has small letters, and who types in a report. `r10:80ffa650` is of 32-bit ARM.
        if word.starts_with(b"r") && digits < 16 && cursor.peek() != Some(b':') {
            break;
        }
        // `RSP: 0018:ffff...` has the segment first.
        if cursor.eat(b":") {
            start = cursor.position();
            let Some((offset, _)) = cursor.hex() else { break };
            value = offset;
        }
        let span = message.span(start..cursor.position());
        found.push(Register { name, value: Hex(value), span });
        // `FS:  00007f6f3b626700(0000)`
        if cursor.eat(b"(") {
            cursor.take_while(|byte| byte.is_ascii_hexdigit());
            cursor.eat(b")");
        }
        if !cursor.is_at_end() && !cursor.peek().is_some_and(is_blank) {
            break;
        }
    }
    (!found.is_empty()).then_some(found)
}
