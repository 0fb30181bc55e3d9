// SPDX-License-Identifier: MIT OR Apache-2.0
//! SuperH, as in `show_regs()` of `arch/sh/kernel/process_32.c`.
//!
//! ```text
//! PC is at victim+0x24/0x40
//! PR is at caller+0x20/0x60
//! PC  : 88001234 SP  : 8f4a5e88 SR  : 400080f0 TEA : 00000010    Not tainted
//! R0  : 00000000 R1  : 00000001 R2  : 8f4a5ec8 R3  : 00000000
//! MACH: 00000000 MACL: 00000000 GBR : 29574450 PR  : 88001200
//! Call trace:
//!  [<88001200>] caller+0x20/0x60
//! Code:
//!   88001232:  mov       #0, r1
//! ->88001234:  mov.l     @r1, r2
//! ```

use super::architecture::{Architecture, Hints, Item, Pc, Reading, Rows};
use super::{numbers, places};
use crate::cursor::Cursor;
use crate::message::Message;

const REGISTERS: &[&str] = &[
    "PC", "SP", "SR", "TEA", "R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12",
    "R13", "R14", "MACH", "MACL", "GBR", "PR",
];

#[derive(Debug)]
pub(super) struct Sh;

impl Architecture for Sh {
    fn names(&self) -> &'static [&'static str] {
        &["sh4"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let mut cursor = Cursor::new(message.text);
        cursor.blanks();
        let is_pc = cursor.eat(b"PC is at ");
        if is_pc || cursor.eat(b"PR is at ") {
            let place = places::at(message, cursor.position(), is_pc)?;
            return Some(if is_pc {
                Reading::one(Item::Pc(Pc { place, ..Pc::default() }))
            } else {
                Reading::of(vec![Item::Arch("sh4"), Item::Return(place)])
            });
        }
        if let Some(registers) = numbers::pairs(REGISTERS, message) {
            let is_own = registers.iter().all(|register| numbers::digits(register) == 8)
                && registers
                    .first()
                    .is_some_and(|first| matches!(first.name, "PC" | "R0" | "R4" | "R8" | "R12" | "MACH"));
            // `PC: c0001234 SR: ...` is OpenRISC's.
            if !is_own || memchr::memmem::find(message.text, b"PC: ").is_some() {
                return None;
            }
            let mut items = vec![Item::Arch("sh4")];
            if let Some(place) = numbers::place(&registers, "PC", true) {
                items.push(Item::Pc(Pc { place, ..Pc::default() }));
            }
            items.extend(numbers::place(&registers, "PR", false).map(Item::Return));
            items.push(Item::Registers(registers));
            return Some(Reading::of(items));
        }
        // Above the line of `die()`.
        if cursor.eat(b"pc = ") && matches!(cursor.hex(), Some((_, 8))) && cursor.is_at_end() {
            return Some(Reading::default());
        }
        hints.arch?;
        let text = message.text.trim_ascii();
        if text.starts_with(b"Stack: (0x") || text.starts_with(b"Exception stack(0x") {
            return Some(Reading::default().with_rows(Rows::Stack));
        }
        if hints.rows == Rows::Stack
            && let Some(words) = numbers::row_behind_offset(message)
        {
            return Some(Reading::one(Item::Stack(words)).with_rows(Rows::Stack));
        }
        if text == b"Code:" {
            return Some(Reading::default().with_rows(Rows::Code));
        }
        cursor.eat(b"->");
        let is_row = hints.rows == Rows::Code && matches!(cursor.hex(), Some((_, 8))) && cursor.eat(b":");
        is_row.then(|| Reading::default().with_rows(Rows::Code))
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}
