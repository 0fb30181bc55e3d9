// SPDX-License-Identifier: MIT OR Apache-2.0
//! What dmesg puts before a message instead of, or beside, the kernel's own time: `[Mon Jan  1 12:00:00 2024]
//! `.

use super::pattern::Begins::{Asterisk, Bracket, Digit, Letter};
use super::pattern::{Pattern, date, name};

pub(super) const HUMAN_TIME: Pattern = Pattern {
    name: "dmesg -T or -e",
    example: "[Mon Jan  1 12:00:00 2024] ",
    begins: &[Bracket],
    // `-e` has no day and no year: `[Jan 1 12:00] `, `[Jan27 12:00] `. In Catalan a month has two words, in
    // Vietnamese day and month have two each.
    regex: concat!(
        r"\A\[[ \t]*(?:",
        name!(),
        r"[ \t]+(?:[0-9][ \t]+)?){0,3}",
        name!(),
        r"(?:[ \t]+[0-9]{1,2})?[ \t]*[0-9]{1,2}\.?[ \t]+[0-9]{2}:[0-9]{2}[0-9 :.<>]*\] ?"
    ),
    then_program: false,
    within_log: false,
};

pub(super) const ISO_TIME: Pattern = Pattern {
    name: "dmesg --time-format=iso",
    example: "2024-01-01T12:00:00,123456+00:00 ",
    begins: &[Digit],
    regex: concat!(r"\A", date!(), r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]*[0-9+:Z-]* "),
    then_program: false,
    within_log: false,
};

pub(super) const FACILITY: Pattern = Pattern {
    name: "dmesg -x",
    example: "kern  :err   : ",
    begins: &[Letter],
    regex: r"\A[a-z]{3,8}[ \t]*:(?:emerg|alert|crit|err|warn|notice|info|debug)[ \t]*: ?",
    then_program: false,
    within_log: false,
};

pub(super) const DROPPED: Pattern = Pattern {
    name: "dropped messages",
    example: "** 12 printk messages dropped ** ",
    begins: &[Asterisk],
    regex: r"\A\*\*(?s: .*?) \*\* ",
    then_program: false,
    within_log: false,
};
