// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that a load or store accesses on processors other than x86, by its text.
//!
//! ```text
//! ldr x1, [x0, w2, sxtw #3]     arm64, arm
//! ld a0,16(a1)                  riscv, mips, powerpc
//! lwzx r3,r4,r5                 powerpc
//! mvc 0(8,%r1),16(%r2)          s390
//! ```

use super::access::{Access, reaches};
use super::architecture::Architecture;
use super::input::Context;
use super::load_store_mnemonics::{Transfer, transfers};

/// The bits of an address that identify the page.
const PAGE_MASK: u64 = !0xfff;

/// A memory operand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Operand<'t> {
    text: String,
    /// Registers that are added, with how they are extended and shifted.
    registers: Vec<Term<'t>>,
    displacement: i64,
    /// The length in an operand of s390.
    length: Option<usize>,
}

/// A register in an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term<'t> {
    name: &'t str,
    is_negative: bool,
    /// Only the low 32 bits count: `Some(true)` if they are sign-extended.
    low_half: Option<bool>,
    shift: u32,
}

impl<'t> Term<'t> {
    fn new(name: &'t str) -> Self {
        Self { name, is_negative: false, low_half: None, shift: 0 }
    }
}

/// The accesses of an instruction, given as printed.
pub(super) fn accesses(
    architecture: Architecture,
    mnemonic: &str,
    operands: &str,
    address: u64,
    context: &Context<'_>,
) -> Vec<Access> {
    let split = split(operands);
    let transfers = transfers(architecture, mnemonic, &split);
    if transfers.is_empty() {
        return Vec::new();
    }
    let found = operands_in_memory(architecture, mnemonic, &split);
    let pairs = transfers.into_iter().zip(&found);
    pairs.map(|(transfer, operand)| access(architecture, transfer, operand, address, context)).collect()
}

fn access(
    architecture: Architecture,
    transfer: Transfer,
    operand: &Operand<'_>,
    pc: u64,
    context: &Context<'_>,
) -> Access {
    let mut registers: Vec<(String, Option<u64>)> = Vec::new();
    let mut address = Some(operand.displacement.cast_unsigned());
    for term in &operand.registers {
        let name = full_name(architecture, term.name);
        let value =
            if name == "pc" { pc_operand(architecture, pc, context) } else { (context.register)(&name) };
        if !registers.iter().any(|(known, _)| *known == name) {
            registers.push((name, value));
        }
        address = address.zip(value).map(|(address, value)| {
            let value = match term.low_half {
                Some(true) => ((value << 32).cast_signed() >> 32).cast_unsigned(),
                Some(false) => value & 0xffff_ffff,
                None => value,
            };
            let value = value.checked_shl(term.shift).unwrap_or(0);
            if term.is_negative { address.wrapping_sub(value) } else { address.wrapping_add(value) }
        });
    }
    let address = address.map(|address| {
        let address = address.wrapping_add_signed(transfer.distance);
        if architecture.bits() == 32 { address & 0xffff_ffff } else { address }
    });
    let size = operand.length.unwrap_or(transfer.size);
    let is_fault = address.zip(context.fault_address).and_then(|(address, fault)| {
        let bytes = size as u64;
        let inside = match architecture {
            // The failing address has the page only.
            Architecture::S390x => address & PAGE_MASK == fault & PAGE_MASK,
            _ => fault.wrapping_sub(address) < bytes.max(1),
        };
        let inside = inside || reaches(address, bytes, fault);
        (inside || size > 0).then_some(inside)
    });
    Access {
        operand: operand.text.clone(),
        kind: transfer.kind,
        size,
        repeated: false,
        registers,
        address,
        is_fault,
    }
}

/// The value of the program counter in an operand.
fn pc_operand(architecture: Architecture, pc: u64, context: &Context<'_>) -> Option<u64> {
    context.pc?;
    match architecture {
        Architecture::Thumb => Some(pc.wrapping_add(4) & !3),
        Architecture::Arm => Some(pc.wrapping_add(8)),
        _ => None,
    }
}

