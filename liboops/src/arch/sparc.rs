// SPDX-License-Identifier: MIT OR Apache-2.0
//! SPARC of 32 and 64 bits, as in `show_regs()` of `arch/sparc/kernel/process_64.c` and `process_32.c`.
//!
//! ```text
//! TSTATE: 0000004480001600 TPC: 000000000045a2c4 TNPC: 000000000045a2c8 Y: 00000000    Not tainted
//! TPC: <victim+0x64/0x200>
//! g0: 0000000000000000 g1: fffff8007f9d6020 g2: 0000000000000000 g3: 0000000000000001
//! o4: 0000000000000000 o5: 0000000000000000 sp: fffff8007d9f6f31 ret_pc: 000000000045a2bc
//! I7: <caller+0x20/0x60>
//! Call Trace:
//! Caller[000000000045a300]: caller+0x20/0x60
//! Instruction DUMP: 92102000  90102000 <c2586000> 80a06000
//! PSR: 1e401fc6 PC: f0123456 NPC: f012345a Y: 00000000    Not tainted
//! [f01d4ea8 : schedule_timeout+0x5c/0x98 ]
//! ```

use super::architecture::{Architecture, Hints, Item, Pc, Reading, Rows};
use super::code_words::ByteOrder;
use super::{code_words, numbers, places};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{Hex, Place, Register, places_in_line};

const REGISTERS: &[&str] = &[
    "TSTATE", "TPC", "TNPC", "PSR", "PC", "NPC", "Y", "g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "o0",
    "o1", "o2", "o3", "o4", "o5", "sp", "ret_pc", "l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "i0", "i1",
    "i2", "i3", "i4", "i5", "i6", "i7",
];

/// Rows of the 32-bit kernel, eight registers each.
const ROWS: [(&[u8], &[&str]); 4] = [
    (b"%G:", &["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7"]),
    (b"%O:", &["o0", "o1", "o2", "o3", "o4", "o5", "sp", "ret_pc"]),
    (b"%L:", &["l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7"]),
    (b"%I:", &["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"]),
];

#[derive(Debug)]
pub(super) struct Sparc;

impl Architecture for Sparc {
    fn names(&self) -> &'static [&'static str] {
        &["sparc64", "sparc"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        if let Some(reading) = registers(message).or_else(|| named(message)).or_else(|| caller(message)) {
            return Some(reading);
        }
        if hints.arch.is_some()
            && message.text.trim_ascii_start().starts_with(b"[")
            && let Some(place) = places::at(message, 0, true).filter(|place| place.symbol.is_some())
        {
            return Some(Reading::one(Item::Frames(vec![place])));
        }
        let mut cursor = Cursor::new(message.text);
        cursor.blanks();
        let at = cursor.position();
        if let Some((_, names)) = ROWS.iter().find(|(label, _)| cursor.eat(label)) {
            let (values, _) = numbers::row(message, at.saturating_add(3));
            let registers = numbers::named(names, 0, values);
            let mut items = vec![Item::Arch("sparc")];
            items.extend(return_address(&registers).map(Item::Return));
            items.push(Item::Registers(registers));
            return Some(Reading::of(items));
        }
        if let Some(code) = code_words::read(message, b"Instruction DUMP:", ByteOrder::Big) {
            return Some(Reading::one(Item::Code(code)).with_rows(Rows::Code));
        }
        if hints.rows == Rows::Code
            && let Some(code) = code_words::row(message, ByteOrder::Big)
        {
            return Some(Reading::one(Item::MoreCode(code)).with_rows(Rows::Code));
        }
        None
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}

fn registers(message: &Message<'_>) -> Option<Reading> {
    let registers = numbers::pairs(REGISTERS, message)?;
    let first = registers.first()?;
    let has_colons = memchr::memchr(b':', message.text).is_some();
    let arch = match (first.name, numbers::digits(first)) {
        ("TSTATE" | "g0" | "g4" | "o0" | "o4" | "l0" | "l4" | "i0" | "i4", 16) if has_colons => "sparc64",
        ("PSR", 8) => "sparc",
        _ => return None,
    };
    let mut items = vec![Item::Arch(arch)];
    for name in ["TPC", "PC"] {
        if let Some(place) = numbers::place(&registers, name, true) {
            items.push(Item::Pc(Pc { place, ..Pc::default() }));
        }
    }
    items.extend(return_address(&registers).map(Item::Return));
    items.push(Item::Registers(registers));
    Some(Reading::of(items))
}

/// `i7` holds the address of the call that entered the function.
fn return_address(registers: &[Register]) -> Option<Place> {
    numbers::place(registers, "i7", true)
}

/// `TPC: <f+0x1/0x2>`, `PC: <f+0x1/0x2>`, `RPC: <f+0x1/0x2>`, `I7: <f+0x1/0x2>`
fn named(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_pc = cursor.eat(b"TPC: <") || cursor.eat(b"PC: <");
    let is_return = !is_pc && cursor.eat(b"I7: <");
    if !is_pc && !is_return && !cursor.eat(b"RPC: <") {
        return None;
    }
    let is_wide = message.text.trim_ascii_start().starts_with(b"TPC");
    let place = places::at(message, cursor.position(), true)?;
    if is_wide {
        return Some(Reading::of(vec![Item::Arch("sparc64"), Item::Pc(Pc { place, ..Pc::default() })]));
    }
    Some(Reading::one(if is_pc {
        Item::Pc(Pc { place, ..Pc::default() })
    } else if is_return {
        Item::Return(place)
    } else {
        Item::Mention(place)
    }))
}

/// `Caller[000000000045a300]: f+0x1/0x2`, ` [000000000045a300] f+0x1/0x2`, `[f01d4ea8 : f+0x5c/0x98 ]`. SPARC
/// keeps the address of the call itself.
fn caller(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    if cursor.eat(b"Caller[") {
        let start = cursor.position();
        let (value, digits) = cursor.hex()?;
        let end = cursor.position();
        if !cursor.eat(b"]") {
            return None;
        }
        let named = places_in_line::all(message).into_iter().next().map(|found| found.place);
        let mut place = named.unwrap_or_default();
        // The kernel is at low addresses, and does not hash them.
        place.address = Some(Hex(value));
        place.span = message.span(start.saturating_sub(7)..message.text.trim_ascii_end().len().max(end));
        place.exact = true;
        let arch = if digits == 16 { "sparc64" } else { "sparc" };
        // The 64-bit kernel prints the same trace twice: first below `Call Trace:`.
        return Some(Reading::of(vec![Item::Arch(arch), Item::FrameAgain(place)]));
    }
    let mut frames = Vec::new();
    while cursor.eat(b"[") {
        let start = cursor.position().saturating_sub(1);
        let Some((value, 8 | 16)) = cursor.hex() else { return None };
        if !cursor.eat(b" : ") {
            return None;
        }
        let name_at = cursor.position();
        cursor.take_while(|byte| byte != b']');
        let part = message.part(name_at..cursor.position());
        cursor.eat(b"]");
        let mut place = places_in_line::all(&part).into_iter().next()?.place;
        place.address = Some(Hex(value));
        place.span = message.span(start..cursor.position());
        place.exact = true;
        frames.push(place);
        cursor.blanks();
    }
    (!frames.is_empty()).then(|| Reading::of(vec![Item::Trace, Item::Frames(frames)]))
}
