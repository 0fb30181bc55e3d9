// SPDX-License-Identifier: MIT OR Apache-2.0
//! s390, as in `show_registers()`, `show_code()` and `show_stack()` of `arch/s390/kernel`.
//!
//! ```text
//! Krnl PSW : 0704e00180000000 000003ff7fd180fe (victim+0x6/0x10 [m])
//!            R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:2 PM:0 RI:0 EA:3
//! Krnl GPRS: ffffffffffffffff fffffffffffff080 000003ff7fd190e0 000003ff7fd07000
//!            00000000001e3b6a 0000000000100950 0000000000000000 0000000000000000
//! Call Trace:
//! ([<000003ff7fd180fa>] victim+0x2/0x10 [m])
//!  [<000003ff7fd0703c>] init+0x3c/0x1000 [m]
//! Last Breaking-Event-Address:
//!  [<000003ff7fd18160>] caller+0x48/0xee8 [m]
//! ```
//!
//! Whether the PSW is at the instruction or behind it is in `s390_program_check`.

use super::architecture::{Architecture, Hints, Item, OopsCode, Pc, Reading, Rows};
use super::{numbers, places, recognised, s390_code, s390_program_check};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{FaultStatus, Hex, Kind, Place, Span, State, places_in_line};

const GENERAL: &[&str] =
    &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

#[derive(Debug)]
pub(super) struct S390;

impl Architecture for S390 {
    fn names(&self) -> &'static [&'static str] {
        &["s390x", "s390"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let text = message.text.trim_ascii_start();
        if let Some(reading) = psw(message).or_else(|| failing_address(message)) {
            return Some(reading);
        }
        // Of a program that crashed.
        if text.starts_with(b"User Code:") {
            return Some(Reading::default());
        }
        if let Some((code, is_first)) = s390_code::read(message, hints.rows == Rows::Code) {
            let item = if is_first { Item::Code(code) } else { Item::MoreCode(code) };
            return Some(Reading::one(item).with_rows(Rows::Code));
        }
        let labels: [&[u8]; 4] = [b"Krnl GPRS:", b"User GPRS:", b"Kernel GPRS:", b"Krnl gprs:"];
        if let Some(label) = labels.iter().find(|label| text.starts_with(label)) {
            let at = message.text.len().saturating_sub(text.len()).saturating_add(label.len());
            let mut reading = registers(message, at, 0);
            reading.items.insert(0, Item::Arch(name(numbers::row(message, at).0.first())));
            return Some(reading);
        }
        if let Rows::Registers(first) = hints.rows
            && numbers::row(message, 0).1
        {
            return Some(registers(message, 0, first));
        }
        if text.starts_with(b"Last Breaking-Event-Address:") {
            return Some(Reading::one(Item::Arch("s390x")).with_rows(Rows::Place));
        }
        if hints.rows == Rows::Place
            && text.starts_with(b"[<")
            && let Some(place) = places::at(message, 0, true)
        {
            return Some(Reading::one(Item::Mention(place)));
        }
        // No other kernel has it in parentheses.
        let is_own = text.starts_with(b"([<") && message.text.trim_ascii_end().ends_with(b")");
        if (hints.arch.is_some() || is_own)
            && let Some(places) = entries(message)
        {
            let mut items = Vec::new();
            items.extend(hints.arch.is_none().then_some(Item::Arch("s390x")));
            items.push(Item::Frames(places));
            return Some(Reading::of(items));
        }
        const KNOWN: &[&[u8]] =
            &[b"Krnl ACRS", b"User ACRS", b"Kernel ACRS", b"Fault in ", b"R:0 T:", b"R:1 T:"];
        if recognised::begins(message, KNOWN) {
            // The program status goes with the rows before it.
            return Some(Reading::default().with_rows(hints.rows));
        }
        (text.starts_with(b"AS:") && memchr::memmem::find(text, b" R3:").is_some()).then(Reading::default)
    }

    fn explain(&self, code: OopsCode) -> Option<FaultStatus> {
        s390_program_check::explain(code)
    }

    fn instruction_offset(&self, _: &State, kind: Kind, code: Option<OopsCode>) -> i64 {
        s390_program_check::instruction_offset(kind, code)
    }
}

