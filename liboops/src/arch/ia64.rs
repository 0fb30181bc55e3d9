// SPDX-License-Identifier: MIT OR Apache-2.0
//! Itanium, as in `show_regs()` of `arch/ia64/kernel/process.c`, up to 6.6.
//!
//! ```text
//! psr : 00001010085a6010 ifs : 8000000000000308 ip  : [<a000000100123450>]    Not tainted
//! ip is at victim+0x50/0x80
//! r1  : a000000100a01230 r2  : 0000000000000000 r3  : e000000101230d98
//! Call Trace:
//!  [<a000000100012340>] show_stack+0x40/0xa0
//!                                 sp=e000000101237c10 bsp=e000000101231148
//! ```

use super::architecture::{Architecture, Hints, Item, Pc, Reading};
use super::{numbers, places, recognised};
use crate::cursor::Cursor;
use crate::message::Message;

const REGISTERS: &[&str] = &[
    "psr", "ifs", "ip", "unat", "pfs", "rsc", "rnat", "bsps", "pr", "ldrs", "ccv", "fpsr", "csd", "ssd",
    "b0", "b6", "b7", "r1", "r2", "r3", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17",
    "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31",
];

#[derive(Debug)]
pub(super) struct Ia64;

impl Architecture for Ia64 {
    fn names(&self) -> &'static [&'static str] {
        &["ia64"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let mut cursor = Cursor::new(message.text);
        cursor.blanks();
        if cursor.eat(b"ip is at ") {
            let place = places::at(message, cursor.position(), true)?;
            return Some(Reading::of(vec![Item::Arch("ia64"), Item::Pc(Pc { place, ..Pc::default() })]));
        }
        if let Some(registers) = numbers::pairs(REGISTERS, message) {
            if registers.iter().any(|register| numbers::digits(register) != 16) {
                return None;
            }
            let mut items = vec![Item::Arch("ia64")];
            if let Some(place) = numbers::place(&registers, "ip", true) {
                items.push(Item::Pc(Pc { place, ..Pc::default() }));
            }
            items.extend(numbers::place(&registers, "b0", false).map(Item::Return));
            items.push(Item::Registers(registers));
            return Some(Reading::of(items));
        }
        hints.arch?;
        recognised::known(message, &[b"sp=", b"f6  : ", b"f8  : ", b"f10 : "])
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}
