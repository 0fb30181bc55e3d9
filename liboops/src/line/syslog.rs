// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a system log puts before a message: a date, a host and a program. `Jan 23 09:11:20 host kernel: `
//!
//! Host and program are read by hand: a regular expression for them, which must have groups and is ambiguous,
//! took five times as long (145 ns a line), which made logs of this form a tenth slower to parse.

use super::pattern::Begins::{Digit, Letter};
use super::pattern::{Pattern, clock, date, name};
use crate::cursor::{Cursor, is_blank};

/// Programs that write the kernel's messages.
const KERNEL: [&[u8]; 3] = [b"kernel", b"klogd", b"vmunix"];

/// Words of the kernel that look like a host and a program.
const NO_PROGRAM: [&[u8]; 4] = [b"Call Trace:", b"Call trace:", b"Hardware name:", b"Code: Bad"];

pub(super) const RFC3164: Pattern = Pattern {
    name: "syslog date",
    example: "Jan 23 09:11:20 ",
    // `7月 23 09:11:20 `
    begins: &[Letter, Digit],
    // Some have the year.
    regex: concat!(r"\A", name!(), r"[ \t]+[0-9]{1,2}[ \t]+(?:[0-9]{4}[ \t]+)?", clock!(), " "),
    then_program: true,
};

pub(super) const RFC5424: Pattern = Pattern {
    name: "syslog of RFC 5424",
    example: "1 2024-01-23T09:11:20.123456+00:00 host kernel - - [meta sequenceId=\"1\"] ",
    begins: &[Digit],
    // Version, time, host, program, process, message ID, structured data. In the latter, `\]` ends nothing.
    regex: concat!(
        r"\A1 ",
        date!(),
        "T",
        clock!(),
        r"[^ \t]*[ \t]+[^ \t]+[ \t]+(?P<program>[^ \t]+)[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+",
        r"(?:-|(?:\[(?s:[^\]\\]|\\.)*\])+) ?(?:\xef\xbb\xbf)?"
    ),
    then_program: false,
};

pub(super) const ISO_TIME: Pattern = Pattern {
    name: "syslog date, ISO",
    example: "2024-01-23T09:11:20.123456+00:00 ",
    begins: &[Digit],
    regex: concat!(r"\A", date!(), "[T ]", clock!(), "(?:Z|[+-][0-9:]+) "),
    then_program: true,
};

pub(super) const KERNEL_ALONE: Pattern = Pattern {
    name: "host and kernel without a date",
    example: "host kernel: ",
    begins: &[Letter],
    regex: r"\A(?:[A-Za-z0-9_.-]+ )?kernel: ",
    then_program: false,
};

/// Whether what a program writes is the kernel's messages.
pub(super) fn is_kernel(program: &[u8]) -> bool {
    KERNEL.contains(&program.trim_ascii())
}

/// Reads a host and a program after a date: `host kernel: `, `host kernel[123]: `, `kernel: `. The cursor
/// moves only if the program is the kernel. Returns whether it is another one.
pub(super) fn host_and_program(cursor: &mut Cursor<'_>) -> bool {
    if NO_PROGRAM.iter().any(|words| cursor.rest().starts_with(words)) {
        return false;
    }
    let mut ahead = *cursor;
    for _ in 0..2 {
        let word = ahead.take_while(|byte| !is_blank(byte));
        let Some(program) = word.strip_suffix(b":") else {
            if !ahead.eat(b" ") || word.is_empty() {
                return false;
            }
            continue;
        };
        let program = program.split(|&byte| byte == b'[').next().unwrap_or_default();
        let is_name = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-_./@()".contains(&byte);
        if program.is_empty() || !program.iter().all(is_name) {
            return false;
        }
        if !is_kernel(program) {
            return true;
        }
        ahead.eat(b" ");
        *cursor = ahead;
        return false;
    }
    false
}
