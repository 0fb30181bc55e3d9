// SPDX-License-Identifier: MIT OR Apache-2.0
//! x86-64: `RIP:`, `RAX:` and the like, `Code:`; kernels 2.6 to 7.

use super::super::cursor::{Cursor, is_blank, text};
use super::super::places;
use super::{Arch, Item};
use crate::report::{Code, Hex, Place, Register, Span};

/// Names of registers as the kernel prints them.
const REGISTERS: &[&str] = &[
    "RSP", "EFLAGS", "ORIG_RAX", "RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "R08", "R09", "R10", "R11",
    "R12", "R13", "R14", "R15", "FS", "GS", "knlGS", "CS", "DS", "ES", "CR0", "CR2", "CR3", "CR4", "DR0",
    "DR1", "DR2", "DR3", "DR6", "DR7", "PKRU",
];

/// More code bytes than any kernel prints.
const MOST_BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct X86_64;

impl Arch for X86_64 {
    fn name(&self) -> &'static str {
        "x86_64"
    }

    fn read(&self, body: &[u8], base: u64) -> Option<Item> {
        let text = body.trim_ascii_start();
        if text.starts_with(b"RIP") {
            return pc(body, base);
        }
        if text.starts_with(b"Code: ") || text == b"Code:" {
            return code(body, base).map(Item::Code);
        }
        if text.starts_with(b"#PF: ") || text.starts_with(b"#PF error: ") || text.starts_with(b"PGD ") {
            return Some(Item::Known);
        }
        registers(body, base).map(Item::Registers)
    }
}

/// `RIP: 0010:f+0x1/0x2`, `RIP: 0010:[<a>]  [<a>] f+0x1/0x2`, `RIP: 0033:0x7f..`, `RIP  [<a>] f`, `RIP: 0010:[<a>] <a>{f+76}`
fn pc(body: &[u8], base: u64) -> Option<Item> {
    let mut cursor = Cursor::new(body);
    cursor.blanks();
    cursor.eat(b"RIP");
    let colon = cursor.eat(b":");
    if cursor.blanks() == 0 {
        return None;
    }
    let from = cursor.position();
    let mut segment = None;
    let mut ahead = cursor;
    if let Some((value, 4)) = ahead.hex()
        && ahead.eat(b":")
    {
        segment = u16::try_from(value).ok();
        cursor = ahead;
    }
    // The two lowest bits of a segment are the privilege: 3 is a program's.
    let user = segment.is_some_and(|segment| segment & 3 == 3);
    let rest = cursor.rest();
    let rest_at = cursor.position();
    let mut place = places::all(rest, base_at(base, rest_at)).into_iter().next().map(|found| found.place);
    if let Some(place) = &mut place {
        place.span.start = base_at(base, from);
        place.address = place.address.or_else(|| first_address(rest));
    }
    let mut place = match place {
        Some(place) => place,
        None => {
            let span = Span { start: base_at(base, from), end: base_at(base, body.len()) };
            Place { span, address: first_address(rest), ..Place::default() }
        }
    };
    place.exact = true;
    Some(Item::Pc { segment, user, repeated: !colon, place })
}

fn base_at(base: u64, at: usize) -> u64 {
    base.saturating_add(u64::try_from(at).unwrap_or(u64::MAX))
}

/// `[<address>]` or `0xaddress` at the beginning.
fn first_address(text: &[u8]) -> Option<Hex> {
    let mut cursor = Cursor::new(text);
    if !cursor.eat(b"[<") && !cursor.eat(b"0x") {
        return None;
    }
    let (value, digits) = cursor.hex()?;
    places::address(value, digits)
}

/// Pairs of name and value; the whole message consists of them.
fn registers(body: &[u8], base: u64) -> Option<Vec<Register>> {
    let mut cursor = Cursor::new(body);
    let mut found = Vec::new();
    loop {
        cursor.blanks();
        if cursor.is_at_end() {
            break;
        }
        let word = cursor.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // ` RSP <ffff...>`, at the end of old reports, repeats.
        let Some(name) = REGISTERS.iter().find(|name| name.as_bytes() == word) else { break };
        if !cursor.eat(b":") {
            break;
        }
        cursor.blanks();
        let mut start = cursor.position();
        let Some((mut value, _)) = cursor.hex() else { break };
        // `RSP: 0018:ffff...`: segment first.
        if cursor.eat(b":") {
            start = cursor.position();
            let Some((offset, _)) = cursor.hex() else { break };
            value = offset;
        }
        let span = Span::within(base, &(start..cursor.position()));
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

/// `Code: 00 11 <22> 33`
fn code(body: &[u8], base: u64) -> Option<Code> {
    let mut cursor = Cursor::new(body);
    cursor.blanks();
    let start = cursor.position();
    cursor.eat(b"Code:");
    cursor.blanks();
    let words = cursor.position();
    let mut code = Code {
        span: Span::within(base, &(start..body.len())),
        bytes: Vec::new(),
        marker: None,
        unreadable: None,
    };
    while !cursor.is_at_end() {
        let marked = cursor.eat(b"<");
        let Some((value, 2)) = cursor.hex() else { break };
        if marked {
            if !cursor.eat(b">") || code.marker.is_some() {
                break;
            }
            code.marker = Some(code.bytes.len());
        }
        code.bytes.push(u8::try_from(value).unwrap_or_default());
        if code.bytes.len() > MOST_BYTES
            || (cursor.blanks() == 0 && !cursor.is_at_end() && cursor.peek() != Some(b'<'))
        {
            break;
        }
    }
    if code.bytes.is_empty() {
        code.unreadable = body.get(words..).map(text).filter(|words| !words.is_empty());
    }
    Some(code)
}
