// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fault status register of 32-bit ARM, which is the number in `Internal error: Oops: 805 [#1]`.
//!
//! The names are those of `arch/arm/mm/fsr-2level.c` and `fsr-3level.c` (6.12), in plain words.

use super::architecture::OopsCode;
use super::arm64_syndrome;
use crate::report::{FaultStatus, Hex};

/// Bit 31, set by the kernel: an instruction was fetched (`FSR_LNX_PF`).
const FETCH: u64 = 1 << 31;
/// Bits 0 to 13 are the processor's. Of these, 12 tells external aborts apart, and 13 cache maintenance.
const KNOWN: u64 = 0x3fff;
/// Bit 9: the long descriptor format (LPAE), whose codes are those of 64-bit ARM.
const LPAE: u64 = 1 << 9;
/// Bit 11: the access was a write.
const WRITE: u64 = 1 << 11;

const NAMES: &[(u64, &str)] = &[
    (0x1, "alignment fault"),
    (0x2, "debug event"),
    (0x3, "access flag fault on a section"),
    (0x4, "fault while the instruction cache was maintained"),
    (0x5, "no translation for the section"),
    (0x6, "access flag fault on a page"),
    (0x7, "no translation for the page"),
    (0x8, "external abort"),
    (0x9, "section in a domain without access"),
    (0xa, "external abort"),
    (0xb, "page in a domain without access, as a kernel that must not touch user memory sees it"),
    (0xc, "external abort on a first-level table"),
    (0xd, "no permission for the section"),
    (0xe, "external abort on a second-level table"),
    (0xf, "no permission for the page"),
    (0x16, "imprecise external abort: the instruction may be one before"),
];

pub(super) fn explain(code: OopsCode) -> Option<FaultStatus> {
    if code.value == 0 || code.value & !(KNOWN | FETCH) != 0 {
        return None;
    }
    let fault = if code.value & LPAE != 0 {
        match code.value & 0x3f {
            // 64-bit ARM has no such abort, and memory tags in its place.
            0x11 => "asynchronous external abort: the instruction may be one before".to_owned(),
            0x22 => "debug event".to_owned(),
            number => arm64_syndrome::fault(number),
        }
    } else {
        let number = code.value & 0xf | (code.value >> 6) & 0x10;
        NAMES.iter().find(|(value, _)| *value == number)?.1.to_owned()
    };
    let access = match (code.value & FETCH, code.value & WRITE) {
        (0, 0) => "a read or fetch",
        (0, _) => "a write",
        _ => "an instruction fetch",
    };
    let meaning = format!("{fault}, on {access}");
    Some(FaultStatus { register: "FSR", value: Hex(code.value), span: code.span, meaning })
}
