// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a PowerPC processor stopped: the number of the interrupt (`TRAP: 0300`) and `DSISR: 42000000`.
//!
//! By `arch/powerpc/include/asm/interrupt.h` and `reg.h` (6.12).

use crate::report::{FaultStatus, Register};

/// Interrupts, without the lowest four bits, which tell how much of the registers was saved.
const INTERRUPTS: &[(u64, &str)] = &[
    (0x100, "system reset"),
    (0x200, "machine check"),
    (0x300, "data access that has no translation or is not allowed"),
    (0x380, "data access outside of every segment"),
    (0x400, "instruction fetch that has no translation or is not allowed"),
    (0x480, "instruction fetch outside of every segment"),
    (0x500, "external interrupt"),
    (0x600, "misaligned access"),
    (0x700, "program check: BUG, WARN or an instruction that is illegal or privileged"),
    (0x800, "floating point is not enabled"),
    (0x900, "timer interrupt"),
    (0xc00, "system call"),
    (0xe00, "data access by the hypervisor"),
    (0xf60, "facility is not enabled"),
    (0x1300, "instruction breakpoint"),
    (0x3000, "system call"),
];

/// Bits of DSISR after a data access.
const BITS: &[(u64, &str)] = &[
    (0x8000_0000, "operand that cannot be handled"),
    (0x4000_0000, "no translation"),
    (0x0800_0000, "not allowed"),
    (0x0040_0000, "watchpoint"),
    (0x0020_0000, "not allowed by the protection key"),
    (0x0008_0000, "unsupported translation table"),
];

const WRITE: u64 = 0x0200_0000;

/// Bits of ESR, which Book E processors (44x, e500) have in place of DSISR.
const BOOKE_BITS: &[(u64, &str)] = &[
    (0x0800_0000, "illegal instruction"),
    (0x0400_0000, "privileged instruction"),
    (0x0200_0000, "trap instruction: BUG, WARN"),
    (0x0100_0000, "floating point instruction"),
    (0x0080_0000, "write"),
    (0x0004_0000, "instruction that is not implemented"),
    (0x0002_0000, "access to a page of the other byte order"),
];

pub(super) fn trap(register: &Register) -> Option<FaultStatus> {
    let number = register.value.0 & !0xf;
    let meaning = INTERRUPTS.iter().find(|(known, _)| *known == number)?.1.to_owned();
    Some(FaultStatus { register: "TRAP", value: register.value, span: register.span, meaning })
}

pub(super) fn dsisr(register: &Register) -> Option<FaultStatus> {
    let value = register.value.0;
    let known: Vec<&str> = BITS.iter().filter(|(bit, _)| value & bit != 0).map(|(_, words)| *words).collect();
    if known.is_empty() {
        return None;
    }
    let access = if value & WRITE == 0 { "read" } else { "write" };
    let meaning = format!("{}, on a {access}", known.join(", "));
    Some(FaultStatus { register: "DSISR", value: register.value, span: register.span, meaning })
}

/// Bits that are not set say nothing: a read has none.
pub(super) fn booke(register: &Register) -> Option<FaultStatus> {
    let is_set = |bit: u64| register.value.0 & bit != 0;
    let known: Vec<&str> =
        BOOKE_BITS.iter().filter(|(bit, _)| is_set(*bit)).map(|(_, words)| *words).collect();
    let meaning = known.join(", ");
    (!known.is_empty()).then_some(FaultStatus {
        register: "ESR",
        value: register.value,
        span: register.span,
        meaning,
    })
}
