// SPDX-License-Identifier: MIT OR Apache-2.0
//! PowerPC, as in `__show_regs()`, `show_instructions()` and `__show_stack()` of
//! `arch/powerpc/kernel/process.c`.
//!
//! ```text
//! NIP:  c0080000002f007c LR: c0080000002f00f0 CTR: c0080000002f00ec
//! REGS: c000000004a6b4d0 TRAP: 0300   Not tainted  (6.1.0-99-powerpc64le)
//! MSR:  800000000280b033 <SF,VEC,VSX,EE,FP,ME,IR,DR,RI,LE>  CR: 84000482  XER: 0000011e
//! CFAR: c0080000002f00ec DAR: 0000000000000010 DSISR: 40000000 IRQMASK: 0
//! GPR00: c0080000002f00f0 c000000004a6b770 c008000000318100 0000000000000000
//! NIP [c0080000002f007c] victim+0xc/0x1c [m]
//! LR [c0080000002f00f0] caller+0x64/0xac [m]
//! [c000000004a6b790] [c0080000002f017c] init+0x44/0xfec8 [m] (unreliable)
//! --- interrupt: 300 at f+0x1/0x2
//!     LR = g+0x3/0x4
//! Instruction dump:
//! e8010010 7c0803a6 4e800020 <81290010> 4e800020 00028074
//! ```
//!
//! Linux 2.4 has `NIP: C00133F4 XER: 00000000 LR: C0013428 SP: C0345D30 REGS: c0345c80 TRAP: 0300` and `Call
//! backtrace:` with bare addresses.

use super::architecture::{Architecture, Hints, Item, Pc, Reading, Rows};
use super::code_words::ByteOrder;
use super::{code_words, numbers, places, powerpc_trap, recognised};
use crate::cursor::{Cursor, number_after, text};
use crate::message::Message;
use crate::report::{Hex, Place, Register, Span};

const GENERAL: &[&str] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];

const SPECIAL: &[&str] = &[
    "NIP",
    "LR",
    "CTR",
    "REGS",
    "TRAP",
    "XER",
    "SP",
    "MSR",
    "CR",
    "CFAR",
    "DAR",
    "DEAR",
    "ESR",
    "DSISR",
    "IRQMASK",
    "SOFTE",
    "PACATMSCRATCH",
    "CCR",
    "EE",
    "PR",
    "FP",
    "ME",
];

/// PR, bit 14 of MSR: a program was running.
const PROGRAM_BIT: u64 = 1 << 14;

#[derive(Debug)]
pub(super) struct PowerPc;

impl Architecture for PowerPc {
    fn names(&self) -> &'static [&'static str] {
        &["ppc64", "ppc64le", "ppc"]
    }

    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading> {
        let text = message.text.trim_ascii_start();
        let order = if hints.arch == Some("ppc64le") { ByteOrder::Little } else { ByteOrder::Big };
        if let Some(mut code) = code_words::read(message, b"Instruction dump:", order) {
            code.unreadable = None;
            return Some(Reading::one(Item::Code(code)).with_rows(Rows::Code));
        }
        match hints.rows {
            Rows::Code => {
                if let Some(code) = code_words::row(message, order) {
                    return Some(Reading::one(Item::MoreCode(code)).with_rows(Rows::Code));
                }
            }
            Rows::Trace => {
                let (addresses, is_whole) = numbers::row(message, 0);
                if is_whole && !addresses.is_empty() {
                    return Some(Reading::one(frames(addresses)).with_rows(Rows::Trace));
                }
            }
            _ => {}
        }
        if text.starts_with(b"Code:") && hints.arch.is_some() {
            let code = code_words::read(message, b"Code:", order)?;
            return Some(Reading::one(Item::Code(code)));
        }
        if text.starts_with(b"Call backtrace:") {
            let at = message.text.len().saturating_sub(text.len()).saturating_add(15);
            let (addresses, _) = numbers::row(message, at);
            let mut items = vec![Item::Arch("ppc"), Item::Trace];
            items.extend((!addresses.is_empty()).then(|| frames(addresses)));
            return Some(Reading::of(items).with_rows(Rows::Trace));
        }
        if let Some(name) = endianness(text) {
            return Some(Reading::one(Item::Arch(name)));
        }
        named(message)
            .or_else(|| general(message))
            .or_else(|| special(message))
            .or_else(|| interrupt(message))
            .or_else(|| task(text))
            .or_else(|| {
                recognised::known(
                    message,
                    &[b"Faulting instruction address: ", b"last math ", b"Last syscall: "],
                )
            })
    }

    fn traces_from_pc(&self) -> bool {
        false
    }
}

fn frames(addresses: Vec<(Hex, Span)>) -> Item {
    let place = |(address, span)| Place { address: Some(address), span, ..Place::default() };
    Item::Frames(addresses.into_iter().map(place).collect())
}

/// `LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA pSeries`. Big-endian kernels of 32 bits print it as
/// well: `BE PAGE_SIZE=4K PREEMPT SMP NR_CPUS=2 PowerMac`.
fn endianness(text: &[u8]) -> Option<&'static str> {
    let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    if text.starts_with(b"LE PAGE_SIZE=") {
        Some("ppc64le")
    } else if text.starts_with(b"BE PAGE_SIZE=") && (has(b"MMU=Radix") || has(b" NUMA") || has(b" pSeries")) {
        Some("ppc64")
    } else {
        None
    }
}

