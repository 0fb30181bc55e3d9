// SPDX-License-Identifier: MIT OR Apache-2.0
//! PowerPC: lines are recognised as part of a report, but not taken apart.

use super::recognised::Recognised;

pub(super) const POWERPC: Recognised = Recognised {
    name: "ppc64",
    beginnings: &[
        b"Faulting instruction address: ",
        b"NIP: ",
        b"NIP [",
        b"LR [",
        b"REGS: ",
        b"MSR: ",
        b"GPR",
        b"CFAR: ",
        b"DAR: ",
        b"CR: ",
        b"Instruction dump:",
        b"BE PAGE_SIZE=",
        b"LE PAGE_SIZE=",
        b"--- interrupt: ",
        b"--- Exception: ",
    ],
};
