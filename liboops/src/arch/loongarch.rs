// SPDX-License-Identifier: MIT OR Apache-2.0
//! LoongArch, as in `__show_regs()` of `arch/loongarch/kernel/traps.c`.
//!
//! ```text
//! pc 9000000000223344 ra 9000000000223300 tp 9000000100384000 sp 9000000100387c60
//!    ra: 9000000000223300 caller+0x20/0x60
//!   ERA: 9000000000223344 victim+0x24/0x40
//!  CRMD: 000000b0 (PLV0 -IE -DA +PG DACF=CC DACM=CC -WE)
//! ESTAT: 00010000 [PIL] (IS= ECode=1 EsubCode=0)
//!  BADV: 0000000000000010
//! Code: 02bfc063  29c02076  <28c02084> 28c02061
//! ```
//!
//! Linux 5.19 to 6.1 printed registers as MIPS does, with `era   :`, and `CSR estat: 00010000`.

use super::architecture::{Architecture, Hints, Item, Pc, Reading};
use super::code_words::ByteOrder;
use super::{code_words, mips, numbers, places};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{FaultStatus, Register};

const REGISTERS: &[&str] = &[
    "pc", "ra", "tp", "sp", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4",
    "t5", "t6", "t7", "t8", "u0", "s9", "fp", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8",
];

const CONTROL: &[&str] = &["CRMD", "PRMD", "EUEN", "ECFG", "ESTAT", "BADV", "PRID", "BadVA", "PrId"];

/// Codes, bits 16 to 21 of ESTAT, as in `arch/loongarch/include/asm/loongarch.h` (6.12).
const CODES: &[(u64, &str)] = &[
    (0, "interrupt"),
    (1, "page fault on a read: no valid entry"),
    (2, "page fault on a write: no valid entry"),
    (3, "page fault on an instruction fetch: no valid entry"),
    (4, "write to a page that is not writable"),
    (5, "read of a page that is not readable"),
    (6, "instruction fetch from a page that is not executable"),
    (7, "page needs a higher privilege"),
    (8, "address that does not exist"),
    (9, "misaligned address"),
    (10, "bound check failed"),
    (11, "system call"),
    (12, "BREAK instruction: BUG, WARN or a probe"),
    (13, "instruction does not exist"),
    (14, "privileged instruction"),
    (15, "floating point is not enabled"),
];

#[derive(Debug)]
pub(super) struct LoongArch;

impl Architecture for LoongArch {
    fn names(&self) -> &'static [&'static str] {
        &["loongarch64"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        if let Some(reading) = place(message).or_else(|| registers(message)).or_else(|| control(message)) {
            return Some(reading);
        }
        let text = message.text.trim_ascii_start();
        if text.starts_with(b"Code:") && hints.arch.is_some() {
            let code = code_words::read(message, b"Code:", ByteOrder::Little)?;
            return Some(Reading::one(Item::Code(code)));
        }
        hints.arch.and_then(|_| mips::rows(message, hints))
    }
}

fn registers(message: &Message<'_>) -> Option<Reading> {
    // `a0 : ` is another processor's.
    if memchr::memchr(b':', message.text).is_some() {
        return None;
    }
    let registers = numbers::pairs(REGISTERS, message)?;
    if registers.iter().any(|register| numbers::digits(register) != 16) {
        return None;
    }
    let mut items = vec![Item::Arch("loongarch64")];
    if let Some(place) = numbers::place(&registers, "pc", true) {
        items.push(Item::Pc(Pc { place, ..Pc::default() }));
    }
    items.extend(numbers::place(&registers, "ra", false).map(Item::Return));
    items.push(Item::Registers(registers));
    Some(Reading::of(items))
}

fn control(message: &Message<'_>) -> Option<Reading> {
    let registers = old_control(message).or_else(|| numbers::pairs(CONTROL, message))?;
    let first = registers.first()?;
    let status = (first.name == "ESTAT").then(|| status(first)).flatten();
    // PRMD holds the privilege before the exception, 3 for programs.
    let is_user = first.name == "PRMD" && first.value.0 & 3 == 3;
    let mut items = vec![Item::Arch("loongarch64")];
    items.extend(status.map(Item::Status));
    items.push(Item::Registers(registers));
    items.extend(is_user.then_some(Item::User));
    Some(Reading::of(items))
}

/// `CSR crmd: 000000b0` of 5.19 to 6.1, with the names that later kernels have.
fn old_control(message: &Message<'_>) -> Option<Vec<Register>> {
    let skipped = message.text.len().saturating_sub(message.text.trim_ascii_start().len());
    message.text.get(skipped..)?.strip_prefix(b"CSR ")?;
    let rest = message.part(skipped.saturating_add(4)..message.text.len());
    let mut registers = numbers::pairs(&["crmd", "prmd", "euen", "ecfg", "estat"], &rest)?;
    for register in &mut registers {
        let later = CONTROL.iter().find(|name| name.eq_ignore_ascii_case(register.name));
        register.name = later.copied().unwrap_or(register.name);
    }
    Some(registers)
}

fn status(register: &Register) -> Option<FaultStatus> {
    let code = (register.value.0 >> 16) & 0x3f;
    let meaning = CODES.iter().find(|(number, _)| *number == code)?.1.to_owned();
    Some(FaultStatus { register: "ESTAT", value: register.value, span: register.span, meaning })
}

/// `  ERA: 9000000000223344 f+0x1/0x2`, `   ra: ...`, `era   : ...`
fn place(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_pc = cursor.eat(b"ERA: ") || cursor.eat(b"era   : ");
    if !is_pc && !cursor.eat(b"ra: ") && !cursor.eat(b"ra    : ") {
        return None;
    }
    let place = places::at(message, cursor.position(), is_pc)?;
    let item = if is_pc { Item::Pc(Pc { place, ..Pc::default() }) } else { Item::Return(place) };
    Some(Reading::of(vec![Item::Arch("loongarch64"), item]))
}
