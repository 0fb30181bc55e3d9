// SPDX-License-Identifier: MIT OR Apache-2.0
//! s390, 64-bit: lines are recognised as part of a report, but not taken apart.

use super::recognised::Recognised;

pub(super) const S390: Recognised = Recognised {
    name: "s390x",
    beginnings: &[
        b"Krnl PSW",
        b"Kernel PSW",
        b"Krnl GPRS",
        b"Krnl ACRS",
        b"Krnl Code",
        b"Failing address: ",
        b"Fault in ",
        b"R:0 T:1",
        b"Last Breaking-Event-Address:",
        b"AS:",
    ],
};
