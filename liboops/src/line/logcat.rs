// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Android's logcat puts before a message: time, processes, level and tag.

use super::pattern::Begins::{Digit, Letter};
use super::pattern::{Pattern, clock};

/// `E/kernel  (  123): `
macro_rules! brief {
    () => {
        r"[VDIWEF]/(?P<program>[^(]+)\([0-9 ]*\): "
    };
}

pub(super) const BRIEF: Pattern = Pattern {
    name: "logcat -v brief",
    example: "E/kernel  (  123): ",
    begins: &[Letter],
    regex: concat!(r"\A", brief!()),
    then_program: false,
    within_log: false,
};

pub(super) const TIME: Pattern = Pattern {
    name: "logcat -v time",
    example: "01-01 12:00:00.123 E/kernel  (  123): ",
    begins: &[Digit],
    regex: concat!(r"\A[0-9]+-[0-9]+[ \t]+", clock!(), r"[ \t]+", brief!()),
    then_program: false,
    within_log: false,
};

/// `E/kernel: `
pub(super) const TAG: Pattern = Pattern {
    name: "logcat -v tag",
    example: "E/kernel: ",
    begins: &[Letter],
    regex: r"\A[VDIWEF]/(?P<program>[A-Za-z0-9_. -]+): ",
    then_program: false,
    within_log: false,
};

/// The kernel's own buffer: process 0. A word before a colon is not a tag, but the message's own.
pub(super) const KERNEL_BUFFER: Pattern = Pattern {
    name: "logcat -b kernel",
    example: "01-01 12:00:00.123     0     0 E ",
    begins: &[Digit],
    regex: concat!(
        r"\A(?:[0-9]{4}-)?[0-9]+-[0-9]+[ \t]+",
        clock!(),
        r"[ \t]+(?:[+-][0-9]{4}[ \t]+)?(?:[a-z][a-z0-9_]*[ \t]+)?0[ \t]+0[ \t]+[VDIWEF] ",
        r"(?:(?i:kernel)? *: ?)?"
    ),
    then_program: false,
    within_log: false,
};

pub(super) const THREADTIME: Pattern = Pattern {
    name: "logcat -v threadtime",
    example: "01-01 12:00:00.123   123   456 E kernel  : ",
    begins: &[Digit],
    regex: concat!(
        r"\A(?:[0-9]{4}-)?[0-9]+-[0-9]+[ \t]+",
        clock!(),
        r"[ \t]+(?:[+-][0-9]{4}[ \t]+)?(?:[a-z][a-z0-9_]*[ \t]+)?[0-9]+[ \t]+[0-9]+",
        r"[ \t]+[VDIWEF][ \t]+(?P<program>[^:]+): ?"
    ),
    then_program: false,
    within_log: false,
};
