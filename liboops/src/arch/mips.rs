// SPDX-License-Identifier: MIT OR Apache-2.0
//! MIPS: lines are recognised as part of a report, but not taken apart.

use super::recognised::Recognised;

pub(super) const MIPS: Recognised = Recognised {
    name: "mips",
    beginnings: &[
        b"$ 0 ",
        b"$ 4 ",
        b"$ 8 ",
        b"$12 ",
        b"$16 ",
        b"$20 ",
        b"$24 ",
        b"$28 ",
        b"epc   : ",
        b"ra    : ",
        b"Status: ",
        b"Cause : ",
        b"BadVA : ",
        b"PrId  : ",
        b"Hi    : ",
        b"Lo    : ",
    ],
};
