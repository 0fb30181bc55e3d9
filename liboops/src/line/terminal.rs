// SPDX-License-Identifier: MIT OR Apache-2.0
//! What terminal programs, test labs and vendors put before a line of a console: `[2024-01-23 09:11:20.123]
//! `.

use super::pattern::Begins::{Bracket, Digit};
use super::pattern::{Pattern, clock, date};
use crate::cursor::Cursor;

pub(super) const BRACKETED_TIME: Pattern = Pattern {
    name: "time of a terminal program",
    example: "[2024-01-23 09:11:20.123] ",
    begins: &[Bracket],
    regex: concat!(r"\A\[(?:", date!(), "[T _-])?", clock!(), r"\] ?"),
    then_program: false,
};

pub(super) const LOCAL_TIME: Pattern = Pattern {
    name: "date and time",
    example: "2024/01/23 09:11:20.123456 ",
    begins: &[Digit],
    regex: concat!(r"\A", date!(), "[T ]", clock!(), " "),
    then_program: false,
};

pub(super) const CLOCK: Pattern = Pattern {
    name: "time of a test lab",
    example: "12:00:00.123456  ",
    begins: &[Digit],
    regex: concat!(r"\A", clock!(), r"[ \t]+"),
    then_program: false,
};

/// Processor, task and its number, as some vendors print them.
pub(super) const VENDOR: Pattern = Pattern {
    name: "processor and task of a vendor",
    example: "[4:SdpManagerServi: 3874] ",
    begins: &[Bracket],
    regex: r"\A\[[0-9]+:[^\]\[]*\] ",
    then_program: false,
};

/// An escape sequence, such as a colour.
pub(super) fn escape(cursor: &mut Cursor<'_>) -> bool {
    if !cursor.eat(b"\x1b[") {
        return false;
    }
    cursor.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b'?'));
    cursor.skip(1);
    true
}
