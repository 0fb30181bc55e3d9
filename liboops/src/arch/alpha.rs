// SPDX-License-Identifier: MIT OR Apache-2.0
//! Alpha, as in `dik_show_regs()` and `dik_show_trace()` of `arch/alpha/kernel/traps.c`.
//!
//! ```text
//! pc = [<fffffc0000312344>]  ra = [<fffffc0000312300>]  ps = 0000    Not tainted
//! pc is at victim+0x24/0x40
//! ra is at caller+0x20/0x60
//! v0 = 0000000000000000  t0 = 0000000000000001  t1 = 0000000000000000
//! Trace:
//! [<fffffc0000312300>] caller+0x20/0x60
//! ```
//!
//! Linux 2.4 has `Trace:fffffc0000312300 fffffc0000312400`. Since 4.9, each word of the code is in a row of
//! its own. An access to a misaligned address prints the registers by number, `r0 = ...`.

use super::architecture::{Architecture, Hints, Item, Pc, Reading, Rows};
use super::code_words::ByteOrder;
use super::{code_words, numbers, places};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{Place, Register};

const REGISTERS: &[&str] = &[
    "pc", "ra", "ps", "v0", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "s0", "s1", "s2", "s3", "s4",
    "s5", "s6", "a0", "a1", "a2", "a3", "a4", "a5", "t8", "t9", "t10", "t11", "pv", "at", "gp", "sp", "r0",
    "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16",
    "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r27", "r28",
];

#[derive(Debug)]
pub(super) struct Alpha;

impl Architecture for Alpha {
    fn names(&self) -> &'static [&'static str] {
        &["alpha"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let mut cursor = Cursor::new(message.text);
        cursor.blanks();
        let is_pc = cursor.eat(b"pc is at ");
        if is_pc || cursor.eat(b"ra is at ") {
            let place = places::at(message, cursor.position(), is_pc)?;
            let item = if is_pc { Item::Pc(Pc { place, ..Pc::default() }) } else { Item::Return(place) };
            return Some(Reading::of(vec![Item::Arch("alpha"), item]));
        }
        // `pc = 8c012340` is SuperH's, `r5 = c01d8a20` of 32-bit ARM's traces.
        let is_narrow = |register: &Register| register.name != "ps" && numbers::digits(register) == 8;
        if let Some(registers) = numbers::pairs_with(REGISTERS, message, b"=") {
            if registers.iter().any(is_narrow) {
                return None;
            }
            let mut items = vec![Item::Arch("alpha")];
            if let Some(place) = numbers::place(&registers, "pc", true) {
                items.push(Item::Pc(Pc { place, ..Pc::default() }));
            }
            items.extend(numbers::place(&registers, "ra", false).map(Item::Return));
            items.push(Item::Registers(registers));
            return Some(Reading::of(items));
        }
        if hints.arch.is_some()
            && let Some(code) = code_words::read(message, b"Code:", ByteOrder::Little)
        {
            return Some(Reading::one(Item::Code(code)).with_rows(Rows::Code));
        }
        if hints.rows == Rows::Code
            && let Some(code) = code_words::row(message, ByteOrder::Little)
        {
            return Some(Reading::one(Item::MoreCode(code)).with_rows(Rows::Code));
        }
        let labelled = cursor.eat(b"Trace:");
        if !labelled && hints.rows != Rows::Trace {
            return None;
        }
        let (addresses, is_whole) = numbers::row(message, cursor.position());
        if addresses.is_empty() || !is_whole {
            return None;
        }
        let place = |(address, span)| Place { address: Some(address), span, ..Place::default() };
        let frames = Item::Frames(addresses.into_iter().map(place).collect());
        Some(Reading::of(vec![Item::Trace, frames]).with_rows(Rows::Trace))
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}
