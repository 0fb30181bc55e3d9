// SPDX-License-Identifier: MIT OR Apache-2.0
//! C-SKY, as in `show_regs()` of `arch/csky/kernel/ptrace.c`.
//!
//! ```text
//! Unable to handle kernel paging request at virtual addr 0x00000010, pc: 0x80123456
//! Oops [#1]
//! COMM=tool PID=321
//! PC: 0x80123456 (victim+0x16/0x40)
//! LR: 0x80123500 (caller+0x20/0x60)
//! SP: 0x8f123e80
//!  a0: 0x00000000   a1: 0x00000001   a2: 0x00000002   a3: 0x00000003
//! Call Trace:
//! [<80123500>] caller+0x20/0x60
//! ```

use super::architecture::{Architecture, Hints, Item, Pc, Reading};
use super::{numbers, places, recognised};
use crate::cursor::{Cursor, text};
use crate::message::Message;

const REGISTERS: &[&str] = &[
    "PC", "LR", "SP", "PSR", "orig_a0", "PT_REGS", "a0", "a1", "a2", "a3", "r1", "r4", "r5", "r6", "r7",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22",
    "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "tls", "hi", "lo",
];

#[derive(Debug)]
pub(super) struct Csky;

impl Architecture for Csky {
    fn names(&self) -> &'static [&'static str] {
        &["csky"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let line = message.text.trim_ascii_start();
        if line.starts_with(b"COMM=") {
            return task(line);
        }
        // Other kernels print these registers without `0x`.
        let colon = memchr::memchr(b':', line).filter(|&colon| colon <= 7)?;
        if !line.get(colon..).is_some_and(|rest| rest.starts_with(b": 0x")) {
            hints.arch?;
            return recognised::known(message, &[b"CURRENT PROCESS:"]);
        }
        let registers = numbers::pairs(REGISTERS, message)?;
        // ARC's line goes on: `SP: 0x9f0a1e40  FP: 0x00000000 BLK: f+0x8/0x40`.
        let is_other = line.starts_with(b"SP:") && memchr::memmem::find(line, b"FP:").is_some();
        if is_other || registers.iter().any(|register| numbers::digits(register) != 8) {
            return None;
        }
        let mut items = vec![Item::Arch("csky")];
        let at = message.text.len().saturating_sub(line.len()).saturating_add(colon).saturating_add(1);
        if line.starts_with(b"PC:") {
            let place = places::at(message, at, true)?;
            items.push(Item::Pc(Pc { place, ..Pc::default() }));
        } else if line.starts_with(b"LR:") {
            items.push(Item::Return(places::at(message, at, false)?));
        }
        items.push(Item::Registers(registers));
        Some(Reading::of(items))
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}

/// `COMM=tool PID=321`
fn task(line: &[u8]) -> Option<Reading> {
    let mut cursor = Cursor::new(line);
    cursor.eat(b"COMM=");
    let end = memchr::memmem::rfind(line, b" PID=")?;
    let name = line.get(cursor.position()..end)?;
    let mut number = Cursor::at(line, end.saturating_add(5));
    let pid = u32::try_from(number.decimal()?).ok()?;
    Some(Reading::of(vec![Item::Arch("csky"), Item::Task { comm: text(name), pid, cpu: None }]))
}
