// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the processor was to execute the address whose access failed.

use super::Facts;
use super::named_ranges::hex;
use crate::report::Kind;

/// Why the address could not be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetch {
    /// Nothing is mapped there.
    Unmapped,
    /// There is memory, but it is not executable for the kernel.
    NotExecutable,
    /// The log does not tell.
    Unknown,
}

/// Bits of x86's error code (`X86_PF_*` in `arch/x86/include/asm/trap_pf.h`).
const PF_PRESENT: u64 = 1;
const PF_RESERVED: u64 = 1 << 3;
const PF_FETCH: u64 = 1 << 4;

/// Exception class of arm64's ESR: an instruction abort in the kernel.
const ESR_INSTRUCTION_ABORT: u64 = 0x21;

/// Whether the access that failed was to fetch an instruction.
pub(super) fn is_fetch(facts: &Facts<'_>) -> bool {
    fetch(facts).is_some()
}

/// Why an instruction could not be fetched. `None` if the report is about something else.
pub(super) fn fetch(facts: &Facts<'_>) -> Option<Fetch> {
    let report = facts.report;
    let status = |name: &str| report.fault_status.iter().find(|one| one.register == name);
    match report.arch? {
        "x86_64" | "i386" if report.kind == Kind::PageFault => {
            let code = x86_error_code(facts)?;
            if code & PF_FETCH == 0 {
                return None;
            }
            Some(match (code & PF_RESERVED != 0, code & PF_PRESENT != 0) {
                (true, _) => Fetch::Unknown,
                (false, true) => Fetch::NotExecutable,
                (false, false) => Fetch::Unmapped,
            })
        }
        "aarch64" => {
            let esr = status("ESR")?.value.0;
            if (esr >> 26) & 0x3f != ESR_INSTRUCTION_ABORT {
                return None;
            }
            Some(match esr & 0x3c {
                0x04 => Fetch::Unmapped,
                0x0c => Fetch::NotExecutable,
                _ => Fetch::Unknown,
            })
        }
        // Of a page fault riscv does not say why.
        "riscv32" | "riscv64" => matches!(status("cause")?.value.0, 1 | 12).then_some(Fetch::Unknown),
        "ppc64" | "ppc64le" | "ppc" => {
            matches!(status("TRAP")?.value.0 & !0xf, 0x400 | 0x480).then_some(Fetch::Unknown)
        }
        _ => None,
    }
}

/// The error code of a page fault: `error_code(0x0010)`, or `Oops: 0010 [#1]`.
fn x86_error_code(facts: &Facts<'_>) -> Option<u64> {
    let by_words = facts.behind("#PF: error_code(0x").and_then(|rest| {
        let (digits, _) = rest.split_once(')')?;
        u64::from_str_radix(digits, 16).ok()
    });
    by_words.or_else(|| {
        facts.lines.iter().find_map(|line| {
            let (before, _) = line.split_once(" [#")?;
            let digits = before.strip_prefix("Oops: ")?;
            let digits = digits.strip_prefix("Oops: ").unwrap_or(digits);
            (digits.len() == 4).then(|| u64::from_str_radix(digits, 16).ok())?
        })
    })
}

/// The address that was to be executed.
pub(super) fn fetched_address(facts: &Facts<'_>) -> Option<u64> {
    let fault = facts.report.fault_address();
    fault
        .or_else(|| facts.report.fault()?.pc.as_ref()?.address.map(|address| address.0))
        .or_else(|| facts.behind("NULL pointer dereference at ").and_then(hex))
}