/// `NIP [a] f+0x1/0x2 [m]`, `LR [a] f+0x1/0x2`
fn named(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_pc = cursor.eat(b"NIP [");
    if !is_pc && !cursor.eat(b"LR [") {
        return None;
    }
    let (value, digits) = cursor.hex()?;
    // `NIP [c008000000ea007c]: f+0x1/0x2` of a machine check; the registers may follow.
    if is_pc && cursor.rest().starts_with(b"]: ") {
        let mut place = places::at(message, cursor.position().saturating_add(3), true)?;
        place.address = Some(Hex(value));
        let arch = Item::Arch(if digits == 8 { "ppc" } else { "ppc64" });
        return Some(Reading::of(vec![arch, Item::Mention(place)]));
    }
    let place = places::at(message, cursor.position().saturating_sub(digits).saturating_sub(1), is_pc)?;
    let item = if is_pc { Item::Pc(Pc { place, ..Pc::default() }) } else { Item::Return(place) };
    Some(Reading::of(vec![Item::Arch(if digits == 8 { "ppc" } else { "ppc64" }), item]))
}

/// `GPR00: v v v v`
fn general(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    if !cursor.eat(b"GPR") {
        return None;
    }
    let first = usize::try_from(cursor.decimal()?).ok().filter(|first| *first < GENERAL.len())?;
    if !cursor.eat(b":") {
        return None;
    }
    // OpenRISC has a name in front of each value.
    let (values, is_whole) = numbers::row(message, cursor.position());
    let digits = values.first().filter(|_| is_whole)?.1.len();
    let registers = numbers::named(GENERAL, first, values);
    Some(Reading::of(vec![Item::Arch(if digits == 8 { "ppc" } else { "ppc64" }), Item::Registers(registers)]))
}

fn special(message: &Message<'_>) -> Option<Reading> {
    let registers = numbers::pairs(SPECIAL, message)?;
    let first = registers.first()?;
    let is_known = matches!(first.name, "NIP" | "REGS" | "MSR" | "CFAR" | "DAR" | "DEAR" | "CR" | "IRQMASK")
        || matches!(first.name, "SOFTE" | "PACATMSCRATCH");
    if !is_known {
        return None;
    }
    let mut items = Vec::new();
    if let Some(arch) = arch(&registers) {
        items.push(Item::Arch(arch));
    }
    if first.name == "NIP" {
        let place = numbers::place(&registers, "NIP", true)?;
        items.push(Item::Pc(Pc { place, ..Pc::default() }));
        items.extend(numbers::place(&registers, "LR", false).map(Item::Return));
    }
    let is_user = numbers::find(&registers, "MSR").is_some_and(|msr| msr.value.0 & PROGRAM_BIT != 0);
    items.extend(numbers::find(&registers, "TRAP").and_then(powerpc_trap::trap).map(Item::Status));
    items.extend(numbers::find(&registers, "DSISR").and_then(powerpc_trap::dsisr).map(Item::Status));
    items.extend(numbers::find(&registers, "ESR").and_then(powerpc_trap::booke).map(Item::Status));
    items.push(Item::Registers(registers));
    items.extend(is_user.then_some(Item::User));
    Some(Reading::of(items))
}

/// By the length of addresses and the lowest bit of MSR, which is set in little-endian kernels.
fn arch(registers: &[Register]) -> Option<&'static str> {
    let long =
        ["NIP", "MSR", "CFAR", "DAR", "REGS"].iter().find_map(|name| numbers::find(registers, name))?;
    let msr = numbers::find(registers, "MSR");
    match (numbers::digits(long), msr) {
        (8, _) => Some("ppc"),
        (16, Some(msr)) if msr.value.0 & 1 == 1 => Some("ppc64le"),
        (16, _) => Some("ppc64"),
        _ => None,
    }
}

/// `--- interrupt: 300 at f+0x1/0x2`, `--- Exception: 901 at f+0x1/0x2`, `    LR = g+0x3/0x4`. Since 5.11 the
/// registers follow.
fn interrupt(message: &Message<'_>) -> Option<Reading> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let is_return = cursor.eat(b"LR = ");
    if !is_return && !cursor.eat(b"--- interrupt: ") && !cursor.eat(b"--- Exception: ") {
        return None;
    }
    if !is_return {
        let rest = cursor.rest();
        let Some(at) = memchr::memmem::find(rest, b" at ") else { return Some(Reading::default()) };
        cursor.skip(at.saturating_add(4));
    }
    let place = places::at(message, cursor.position(), !is_return);
    // Where a program was interrupted is only an address.
    let place = place.filter(|place| place.symbol.is_some());
    Some(Reading::of(place.map(|place| Item::Frames(vec![place])).into_iter().collect()))
}

/// `TASK = c0344000[0] 'swapper' Last syscall: 120`, `TASK: c0344000[0] 'swapper' THREAD: c0344000 CPU: 0`
fn task(line: &[u8]) -> Option<Reading> {
    let mut cursor = Cursor::new(line);
    if !cursor.eat(b"TASK = ") && !cursor.eat(b"TASK: ") {
        return None;
    }
    cursor.take_while(|byte| byte != b'[');
    cursor.eat(b"[");
    let pid = cursor.decimal().and_then(|pid| u32::try_from(pid).ok());
    let named = cursor.eat(b"] '");
    let name = cursor.take_while(|byte| byte != b'\'');
    let cpu = number_after(line, b" CPU: ").and_then(|cpu| u32::try_from(cpu).ok());
    let task = pid.filter(|_| named && !name.is_empty()).map(|pid| Item::Task { comm: text(name), pid, cpu });
    Some(Reading::of(task.into_iter().collect()))
}
