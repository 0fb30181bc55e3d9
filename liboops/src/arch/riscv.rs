// SPDX-License-Identifier: MIT OR Apache-2.0
//! RISC-V, as in `__show_regs()` of `arch/riscv/kernel/process.c` and `dump_instr()` of `traps.c`.
//!
//! ```text
//! epc : victim+0x10/0x18 [m]
//!  ra : caller+0x3e/0x86 [m]
//! epc : ffffffff01ea4072 ra : ffffffff01ea40b8 sp : ff20000000213970
//! status: 0000000200000120 badaddr: 0000000000000010 cause: 000000000000000d
//! [<ffffffff01ea4072>] victim+0x10/0x18 [m]
//! Code: 0141 8082 0013 0000 (2783) 0100
//! ```
//!
//! Kernels before 5.10 print no names and `epc: ffffffe000201a2c ra : ...`, up to 5.7 `sepc: `; before 4.17
//! `sstatus`, `sbadaddr` and `scause`.

use super::architecture::{Architecture, Hints, Item, Pc, Reading};
use super::code_words::ByteOrder;
use super::{code_words, numbers, places, recognised};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{FaultStatus, Register};

const REGISTERS: &[&str] = &[
    "epc", "sepc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "ssp",
    "status", "badaddr", "cause", "sstatus", "sbadaddr", "scause",
];

/// Causes, as in `arch/riscv/include/asm/csr.h` (6.18).
const CAUSES: &[(u64, &str)] = &[
    (0, "misaligned instruction address"),
    (1, "instruction fetch from memory that does not exist"),
    (2, "illegal instruction"),
    (3, "breakpoint: BUG, WARN or a probe"),
    (4, "read of a misaligned address"),
    (5, "read from memory that does not exist or does not allow it"),
    (6, "write to a misaligned address"),
    (7, "write to memory that does not exist or does not allow it"),
    (8, "system call"),
    (9, "call of the firmware"),
    (12, "page fault on an instruction fetch"),
    (13, "page fault on a read"),
    (15, "page fault on a write"),
    (18, "control flow check failed"),
    (19, "hardware error"),
];

#[derive(Debug)]
pub(super) struct Riscv;

impl Architecture for Riscv {
    fn names(&self) -> &'static [&'static str] {
        &["riscv64", "riscv32"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        if let Some(reading) = registers(message).or_else(|| place(message)) {
            return Some(reading);
        }
        let text = message.text.trim_ascii_start();
        if text.starts_with(b"Code: ") && (hints.arch.is_some() || is_halves(text)) {
            let code = code_words::read(message, b"Code:", ByteOrder::Little)?;
            return Some(Reading::one(Item::Code(code)));
        }
        const KNOWN: &[&[u8]] = &[b"Current ", b"Insufficient stack space"];
        recognised::known(message, KNOWN).filter(|_| hints.arch.is_some())
    }
}

fn registers(message: &Message<'_>) -> Option<Reading> {
    // `epc   : 80123454` is of MIPS, `a0 9000000100384000 a1 ...` and `   ra: 9000000000223300 f+0x1/0x2` of
    // LoongArch.
    let text = message.text.trim_ascii_start();
    let name = text.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    let rest = text.get(name.len()..).unwrap_or_default();
    if !rest.starts_with(b":") && !rest.starts_with(b" :") || text.starts_with(b"ra:") {
        return None;
    }
    let registers = numbers::pairs(REGISTERS, message)?;
    let digits = registers.first().map(numbers::digits)?;
    let name = match digits {
        16 => "riscv64",
        8 => "riscv32",
        _ => return None,
    };
    let mut items = vec![Item::Arch(name)];
    if let Some(place) = ["epc", "sepc"].iter().find_map(|name| numbers::place(&registers, name, true)) {
        items.push(Item::Pc(Pc { place, ..Pc::default() }));
    }
    items.extend(numbers::place(&registers, "ra", false).map(Item::Return));
    let cause = ["cause", "scause"].iter().find_map(|name| numbers::find(&registers, name));
    items.extend(cause.and_then(|cause| status(cause, digits)).map(Item::Status));
    // SPP: the privilege that the processor had before.
    let is_user = ["status", "sstatus"]
        .iter()
        .find_map(|name| numbers::find(&registers, name))
        .is_some_and(|status| status.value.0 & 0x100 == 0);
    items.push(Item::Registers(registers));
    items.extend(is_user.then_some(Item::User));
    Some(Reading::of(items))
}

fn status(cause: &Register, digits: u64) -> Option<FaultStatus> {
    let is_interrupt = cause.value.0 >> digits.saturating_mul(4).saturating_sub(1) == 1;
    let known = CAUSES.iter().find(|(number, _)| *number == cause.value.0).map(|(_, words)| *words);
    let meaning = if is_interrupt { "interrupt" } else { known? }.to_owned();
    Some(FaultStatus { register: "cause", value: cause.value, span: cause.span, meaning })
}

/// `epc : f+0x1/0x2 [m]`, ` ra : f+0x1/0x2`
fn place(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_pc = cursor.eat(b"epc : ") || cursor.eat(b"epc: ");
    if !is_pc && !cursor.eat(b"ra : ") {
        return None;
    }
    let place = places::at(message, cursor.position(), is_pc)?;
    let item = if is_pc { Item::Pc(Pc { place, ..Pc::default() }) } else { Item::Return(place) };
    Some(Reading::one(item))
}

/// Whether the first word after `Code:` has four digits.
fn is_halves(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text.get(5..).unwrap_or_default());
    cursor.blanks();
    cursor.eat(b"(");
    matches!(cursor.hex(), Some((_, 4)))
}
