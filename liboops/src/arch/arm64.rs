// SPDX-License-Identifier: MIT OR Apache-2.0
//! 64-bit ARM, as in `__show_regs()` of `arch/arm64/kernel/process.c` and `mem_abort_decode()` of
//! `mm/fault.c`.
//!
//! ```text
//! pstate: 60400005 (nZCv daif +PAN -UAO)
//! pc : victim+0x18/0x2c [m]
//! lr : caller+0x18/0x2c [m]
//! sp : ffff80000a2d3c00
//! x29: ffff80000a2d3c00 x28: ffff000002a40000
//! Code: d503233f f9400001 b4000061 d63f0020 (f900081f)
//! ```
//!
//! Up to 4.11 the names were in lines of their own, `PC is at victim+0x18/0x2c`, and the addresses in `pc :
//! [<ffff000008a1b2c4>] lr : [<ffff000008a1b2c0>] pstate: 60000145`.

use super::architecture::{Architecture, Hints, Item, OopsCode, Pc, Reading, Rows};
use super::code_words::ByteOrder;
use super::{arm, arm64_syndrome, code_words, numbers, places, recognised};
use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{FaultStatus, Hex};

const REGISTERS: &[&str] = &[
    "pc", "lr", "sp", "pstate", "pmr_save", "x30", "x29", "x28", "x27", "x26", "x25", "x24", "x23", "x22",
    "x21", "x20", "x19", "x18", "x17", "x16", "x15", "x14", "x13", "x12", "x11", "x10", "x9", "x8", "x7",
    "x6", "x5", "x4", "x3", "x2", "x1", "x0",
];

const KNOWN: &[&[u8]] = &[
    b"Mem abort info:",
    b"Data abort info:",
    b"Exception class = ",
    b"EC = 0x",
    b"IL = ",
    b"SET = ",
    b"EA = ",
    b"FSC = ",
    b"ISV = ",
    b"CM = ",
    b"GCS = ",
    b"swapper pgtable: ",
    b"user pgtable: ",
];

#[derive(Debug)]
pub(super) struct Arm64;

impl Architecture for Arm64 {
    fn names(&self) -> &'static [&'static str] {
        &["aarch64"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let text = message.text.trim_ascii_start();
        if text.starts_with(b"PC is at ") || text.starts_with(b"LR is at ") {
            return arm::named(message);
        }
        if let Some(reading) = registers(message).or_else(|| place(message)).or_else(|| syndrome(message)) {
            return Some(reading);
        }
        if text.starts_with(b"Code: ") && hints.arch.is_some() {
            let code = code_words::read(message, b"Code:", ByteOrder::Little)?;
            return Some(Reading::one(Item::Code(code)));
        }
        if hints.rows == Rows::Stack
            && let Some(words) = numbers::row_behind_offset(message)
        {
            return Some(Reading::one(Item::Stack(words)).with_rows(Rows::Stack));
        }
        if hints.arch.is_some()
            && (text.starts_with(b"Stack: (0x") || text.starts_with(b"Exception stack(0x"))
        {
            return Some(Reading::default().with_rows(Rows::Stack));
        }
        if hints.arch.is_some() && (is_page_table(text) || arm::is_memory(text)) {
            return Some(Reading::default());
        }
        // Where registers are not printed, only this tells. SuperH and OpenRISC have it below registers.
        if hints.arch.is_none() && text.trim_ascii_end() == b"Call trace:" {
            return Some(Reading::of(vec![Item::Arch("aarch64"), Item::Trace]));
        }
        recognised::begins(message, KNOWN).then(|| Reading::one(Item::Arch("aarch64")))
    }

    fn explain(&self, code: OopsCode) -> Option<FaultStatus> {
        // `Oops - BUG: 0` of old kernels is no syndrome.
        (code.value > 0xffff).then(|| arm64_syndrome::explain(code.value, code.span)).flatten()
    }

    fn traces_calls(&self, version: (u64, u64)) -> bool {
        // "ARM64: unwind: Fix PC calculation", which was reverted.
        ((3, 14)..(4, 4)).contains(&version)
    }
}

fn registers(message: &Message<'_>) -> Option<Reading> {
    // `pc 9000000000223344 ra 9000000000223300` is LoongArch's.
    memchr::memchr(b':', message.text)?;
    let registers = numbers::pairs(REGISTERS, message)?;
    let is_own = |name: &str| name.starts_with('x') || matches!(name, "pstate" | "pmr_save");
    let is_wide = registers.iter().any(|register| numbers::digits(register) == 16);
    if !is_wide && !registers.iter().all(|register| is_own(register.name)) {
        return None;
    }
    let mut items = vec![Item::Arch("aarch64")];
    if let Some(place) = numbers::place(&registers, "pc", true) {
        items.push(Item::Pc(Pc { place, ..Pc::default() }));
    }
    items.extend(numbers::place(&registers, "lr", false).map(Item::Return));
    // The exception level is in bits 2 and 3, 0 for programs; bit 4 is set for 32-bit ones.
    let is_user = numbers::find(&registers, "pstate").is_some_and(|state| state.value.0 & 0xc == 0);
    items.push(Item::Registers(registers));
    items.extend(is_user.then_some(Item::User));
    Some(Reading::of(items))
}

/// `pc : f+0x1/0x2 [m]`, `lr : 0x0`
fn place(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_pc = cursor.eat(b"pc : ");
    if !is_pc && !cursor.eat(b"lr : ") {
        return None;
    }
    // `pc : [<8078e15c>]    lr : [<8078e144>]` is 32-bit ARM's.
    let mut ahead = cursor;
    if ahead.eat(b"[<") && ahead.hex().is_none_or(|(_, digits)| digits != 16) {
        return None;
    }
    let place = places::at(message, cursor.position(), is_pc)?;
    let item = if is_pc { Item::Pc(Pc { place, ..Pc::default() }) } else { Item::Return(place) };
    Some(Reading::of(vec![Item::Arch("aarch64"), item]))
}

/// `ESR = 0x0000000096000006`, in older kernels `Exception class = DABT (current EL), IL = 32 bits`. Where
/// the stack has overflowed, `ESR: 0x0000000096000047 -- DABT (current EL)` and `FAR: 0xffff80000a2cfff0`.
fn syndrome(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    if cursor.eat(b"FAR: 0x") {
        let start = cursor.position();
        let (value, 16) = cursor.hex()? else { return None };
        let span = message.span(start..cursor.position());
        return Some(Reading::of(vec![
            Item::Arch("aarch64"),
            Item::FaultAddress { value: Hex(value), span },
        ]));
    }
    if !cursor.eat(b"ESR = 0x") && !cursor.eat(b"ESR: 0x") {
        return None;
    }
    let start = cursor.position();
    let (value, _) = cursor.hex()?;
    let status = arm64_syndrome::explain(value, message.span(start..cursor.position()));
    let status = status.map(Item::Status);
    Some(Reading::of(std::iter::once(Item::Arch("aarch64")).chain(status).collect()))
}

/// `[0000000000000010] pgd=0800000043051003, p4d=...`
fn is_page_table(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.eat(b"[") && cursor.hex().is_some() && cursor.eat(b"] ") && {
        cursor.eat(b"*");
        cursor.eat(b"pgd=") || cursor.eat(b"address between user and kernel")
    }
}
