// SPDX-License-Identifier: MIT OR Apache-2.0
//! RISC-V: lines are recognised as part of a report, but not taken apart.

use super::recognised::Recognised;

pub(super) const RISCV: Recognised = Recognised {
    name: "riscv64",
    beginnings: &[
        b"epc : ",
        b"ra : ",
        b"gp : ",
        b"t1 : ",
        b"s1 : ",
        b"a2 : ",
        b"a5 : ",
        b"s2 : ",
        b"s5 : ",
        b"s8 : ",
        b"s11: ",
        b"t5 : ",
        b"status: ",
    ],
};
