// SPDX-License-Identifier: MIT OR Apache-2.0
//! The exception syndrome register of 64-bit ARM: `ESR = 0x96000046`, which is also the number in `Internal
//! error: Oops: 96000046 [#1]`.
//!
//! Classes and codes are those of `arch/arm64/include/asm/esr.h` and `fault_info` in `arch/arm64/mm/fault.c`
//! (6.12).

use crate::report::{FaultStatus, Hex, Span};

/// Exception classes, bits 26 to 31.
const CLASSES: &[(u64, &str)] = &[
    (0x00, "undefined instruction"),
    (0x07, "floating point is not enabled"),
    (0x0d, "jump to a place that is no branch target (BTI)"),
    (0x0e, "illegal execution state"),
    (0x15, "system call"),
    (0x18, "access to a system register"),
    (0x1c, "pointer authentication failed"),
    (0x20, "instruction fetch by a program"),
    (0x21, "instruction fetch by the kernel"),
    (0x22, "misaligned instruction pointer"),
    (0x24, "data access by a program"),
    (0x25, "data access by the kernel"),
    (0x26, "misaligned stack pointer"),
    (0x2d, "guarded control stack"),
    (0x2f, "SError: the instruction may be one before"),
    (0x31, "breakpoint"),
    (0x33, "single step"),
    (0x35, "watchpoint"),
    (0x3c, "BRK instruction: BUG, WARN, a failed check or a probe"),
];

/// Bit 6 of a data abort: the access was a write.
const WRITE: u64 = 1 << 6;

/// Explains a value. `None` if it is none that the kernel can have.
pub(super) fn explain(value: u64, span: Span) -> Option<FaultStatus> {
    let class = (value >> 26) & 0x3f;
    let name = CLASSES.iter().find(|(number, _)| *number == class)?.1;
    let meaning = match class {
        0x20 | 0x21 => format!("{name}: {}", fault(value & 0x3f)),
        0x24 | 0x25 => {
            let access = if value & WRITE != 0 { "write" } else { "read" };
            format!("{name}: {}, on a {access}", fault(value & 0x3f))
        }
        _ => name.to_owned(),
    };
    Some(FaultStatus { register: "ESR", value: Hex(value), span, meaning })
}

/// The fault status code, bits 0 to 5 of an abort.
pub(super) fn fault(code: u64) -> String {
    let level = code & 3;
    match code {
        0x00..=0x03 => format!("address too large for the level {level} table"),
        0x04..=0x07 => format!("no translation in the level {level} table"),
        0x08..=0x0b => format!("access flag is not set in the level {level} table"),
        0x0c..=0x0f => format!("no permission by the level {level} table"),
        0x10 => "external abort".to_owned(),
        0x11 => "memory tag does not match (MTE)".to_owned(),
        0x14..=0x17 => format!("external abort on the level {level} table"),
        0x18 => "parity or ECC error".to_owned(),
        0x1c..=0x1f => format!("parity or ECC error on the level {level} table"),
        0x21 => "misaligned address".to_owned(),
        0x30 => "TLB conflict".to_owned(),
        _ => format!("fault {code:#x}"),
    }
}
