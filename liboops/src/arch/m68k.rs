// SPDX-License-Identifier: MIT OR Apache-2.0
//! Motorola 68000, as in `bad_super_trap()` and `show_registers()` of `arch/m68k/kernel/traps.c`.
//!
//! ```text
//! PC: [<0004c3a2>] victim+0x1a/0x2c
//! SR: 2000  SP: 00a31e88  a2: 00a0e0c0
//! d0: 00000000    d1: 00000001    d2: 00000000    d3: 00000000
//! Frame format=7 eff addr=00000010 ssw=0505 faddr=00000010
//! Call Trace: [<0004c400>] caller+0x20/0x60
//! Code: 4e56 0000 206e 0008 <2028> 0010 4e5e
//! ```

use super::architecture::{Architecture, Hints, Item, Pc, Reading, Rows};
use super::code_words::ByteOrder;
use super::{code_words, numbers, places, recognised};
use crate::cursor::Cursor;
use crate::message::Message;

const REGISTERS: &[&str] =
    &["SR", "SP", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "a0", "a1", "a2", "a3", "a4", "a5", "a6"];

#[derive(Debug)]
pub(super) struct M68k;

impl Architecture for M68k {
    fn names(&self) -> &'static [&'static str] {
        &["m68k"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let mut cursor = Cursor::new(message.text);
        cursor.blanks();
        if cursor.eat(b"PC: [<") {
            let place = places::at(message, cursor.position().saturating_sub(2), true)?;
            return Some(Reading::of(vec![Item::Arch("m68k"), Item::Pc(Pc { place, ..Pc::default() })]));
        }
        if let Some(registers) = numbers::pairs(REGISTERS, message) {
            let is_narrow = registers.iter().all(|one| numbers::digits(one) <= 8);
            let is_own = registers.first().is_some_and(|one| matches!(one.name, "SR" | "d0" | "d4"));
            return (is_narrow && is_own)
                .then(|| Reading::of(vec![Item::Arch("m68k"), Item::Registers(registers)]));
        }
        hints.arch?;
        if let Some(code) = code_words::read(message, b"Code:", ByteOrder::Big) {
            return Some(Reading::one(Item::Code(code)));
        }
        if cursor.eat(b"Stack from ") {
            return Some(Reading::default().with_rows(Rows::Stack));
        }
        let (words, is_row) = numbers::row(message, 0);
        if hints.rows == Rows::Stack && is_row && !words.is_empty() {
            return Some(Reading::one(Item::Stack(words)).with_rows(Rows::Stack));
        }
        recognised::known(message, &[b"Frame format=", b"wb ", b"push data: ", b"baddr=", b"iebuf=", b"pte="])
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}
