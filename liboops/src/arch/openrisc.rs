// SPDX-License-Identifier: MIT OR Apache-2.0
//! OpenRISC, as in `show_registers()` of `arch/openrisc/kernel/traps.c`.
//!
//! ```text
//! CPU #: 0
//!    PC: c0012344    SR: 0000807f    SP: c0837e88
//! GPR00: 00000000 GPR01: c0837e88 GPR02: c0837eb0 GPR03: 00000000
//!   RES: 00000000 oGPR11: ffffffff
//! Call trace:
//! [<c0012300>] caller+0x20/0x60
//! Code:
//! c0012340 84630010
//! ```

use super::architecture::{Architecture, Hints, Item, Pc, Reading, Rows};
use super::numbers;
use crate::message::Message;

const REGISTERS: &[&str] = &[
    "PC", "SR", "SP", "FPCSR", "GPR00", "GPR01", "GPR02", "GPR03", "GPR04", "GPR05", "GPR06", "GPR07",
    "GPR08", "GPR09", "GPR10", "GPR11", "GPR12", "GPR13", "GPR14", "GPR15", "GPR16", "GPR17", "GPR18",
    "GPR19", "GPR20", "GPR21", "GPR22", "GPR23", "GPR24", "GPR25", "GPR26", "GPR27", "GPR28", "GPR29",
    "GPR30", "GPR31", "RES", "oGPR11",
];

#[derive(Debug)]
pub(super) struct OpenRisc;

impl Architecture for OpenRisc {
    fn names(&self) -> &'static [&'static str] {
        &["openrisc"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        if let Some(registers) = numbers::pairs(REGISTERS, message) {
            let is_own =
                registers.len() > 1 && registers.iter().all(|register| numbers::digits(register) == 8);
            if !is_own {
                return None;
            }
            let mut items = vec![Item::Arch("openrisc")];
            if let Some(place) = numbers::place(&registers, "PC", true) {
                items.push(Item::Pc(Pc { place, ..Pc::default() }));
            }
            // Register 9 is the link register of the ABI.
            items.extend(numbers::place(&registers, "GPR09", false).map(Item::Return));
            items.push(Item::Registers(registers));
            return Some(Reading::of(items));
        }
        if message.text.trim_ascii_start().starts_with(b"CPU #: ") {
            return Some(Reading::one(Item::Arch("openrisc")));
        }
        hints.arch?;
        if message.text.trim_ascii() == b"Stack:" {
            return Some(Reading::default().with_rows(Rows::Stack));
        }
        let (words, is_row) = numbers::row(message, 0);
        let is_stack = hints.rows == Rows::Stack && is_row && !words.is_empty();
        is_stack.then(|| Reading::one(Item::Stack(words)).with_rows(Rows::Stack))
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}
