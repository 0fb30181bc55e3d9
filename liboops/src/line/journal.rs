// SPDX-License-Identifier: MIT OR Apache-2.0
//! What journalctl puts before a message in those of its output formats that are not a system log's.

use super::pattern::Begins::{Digit, Letter};
use super::pattern::{Pattern, clock, date, name};

pub(super) const SHORT_FULL: Pattern = Pattern {
    name: "journalctl -o short-full",
    example: "Tue 2024-01-23 09:11:20 CET ",
    begins: &[Letter],
    regex: concat!(r"\A", name!(), r"[ \t]+", date!(), " ", clock!(), r"[ \t]+[^ \t]+(?:[ \t]+|\z)"),
    then_program: true,
    within_log: false,
};

pub(super) const SHORT_UNIX: Pattern = Pattern {
    name: "journalctl -o short-unix",
    example: "1700000000.123456 ",
    begins: &[Digit],
    regex: r"\A[0-9]{10}\.[0-9]+ ",
    then_program: false,
    within_log: false,
};

pub(super) const EXPORT: Pattern = Pattern {
    name: "journalctl -o export",
    example: "MESSAGE=",
    begins: &[Letter],
    regex: r"\AMESSAGE=",
    then_program: false,
    within_log: false,
};
