// SPDX-License-Identifier: MIT OR Apache-2.0
//! x86-64: `RIP:`, `RAX:` and the like, `Code:`; kernels 2.6 to 7.

use super::architecture::{Architecture, Hints, Item, Pc, Reading};
use super::x86;
use crate::cursor::Cursor;
use crate::message::Message;

/// Names of registers as the kernel prints them.
const REGISTERS: &[&str] = &[
    "RSP", "EFLAGS", "ORIG_RAX", "RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "R08", "R09", "R10", "R11",
    "R12", "R13", "R14", "R15", "FS", "GS", "knlGS", "CS", "DS", "ES", "CR0", "CR2", "CR3", "CR4", "DR0",
    "DR1", "DR2", "DR3", "DR6", "DR7", "PKRU",
];

#[derive(Debug)]
pub(super) struct X86_64;

impl Architecture for X86_64 {
    fn names(&self) -> &'static [&'static str] {
        &["x86_64"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        if message.text.trim_ascii_start().starts_with(b"RIP") {
            return pc(message);
        }
        if let Some(common) = x86::common(message, hints) {
            return Some(common);
        }
        let registers = x86::registers(REGISTERS, message)?;
        // 32-bit kernels also print the segment, control and debug registers.
        let is_certain = registers.iter().any(|register| register.name.starts_with(['R', 'O']));
        let arch = is_certain.then_some(Item::Arch("x86_64"));
        Some(Reading::of(arch.into_iter().chain([Item::Registers(registers)]).collect()))
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}

fn pc(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    cursor.eat(b"RIP");
    let colon = cursor.eat(b":");
    if cursor.blanks() == 0 {
        return None;
    }
    let (segment, place) = x86::pc(message, cursor);
    let pc = Pc { segment, user: x86::is_user(segment), repeated: !colon, place };
    Some(Reading::of(vec![Item::Arch("x86_64"), Item::Pc(pc)]))
}