/// `Krnl PSW : mask address (f+0x1/0x2 [m])`, `Kernel PSW:    mask address`
fn psw(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let user = cursor.eat(b"User PSW");
    if !user && !cursor.eat(b"Krnl PSW") && !cursor.eat(b"Kernel PSW") {
        return None;
    }
    cursor.blanks();
    cursor.eat(b":");
    cursor.blanks();
    let (mask, digits) = cursor.hex()?;
    let mut place = places::at(message, cursor.position(), true)?;
    // Linux 4.15 hashed both numbers. Bits of the real mask say that there is a translation table.
    if digits == 16 && mask >> 32 == 0 && place.symbol.is_some() {
        place.address = None;
    }
    // 31-bit kernels: the highest bit is the addressing mode.
    let name = if digits == 8 { "s390" } else { "s390x" };
    if digits == 8
        && place.symbol.is_some()
        && let Some(address) = &mut place.address
    {
        address.0 &= 0x7fff_ffff;
    }
    Some(Reading::of(vec![Item::Arch(name), Item::Pc(Pc { user, place, ..Pc::default() })]))
}

/// `Failing address: 0000000000000000 TEID: 0000000000000483`
fn failing_address(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    if !cursor.eat(b"Failing address: ") && !cursor.eat(b"failing address: ") {
        return None;
    }
    let start = cursor.position();
    let (value, _) = cursor.hex()?;
    let span = message.span(start..cursor.position());
    let mut items = vec![Item::Arch("s390x"), Item::FaultAddress { value: Hex(value), span }];
    if cursor.eat(b" TEID: ") {
        let start = cursor.position();
        let (value, _) = cursor.hex()?;
        let status = s390_program_check::translation(value, message.span(start..cursor.position()));
        items.push(Item::Status(status));
    }
    Some(Reading::of(items))
}

/// ` [<000000000010014e>] f+0x1/0x2 [m]`, `([<000000000010014e>] f+0x1/0x2)`: not hashed, although the kernel
/// is at low addresses. Linux 2.4 has addresses only, several in a line.
fn entries(message: &Message<'_>) -> Option<Vec<Place>> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let start = cursor.position();
    let unreliable = cursor.eat(b"(");
    if !cursor.eat(b"[<") {
        return None;
    }
    let (value, 8 | 16) = cursor.hex()? else { return None };
    if let Some(found) = places_in_line::all(message).into_iter().next() {
        let place = found.place;
        let unreliable = place.unreliable || unreliable;
        return Some(vec![Place { address: Some(Hex(value)), unreliable, ..place }]);
    }
    let mut places = Vec::new();
    let mut cursor = Cursor::at(message.text, start);
    cursor.eat(b"(");
    loop {
        let from = cursor.position();
        let Some((value, 8 | 16)) = cursor.eat(b"[<").then(|| cursor.hex()).flatten() else { break };
        if !cursor.eat(b">]") {
            break;
        }
        let span = message.span(from..cursor.position());
        places.push(Place { span, address: Some(Hex(value)), unreliable, ..Place::default() });
        cursor.blanks();
    }
    // `[<0000004e15e926dc>] 0x4e15e926dc`
    if let [only] = places.as_mut_slice() {
        only.span = message.span(start..message.text.trim_ascii_end().len());
    }
    (!places.is_empty()).then_some(places)
}

/// Which of the two it is, by a register.
fn name(register: Option<&(Hex, Span)>) -> &'static str {
    if register.is_some_and(|(_, span)| span.len() == 8) { "s390" } else { "s390x" }
}

/// Four registers, and how many there are then.
fn registers(message: &Message<'_>, at: usize, first: usize) -> Reading {
    let (values, _) = numbers::row(message, at);
    let next = first.saturating_add(values.len());
    let rows = if next < GENERAL.len() { Rows::Registers(next) } else { Rows::None };
    Reading::one(Item::Registers(numbers::named(GENERAL, first, values))).with_rows(rows)
}
