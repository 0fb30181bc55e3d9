// SPDX-License-Identifier: MIT OR Apache-2.0
//! 32-bit x86: `EIP:`, `EIP is at`, `EAX:` and the like, `Code:`; kernels 2.2 to 7.

use memchr::memmem;

use super::architecture::{Architecture, Hints, Item, Pc, Reading, Rows};
use super::{numbers, x86};
use crate::cursor::{Cursor, is_blank};
use crate::message::Message;
use crate::report::{Hex, Span};

/// Names of registers. Kernels up to 2.6 print most of them in small letters.
const REGISTERS: &[&str] = &[
    "EAX", "EBX", "ECX", "EDX", "ESI", "EDI", "EBP", "ESP", "EFLAGS", "DS", "ES", "FS", "GS", "SS", "CS",
    "CR0", "CR2", "CR3", "CR4", "DR0", "DR1", "DR2", "DR3", "DR6", "DR7",
];

/// Beginnings of lines that are not taken apart.
const OTHERS: [&[u8]; 3] = [b"*pde = ", b"*pdpt = ", b"printing eip:"];

/// Addresses of programs, in the usual split where the kernel has the highest quarter.
const PROGRAMS: std::ops::Range<u64> = 0x1000..0xc000_0000;

#[derive(Debug)]
pub(super) struct I386;

impl Architecture for I386 {
    fn names(&self) -> &'static [&'static str] {
        &["i386"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let text = message.text.trim_ascii_start();
        if text.starts_with(b"EIP") {
            return pc(message);
        }
        if let Some(words) = stack(message, hints) {
            return Some(Reading::one(Item::Stack(words)).with_rows(Rows::Stack));
        }
        let may_be_row = hints.arch.is_some() || hints.rows == Rows::None;
        if OTHERS.iter().any(|other| text.starts_with(other)) || may_be_row && is_row(text) {
            return Some(Reading::default());
        }
        if let Some(common) = x86::common(message, hints) {
            return Some(common);
        }
        let registers = x86::registers(REGISTERS, message)?;
        let is_certain = registers
            .iter()
            .any(|register| register.name.starts_with('E') && !matches!(register.name, "ES" | "EFLAGS"));
        let arch = is_certain.then_some(Item::Arch("i386"));
        Some(Reading::of(arch.into_iter().chain([Item::Registers(registers)]).collect()))
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}

/// - `EIP:    0010:[<a>]    Not tainted`
/// - `EIP: 0060:[<a>] EFLAGS: 00010246 CPU: 0`
/// - `EIP: f+0x1/0x2`
/// - `EIP is at f+0x1/0x2 [m]`
/// - `EIP: [<a>] f+0x1/0x2 SS:ESP 0068:f7531f28`, at the end of a report
fn pc(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    cursor.eat(b"EIP");
    if !(cursor.eat(b" is at ") || cursor.eat(b":") && cursor.blanks() > 0) {
        return None;
    }
    let repeated = memmem::find(cursor.rest(), b" SS:ESP ").is_some();
    let (segment, place) = x86::pc(message, cursor);
    // Kernels since 4.10 print no segment.
    let bare = segment.is_none() && place.symbol.is_none();
    let user =
        x86::is_user(segment) || bare && place.address.is_some_and(|address| PROGRAMS.contains(&address.0));
    Some(Reading::of(vec![Item::Arch("i386"), Item::Pc(Pc { segment, user, repeated, place })]))
}

/// `Stack: c0123456 00000000`, and the rows after it.
fn stack(message: &Message<'_>, hints: Hints) -> Option<Vec<(Hex, Span)>> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_known = hints.arch == Some("i386");
    let labelled = cursor.eat(b"Stack:");
    if !labelled && (hints.rows != Rows::Stack || !is_known) {
        return None;
    }
    let (words, is_whole) = numbers::row(message, cursor.position());
    let is_narrow = words.iter().all(|(_, span)| span.len() == 8);
    // The label may have a line of its own.
    let has_words = !words.is_empty() || labelled && is_known;
    (is_whole && is_narrow && has_words).then_some(words)
}

/// A row of words of eight digits and nothing else.
fn is_row(text: &[u8]) -> bool {
    let mut words = text.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| word.len() == 8 && word.iter().all(u8::is_ascii_hexdigit))
}
