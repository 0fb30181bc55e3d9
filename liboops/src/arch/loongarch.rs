// SPDX-License-Identifier: MIT OR Apache-2.0
//! LoongArch: lines are recognised as part of a report, but not taken apart.

use super::recognised::Recognised;

pub(super) const LOONGARCH: Recognised = Recognised {
    name: "loongarch64",
    beginnings: &[
        b"pc ", b"a0 ", b"a4 ", b"t0 ", b"t4 ", b"t8 ", b"s1 ", b"s5 ", b"ERA: ", b"CRMD: ", b"PRMD: ",
        b"EUEN: ", b"ECFG: ", b"ESTAT: ", b"BADV: ", b"PRID: ",
    ],
};
