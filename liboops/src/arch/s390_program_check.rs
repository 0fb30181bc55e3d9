// SPDX-License-Identifier: MIT OR Apache-2.0
//! Program checks of s390: the number in `Oops: 003b ilc:2 [#1]`, and where the PSW then is.
//!
//! The processor leaves the PSW behind the instruction for most of them, and at the instruction if it can be
//! tried again ("Program Interruptions" of the z/Architecture Principles of Operation). For protection the
//! kernel moves it back (`do_protection_exception()` in `arch/s390/mm/fault.c`, 6.12).

use super::architecture::OopsCode;
use crate::report::{FaultStatus, Hex, Kind, Span};

/// Where the PSW is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Psw {
    At,
    Behind,
}

const CHECKS: &[(u64, Psw, &str)] = &[
    (0x01, Psw::Behind, "instruction that does not exist, or a BUG or WARN of kernels before 5.4"),
    (0x02, Psw::Behind, "privileged instruction"),
    (0x03, Psw::Behind, "execution of an EXECUTE instruction"),
    (0x04, Psw::At, "access that is not allowed"),
    (0x05, Psw::Behind, "address that does not exist"),
    (0x06, Psw::Behind, "operand that is misaligned or not allowed"),
    (0x07, Psw::Behind, "invalid data"),
    (0x08, Psw::Behind, "fixed-point overflow"),
    (0x09, Psw::Behind, "fixed-point division by zero"),
    (0x10, Psw::At, "no translation in the segment table"),
    (0x11, Psw::At, "no translation in the page table"),
    (0x12, Psw::Behind, "invalid translation table"),
    (0x13, Psw::Behind, "special operation"),
    (0x38, Psw::At, "address too large for the translation tables"),
    (0x39, Psw::At, "no translation in the region first table"),
    (0x3a, Psw::At, "no translation in the region second table"),
    (0x3b, Psw::At, "no translation in the region third table"),
    (0x3d, Psw::At, "secure storage of a guest"),
    (0x40, Psw::Behind, "monitor call: BUG or WARN"),
];

/// Length of the monitor call, and of the jump that BUG and WARN were before.
const TRAP_BYTES: i64 = 4;

pub(super) fn explain(code: OopsCode) -> Option<FaultStatus> {
    let (_, psw, words) = CHECKS.iter().find(|(number, ..)| *number == code.value & 0xff)?;
    let place = match psw {
        Psw::At => "the PSW is at the instruction",
        Psw::Behind => "the PSW is behind the instruction",
    };
    let meaning = format!("{words}; {place}");
    Some(FaultStatus { register: "program check", value: Hex(code.value), span: code.span, meaning })
}

/// How far behind the PSW the instruction is. A warning prints no number.
pub(super) fn instruction_offset(kind: Kind, code: Option<OopsCode>) -> i64 {
    let Some(code) = code else { return if kind == Kind::Warning { -TRAP_BYTES } else { 0 } };
    let check = CHECKS.iter().find(|(number, ..)| *number == code.value & 0xff);
    match check {
        Some((_, Psw::Behind, _)) => {
            let bytes = code.instruction_bytes.map_or(2, i64::from);
            bytes.saturating_neg()
        }
        _ => 0,
    }
}

/// The translation-exception identification, beside the address of the page.
pub(super) fn translation(value: u64, span: Span) -> FaultStatus {
    let space = match value & 3 {
        0 => "primary",
        1 => "access register",
        2 => "secondary",
        _ => "home",
    };
    // Bits 52 and 53.
    let access = match (value >> 10) & 3 {
        1 => ", on a write",
        2 => ", on a read or an instruction fetch",
        _ => "",
    };
    let meaning = format!("{space} space{access}; the address is that of the page");
    FaultStatus { register: "TEID", value: Hex(value), span, meaning }
}
