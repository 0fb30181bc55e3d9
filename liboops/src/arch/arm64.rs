// SPDX-License-Identifier: MIT OR Apache-2.0
//! 64-bit ARM: lines are recognised as part of a report, but not taken apart.

use super::recognised::Recognised;

pub(super) const ARM64: Recognised = Recognised {
    name: "aarch64",
    beginnings: &[
        b"Mem abort info:",
        b"Data abort info:",
        b"ESR = ",
        b"pstate: ",
        b"x29: ",
        b"x28: ",
        b"x27: ",
        b"x26: ",
        b"x25: ",
        b"x24: ",
        b"x23: ",
        b"x21: ",
        b"x20: ",
        b"x18: ",
        b"x17: ",
        b"x15: ",
        b"x14: ",
        b"x12: ",
        b"x11: ",
        b"x9 : ",
        b"x8 : ",
        b"x6 : ",
        b"x5 : ",
        b"x3 : ",
        b"x2 : ",
        b"x0 : ",
        b"lr : ",
        b"swapper pgtable: ",
        b"user pgtable: ",
        b"pmr_save",
        b"Call trace:",
    ],
};