/// Splits at commas outside brackets.
fn split(operands: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0_usize);
    for (at, letter) in operands.char_indices() {
        match letter {
            '(' | '[' | '{' => depth = depth.saturating_add(1),
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(operands.get(start..at).map(str::trim));
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.extend(operands.get(start..).map(str::trim).filter(|part| !part.is_empty()));
    parts
}

fn operands_in_memory<'t>(
    architecture: Architecture,
    mnemonic: &str,
    operands: &[&'t str],
) -> Vec<Operand<'t>> {
    match architecture {
        Architecture::Arm | Architecture::Thumb if operands.iter().any(|part| part.starts_with('{')) => {
            // `ldm r0!, {r1, r2}`, `push {r4, lr}`
            let base = match operands {
                [base, _] => base.trim_end_matches('!'),
                _ => "sp",
            };
            let text = format!("[{base}]");
            vec![Operand { text, registers: vec![Term::new(base)], ..Operand::default() }]
        }
        Architecture::Arm | Architecture::Thumb | Architecture::Arm64 => {
            operands.iter().filter_map(|part| bracketed(part)).take(1).collect()
        }
        Architecture::PowerPc | Architecture::PowerPc64 | Architecture::PowerPc64Le
            if mnemonic.trim_end_matches('.').ends_with('x') =>
        {
            let [.., base, index] = operands else { return Vec::new() };
            let registers = [*base, *index].into_iter().filter(|name| *name != "0").map(Term::new).collect();
            vec![Operand { text: format!("({base},{index})"), registers, ..Operand::default() }]
        }
        _ => operands.iter().filter_map(|part| displaced(part)).collect(),
    }
}

/// `[x0, #8]!`, `[r1, -r2, lsl #2]`; `[x0]` with the increment behind it, which does not count.
fn bracketed<'t>(part: &'t str) -> Option<Operand<'t>> {
    let inside = part.strip_prefix('[')?;
    let (inside, _) = inside.split_once(']')?;
    let mut operand = Operand { text: format!("[{inside}]"), ..Operand::default() };
    for piece in inside.split(',').map(str::trim) {
        if let Some(number) = piece.strip_prefix('#') {
            operand.displacement = operand.displacement.wrapping_add(number_of(number)?);
            continue;
        }
        let mut words = piece.split_whitespace();
        let first = words.next()?;
        let amount = words.next().map(|word| word.trim_start_matches('#'));
        let amount = match amount {
            Some(text) => u32::try_from(number_of(text)?).ok()?,
            None => 0,
        };
        match (first, operand.registers.last_mut()) {
            ("lsl" | "sxtx" | "uxtx", Some(last)) => last.shift = amount,
            ("sxtw", Some(last)) => (last.low_half, last.shift) = (Some(true), amount),
            ("uxtw", Some(last)) => (last.low_half, last.shift) = (Some(false), amount),
            ("lsr" | "asr" | "ror" | "rrx", Some(_)) => return None,
            _ => {
                let (is_negative, name) = match first.strip_prefix('-') {
                    Some(name) => (true, name),
                    None => (false, first),
                };
                operand.registers.push(Term { is_negative, ..Term::new(name) });
            }
        }
    }
    Some(operand)
}

/// `16(a0)`, `-8(%r15)`, `0(%r1,%r2)`, `0(8,%r1)`
fn displaced<'t>(part: &'t str) -> Option<Operand<'t>> {
    let (displacement, inside) = part.split_once('(')?;
    let inside = inside.strip_suffix(')')?;
    let mut operand = Operand { text: part.replace(", ", ","), ..Operand::default() };
    if !displacement.is_empty() {
        operand.displacement = number_of(displacement)?;
    }
    for piece in inside.split(',').map(str::trim) {
        match piece.parse::<usize>() {
            // A base of powerpc that is not there.
            Ok(0) => {}
            Ok(length) => operand.length = Some(length),
            Err(_) => operand.registers.push(Term::new(piece)),
        }
    }
    Some(operand)
}

fn number_of(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if is_negative { value.wrapping_neg() } else { value })
}

