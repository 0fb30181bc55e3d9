// SPDX-License-Identifier: MIT OR Apache-2.0
//! 32-bit ARM, as in `__show_regs()` of `arch/arm/kernel/process.c` and `dump_backtrace_entry()` of
//! `traps.c`.
//!
//! ```text
//! PC is at victim+0x40/0x48
//! LR is at caller+0x28/0x48
//! pc : [<8078e15c>]    lr : [<8078e144>]    psr: 20000093
//! sp : e0981e90  ip : e0981e8c  fp : 0014b318
//! [<8078e15c>] (victim) from [<8078fba0>] (caller+0x10c/0x114)
//!  victim from caller+0x10c/0x114
//! Code: e0844003 e3c434ff e3c3360f e2433612 (e5c35000)
//! ```

use super::architecture::{Architecture, Hints, Item, OopsCode, Pc, Reading, Rows};
use super::code_words::ByteOrder;
use super::thumb::without_thumb_bit;
use super::{arm_backtrace, arm_fault_status, code_words, numbers, places, recognised};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::FaultStatus;

const REGISTERS: &[&str] =
    &["pc", "lr", "psr", "sp", "ip", "fp", "r10", "r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"];

/// Bit 5 of the status register: Thumb code was running.
const THUMB: u64 = 1 << 5;

const CONTROL: &[&str] = &["Control", "Table", "DAC"];

#[derive(Debug)]
pub(super) struct Arm;

impl Architecture for Arm {
    fn names(&self) -> &'static [&'static str] {
        &["arm"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let text = message.text.trim_ascii_start();
        if text.starts_with(b"PC is at ") || text.starts_with(b"LR is at ") {
            return named(message);
        }
        if hints.rows == Rows::Stack
            && let Some(words) = numbers::row_behind_offset(message)
        {
            return Some(Reading::one(Item::Stack(words)).with_rows(Rows::Stack));
        }
        if let Some(reading) = arm_backtrace::read(message).or_else(|| registers(message)) {
            return Some(reading);
        }
        if text.starts_with(b"Code: ") {
            let code = code_words::read(message, b"Code:", ByteOrder::Little)?;
            return Some(Reading::one(Item::Code(code)));
        }
        if text.starts_with(b"Flags: ") {
            let user = memchr::memmem::find(text, b"Mode USER").is_some();
            let mut items = vec![Item::Arch("arm")];
            items.extend(user.then_some(Item::User));
            return Some(Reading::of(items));
        }
        if text.starts_with(b"Stack: (0x") || text.starts_with(b"Exception stack(0x") {
            return Some(Reading::default().with_rows(Rows::Stack));
        }
        if text.starts_with(b"Backtrace:") {
            return Some(Reading::one(Item::Trace));
        }
        let known: [&[u8]; 5] = [b"Register r", b"pgd = ", b"*pgd=", b"Backtrace aborted", b"Backtrace for"];
        let is_known = page_table(text) || hints.arch.is_some() && is_memory(text);
        recognised::known(message, &known).or_else(|| is_known.then(Reading::default))
    }

    fn explain(&self, code: OopsCode) -> Option<FaultStatus> {
        arm_fault_status::explain(code)
    }
}

/// `PC is at f+0x1/0x2 [m]`, `LR is at 0x0`; arm64 had the same lines up to 4.11.
pub(super) fn named(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_pc = cursor.eat(b"PC is at ");
    if !is_pc && !cursor.eat(b"LR is at ") {
        return None;
    }
    let place = places::at(message, cursor.position(), is_pc)?;
    Some(Reading::one(if is_pc {
        Item::Pc(Pc { place, ..Pc::default() })
    } else {
        Item::Return(without_thumb_bit(place))
    }))
}

fn registers(message: &Message<'_>) -> Option<Reading> {
    if let Some(registers) = numbers::pairs(CONTROL, message) {
        return Some(Reading::one(Item::Registers(registers)));
    }
    let registers = numbers::pairs(REGISTERS, message)?;
    // xtensa's `pc: d0012340, ps: 00060f10, depc: 00000018, excvaddr: 00000010`.
    if memchr::memmem::find(message.text, b", ps: ").is_some() {
        return None;
    }
    if registers.iter().any(|register| register.span.len() > 8) {
        return None;
    }
    let mut items = vec![Item::Arch("arm")];
    let psr = numbers::find(&registers, "psr").map_or(0, |psr| psr.value.0);
    if let Some(place) = numbers::place(&registers, "pc", true) {
        items.push(Item::Pc(Pc { place, ..Pc::default() }));
        let mut caller = numbers::place(&registers, "lr", false);
        if let Some(address) = caller.as_mut().and_then(|place| place.address.as_mut())
            && psr & THUMB != 0
        {
            // A kernel is Thumb code as a whole.
            address.0 &= !1;
        }
        items.extend(caller.map(Item::Return));
    }
    // The lowest five bits of the status register are the mode, 0x10 for programs.
    let is_user =
        numbers::find(&registers, "psr").is_some_and(|psr| psr.value.0 & 0x1f == 0x10 && psr.span.len() == 8);
    items.push(Item::Registers(registers));
    items.extend(is_user.then_some(Item::User));
    Some(Reading::of(items))
}

/// A row of the memory around what a register points to, which some kernels dump after the registers: `R10:
/// 0xef3a1f80:`, then `1f80  00000006 00000000 ...`.
pub(super) fn is_memory(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    let name = cursor.take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if matches!(name.len(), 2 | 3) && cursor.eat(b": 0x") {
        return cursor.hex().is_some() && cursor.eat(b":") && cursor.rest().trim_ascii().is_empty();
    }
    let mut cursor = Cursor::new(text);
    let is_offset = matches!(cursor.hex(), Some((_, 4))) && cursor.blanks() > 0;
    let is_word =
        |word: &[u8]| word.len() == 8 && word.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'*');
    let mut words = cursor.rest().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    is_offset && !cursor.is_at_end() && words.all(is_word)
}

/// `[00000010] *pgd=41d14835, *pte=00000000`
fn page_table(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.eat(b"[") && cursor.hex().is_some() && cursor.eat(b"] *pgd=")
}
