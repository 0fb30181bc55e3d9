// SPDX-License-Identifier: MIT OR Apache-2.0
//! PA-RISC, as in `show_regs()` of `arch/parisc/kernel/traps.c`.
//!
//! ```text
//!      YZrvWESTHLNXBCVMcbcbcbcbOGFRQPDI
//! PSW: 00001000000001001111111100001111 Not tainted
//! r00-03  000000ff0804ff0f 0000000041000000 0000000040180344 000000007f4d8560
//! IASQ: 0000000000000000 0000000000000000 IAOQ: 0000000040180344 0000000040180348
//!  IIR: 0f401095    ISR: 0000000010240000  IOR: 0000000000000010
//!  IAOQ[0]: victim+0x24/0x40
//!  RP(r2): caller+0x20/0x60
//! Backtrace:
//!  [<0000000040180300>] caller+0x20/0x60
//! ```

use super::architecture::{Architecture, Hints, Item, Pc, Reading};
use super::{numbers, places, recognised};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{Hex, Register};

const GENERAL: &[&str] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];

#[derive(Debug)]
pub(super) struct Parisc;

impl Architecture for Parisc {
    fn names(&self) -> &'static [&'static str] {
        &["parisc64", "parisc"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let mut cursor = Cursor::new(message.text);
        cursor.blanks();
        let is_pc = cursor.eat(b"IAOQ[0]: ");
        if is_pc || cursor.eat(b"RP(r2): ") {
            let place = places::at(message, cursor.position(), is_pc)?;
            return Some(Reading::one(if is_pc {
                Item::Pc(Pc { place, ..Pc::default() })
            } else {
                Item::Return(place)
            }));
        }
        if cursor.eat(b"IASQ: ") {
            return instruction_address(message);
        }
        if cursor.eat(b"r") {
            let (first, dash) = (cursor.decimal()?, cursor.eat(b"-"));
            let last = cursor.decimal()?;
            let is_row = dash && last == first.saturating_add(3) && cursor.blanks() > 0;
            let first = usize::try_from(first).ok().filter(|_| is_row)?;
            let (values, _) = numbers::row(message, cursor.position());
            let arch = arch(values.first()?.1.len());
            let registers = numbers::named(GENERAL, first, values);
            return Some(Reading::of(vec![Item::Arch(arch), Item::Registers(registers)]));
        }
        if let Some(registers) = numbers::pairs(&["IIR", "ISR", "IOR"], message) {
            return Some(Reading::one(Item::Registers(registers)));
        }
        hints.arch?;
        const KNOWN: &[&[u8]] =
            &[b"YZrvWESTHLNX", b"PSW: ", b"sr00-03", b"sr04-07", b"IAOQ[1]: ", b"CPU: ", b"ORIG_R28: "];
        recognised::known(message, KNOWN).filter(|_| !message.text.starts_with(b"CPU: "))
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}

fn arch(digits: u64) -> &'static str {
    if digits == 16 { "parisc64" } else { "parisc" }
}

/// `IASQ: 0000000000000000 0000000000000000 IAOQ: 0000000040180344 0000000040180348`
fn instruction_address(message: &Message<'_>) -> Option<Reading> {
    let at = memchr::memmem::find(message.text, b"IAOQ: ")?.saturating_add(6);
    let mut cursor = Cursor::at(message.text, at);
    let (value, digits) = cursor.hex()?;
    let span = message.span(at..cursor.position());
    let place = places::at(message, at, true).filter(|place| place.address.is_some())?;
    let place = crate::report::Place { span, ..place };
    let register = Register { name: "IAOQ", value: Hex(value), span };
    let arch = if digits == 16 { "parisc64" } else { "parisc" };
    let pc = Pc { place, ..Pc::default() };
    Some(Reading::of(vec![Item::Arch(arch), Item::Pc(pc), Item::Registers(vec![register])]))
}
