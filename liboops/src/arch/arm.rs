// SPDX-License-Identifier: MIT OR Apache-2.0
//! 32-bit ARM: lines are recognised as part of a report, but not taken apart.

use super::recognised::Recognised;

pub(super) const ARM: Recognised = Recognised {
    name: "arm",
    beginnings: &[
        b"PC is at ",
        b"LR is at ",
        b"pc : [<",
        b"pc : ",
        b"sp : ",
        b"r10: ",
        b"r7 : ",
        b"r3 : ",
        b"Flags: ",
        b"Control: ",
        b"Register r",
        b"Backtrace:",
        b"Exception stack(",
        b"pgd = ",
        b"Stack: (",
    ],
};
