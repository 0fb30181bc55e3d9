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
};

pub(super) const TIME: Pattern = Pattern {
    name: "logcat -v time",
    example: "01-01 12:00:00.123 E/kernel  (  123): ",
    begins: &[Digit],
    regex: concat!(r"\A[0-9]+-[0-9]+[ \t]+", clock!(), r"[ \t]+", brief!()),
    then_program: false,
};

pub(super) const THREADTIME: Pattern = Pattern {
    name: "logcat -v threadtime",
    example: "01-01 12:00:00.123   123   456 E kernel  : ",
    begins: &[Digit],
    regex: concat!(
        r"\A[0-9]+-[0-9]+[ \t]+",
        clock!(),
        r"[ \t]+[0-9]+[ \t]+[0-9]+[ \t]+[VDIWEF][ \t]+(?P<program>[^:]+): ?"
    ),
    then_program: false,
};