/// The name of a register as [`Context::register`] is asked for it.
fn full_name(architecture: Architecture, name: &str) -> String {
    let name = name.trim_start_matches(['%', '$']);
    match architecture {
        // Half of `x1`.
        Architecture::Arm64 => match name.strip_prefix('w') {
            Some(number) => format!("x{number}"),
            None => name.to_owned(),
        },
        Architecture::Arm | Architecture::Thumb => match name {
            "sb" => "r9".to_owned(),
            "sl" => "r10".to_owned(),
            name => name.to_owned(),
        },
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::AccessKind;
    use super::*;

    /// Address and size of each access, with registers of which each has a value by its number.
    fn accessed(architecture: Architecture, text: &str) -> Vec<(AccessKind, usize, Option<u64>)> {
        let register = |name: &str| match name.trim_start_matches(char::is_alphabetic) {
            "" => (name == "sp").then_some(0x9000),
            number => number.parse::<u64>().ok().map(|number| number * 0x1000),
        };
        let context = Context { register: &register, ..Context::default() };
        let (mnemonic, operands) = text.split_once(' ').unwrap();
        let all = accesses(architecture, mnemonic, operands, 0, &context);
        all.into_iter().map(|one| (one.kind, one.size, one.address)).collect()
    }

    #[test]
    fn addresses_are_worked_out() {
        use AccessKind::{Read, ReadWrite, Write};
        use Architecture::{Arm, Arm64, Mips64, PowerPc64, Riscv64, S390x};
        for (architecture, text, expected) in [
            (Arm64, "ldr x1, [x0, #0x10]", vec![(Read, 8, Some(0x10))]),
            (Arm64, "ldrb w1, [x2]", vec![(Read, 1, Some(0x2000))]),
            (Arm64, "ldrsw x1, [x2, w3, sxtw #2]", vec![(Read, 4, Some(0xe000))]),
            (Arm64, "ldr w1, [x2, x3, lsl #2]", vec![(Read, 4, Some(0xe000))]),
            (Arm64, "stp x29, x30, [sp, #-0x20]!", vec![(Write, 16, Some(0x8fe0))]),
            (Arm64, "str x1, [x2], #8", vec![(Write, 8, Some(0x2000))]),
            (Arm64, "stxr w1, x2, [x3]", vec![(Write, 8, Some(0x3000))]),
            (Arm64, "ldar w0, [x19]", vec![(Read, 4, Some(0x13000))]),
            (Arm64, "ldaddal w1, w2, [x3]", vec![(ReadWrite, 4, Some(0x3000))]),
            (Arm64, "casal x1, x2, [x3]", vec![(ReadWrite, 8, Some(0x3000))]),
            (Arm64, "add x1, x2, x3", vec![]),
            (Arm64, "prfm pstl1strm, [x1]", vec![]),
            (Arm, "ldrb r5, [r3]", vec![(Read, 1, Some(0x3000))]),
            (Arm, "ldrne r5, [r3, #-4]", vec![(Read, 4, Some(0x2ffc))]),
            (Arm, "ldrd r4, r5, [r3, #8]", vec![(Read, 8, Some(0x3008))]),
            (Arm, "strh r5, [r3, r2]", vec![(Write, 2, Some(0x5000))]),
            (Arm, "ldr r5, [r3, -r2, lsl #1]", vec![(Read, 4, Some(0xffff_f000))]),
            (Arm, "stm r3!, {r4, r5, r6}", vec![(Write, 12, Some(0x3000))]),
            (Arm, "ldmdb r3, {r4, r5}", vec![(Read, 8, Some(0x2ff8))]),
            (Arm, "push {r4, lr}", vec![(Write, 8, Some(0x8ff8))]),
            (Riscv64, "ld a0,16(a1)", vec![(Read, 8, Some(0x1010))]),
            (Riscv64, "c.lw a0,4(a1)", vec![(Read, 4, Some(0x1004))]),
            (Riscv64, "lbu a0,-1(a1)", vec![(Read, 1, Some(0xfff))]),
            (Riscv64, "c.sdsp s0,8(sp)", vec![(Write, 8, Some(0x9008))]),
            (Riscv64, "amoadd.w.aqrl a0,a1,(a2)", vec![(ReadWrite, 4, Some(0x2000))]),
            (Riscv64, "sc.d a0,a1,(a2)", vec![(Write, 8, Some(0x2000))]),
            (PowerPc64, "ld r3,8(r4)", vec![(Read, 8, Some(0x4008))]),
            (PowerPc64, "lwzx r3,r4,r5", vec![(Read, 4, Some(0x9000))]),
            (PowerPc64, "stwcx. r3,0,r5", vec![(Write, 4, Some(0x5000))]),
            (PowerPc64, "stdu r1,-32(r1)", vec![(Write, 8, Some(0xfe0))]),
            (PowerPc64, "lbz r3,16(0)", vec![(Read, 1, Some(16))]),
            (PowerPc64, "stmw r30,8(r1)", vec![(Write, 8, Some(0x1008))]),
            (S390x, "lg %r2,8(%r1)", vec![(Read, 8, Some(0x1008))]),
            (S390x, "mvc 0(8,%r1),16(%r2)", vec![(Write, 8, Some(0x1000)), (Read, 8, Some(0x2010))]),
            (S390x, "xc 0(4,%r1),0(%r1)", vec![(ReadWrite, 4, Some(0x1000)), (Read, 4, Some(0x1000))]),
            (S390x, "stmg %r6,%r15,48(%r15)", vec![(Write, 80, Some(0xf030))]),
            (S390x, "oi 5(%r3),1", vec![(ReadWrite, 1, Some(0x3005))]),
            (Mips64, "ld v0,16(a1)", vec![(Read, 8, Some(0x1010))]),
            (Mips64, "sb v0,(a1)", vec![(Write, 1, Some(0x1000))]),
        ] {
            assert_eq!(accessed(architecture, text), expected, "{architecture}: {text}");
        }
    }

    #[test]
    fn odd_operands_are_no_accesses() {
        for text in
            ["ldr", "ldr x1", "ldr x1, [", "ldr x1, []", "ldr x1, [x0, #]", "ld1 {v0.16b}, [x0", "ldm {"]
        {
            let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
            for architecture in [Architecture::Arm64, Architecture::Arm, Architecture::S390x] {
                accesses(architecture, mnemonic, operands, 0, &Context::default());
            }
        }
    }
}
