// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers of lines, which editors, `cat -n`, `nl`, `less -N` and `grep -n` print: `     1\t`, `kern.log:1:`

use super::pattern::Begins::{Digit, Letter, Mark};
use super::pattern::Pattern;
use crate::cursor::Cursor;

pub(super) const LINE: Pattern = Pattern {
    name: "line number",
    example: "12\t",
    begins: &[Digit],
    regex: r"\A[0-9]{1,6}(?:\t|[.:)] | \| )",
    then_program: false,
    within_log: false,
};

pub(super) const FILE: Pattern = Pattern {
    name: "file and line number",
    example: "kern.log:1:",
    begins: &[Letter, Mark],
    // Of the kernel's sources, `mm/slub.c:123:`, messages speak.
    regex: concat!(
        r"\A(?:[A-Za-z0-9_./~+-]*\.(?:log|txt|out|err|oops|dmesg)(?:\.[0-9]{1,3})?(?::(?:[0-9]+:)?|-[0-9]+-)",
        r"|(?:[A-Za-z0-9_./~+-]*/)?(?:dmesg|kmsg|messages|syslog|oops)(?:[.-][0-9]{1,3})?(?::[0-9]+:|-[0-9]+-))"
    ),
    then_program: false,
    within_log: false,
};

/// How wide the number of a line is with the blanks before it, in `less -N`.
const LESS_WIDTH: usize = 7;

/// Whether a row of a dump follows the cursor's number and colon, as in `9880: c7a1d000 c7a1d040` of an arm
/// kernel's stack.
pub(super) fn is_dump_row(mut cursor: Cursor<'_>) -> bool {
    cursor.take_while(|byte| byte.is_ascii_digit());
    if !cursor.eat(b":") {
        return false;
    }
    cursor.blanks();
    let digits = cursor.take_while(|byte| byte.is_ascii_hexdigit()).len();
    matches!(digits, 2 | 4 | 8 | 16) && matches!(cursor.peek(), None | Some(b' '))
}

/// `     1\t`, `      1 ` with the blanks before the number. A single blank behind it is only that of `less
/// -N`.
pub(super) fn right_aligned(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let start = ahead.position();
    let blanks = ahead.blanks();
    if blanks == 0 || !ahead.peek().is_some_and(|byte| byte.is_ascii_digit()) || is_dump_row(ahead) {
        return false;
    }
    let digits = ahead.take_while(|byte| byte.is_ascii_digit()).len();
    let width = ahead.position().saturating_sub(start);
    let known = digits <= 6
        && (ahead.eat(b"\t")
            || ahead.eat(b": ")
            || ahead.eat(b". ")
            || ahead.eat(b") ")
            || ahead.eat(b" | ")
            || start == 0 && width == LESS_WIDTH && ahead.eat(b" "));
    if known {
        *cursor = ahead;
    }
    known
}
