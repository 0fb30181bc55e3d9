// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a system log puts before a message: a date, a host and a program. `Jan 23 09:11:20 host kernel: `
//!
//! Host and program are read by hand: a regular expression for them, which must have groups and is ambiguous,
//! took five times as long (145 ns a line), which made logs of this form a tenth slower to parse.

use super::pattern::Begins::{Digit, Letter};
use super::pattern::{Pattern, clock, date, name};
use crate::cursor::{Cursor, is_blank};

/// Programs that write the kernel's messages, and tags that Android gives them.
const KERNEL: [&[u8]; 6] = [b"kernel", b"klogd", b"vmunix", b"kmsg", b"dmesg", b"last_kmsg"];

/// Names of levels, as in `kern.alert`.
const LEVELS: [&[u8]; 10] =
    [b"emerg", b"alert", b"crit", b"err", b"error", b"warn", b"warning", b"notice", b"info", b"debug"];

/// Words of the kernel that look like a host and a program.
const NO_PROGRAM: [&[u8]; 20] = [
    b"Call Trace:",
    b"Call trace:",
    b"Hardware name:",
    b"Code: Bad",
    b"Internal error:",
    b"Kernel Offset:",
    b"Krnl Code:",
    b"Instruction dump:",
    b"NMI watchdog:",
    b"Unhandled fault:",
    b"alignment check:",
    b"divide error:",
    b"double fault:",
    b"illegal operation:",
    b"invalid opcode:",
    b"invalid operand:",
    b"monitor event:",
    b"stack segment:",
    b"undefined instruction:",
    b"fpu exception:",
];

pub(super) const RFC3164: Pattern = Pattern {
    name: "syslog date",
    example: "Jan 23 09:11:20 ",
    // `7月 23 09:11:20 `
    begins: &[Letter, Digit],
    // Some have the day of the week, or the year before or after the time.
    regex: concat!(
        r"\A(?:(?:",
        name!(),
        r",?[ \t]+){0,2}",
        name!(),
        r"(?:[ \t]+[0-9]{1,2})?[ \t]+[0-9]{1,2}\.?|(?:",
        name!(),
        r",?[ \t]+)?[0-9]{1,2}\.?[ \t]+",
        name!(),
        r")[ \t]+(?:[0-9]{4}[ \t]+)?",
        clock!(),
        r"(?:[ \t]+[A-Z]{3,5})?(?:[ \t]+[0-9]{4})? "
    ),
    then_program: true,
    within_log: false,
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
    within_log: false,
};

pub(super) const ISO_TIME: Pattern = Pattern {
    name: "syslog date, ISO",
    example: "2024-01-23T09:11:20.123456+00:00 ",
    begins: &[Digit],
    regex: concat!(r"\A", date!(), "[T ]", clock!(), "(?:Z|[+-][0-9:]+) "),
    then_program: true,
    within_log: false,
};

pub(super) const KERNEL_ALONE: Pattern = Pattern {
    name: "host and kernel without a date",
    example: "host kernel: ",
    begins: &[Letter],
    regex: r"\A(?:[A-Za-z0-9_.-]+ )?kernel: ",
    then_program: false,
    within_log: false,
};

/// Whether what a program writes is the kernel's messages.
pub(super) fn is_kernel(program: &[u8]) -> bool {
    let program = program.trim_ascii();
    KERNEL.iter().any(|name| program.eq_ignore_ascii_case(name))
}

/// `kern.alert`, which BusyBox's syslogd and OpenWrt's logd put before the program.
fn is_priority(word: &[u8]) -> bool {
    let dot = memchr::memchr(b'.', word);
    let level = dot.and_then(|dot| word.get(dot.saturating_add(1)..));
    level.is_some_and(|level| LEVELS.contains(&level))
}

/// ` kernel:`, which syslogd's broadcast to all terminals has at the beginning of a line, with or without a
/// blank after it.
pub(super) fn broadcast(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let known = ahead.position() == 0 && ahead.blanks() > 0 && ahead.eat(b"kernel:");
    if known {
        ahead.eat(b" ");
        *cursor = ahead;
    }
    known
}

/// The blank in front of ` 2월 13 09:11:20 `: glibc's Korean names of months are as wide as October's.
pub(super) fn before_korean_date(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let blanks = ahead.blanks();
    let at = ahead;
    let known = blanks > 0 && ahead.decimal().is_some() && ahead.eat("월".as_bytes());
    if known {
        *cursor = at;
    }
    known
}

/// Reads a host and a program after a date: `host kernel: `, `host kernel[123]: `, `kernel: `. The cursor
/// moves only if the program is the kernel. Returns whether it is another one.
pub(super) fn host_and_program(cursor: &mut Cursor<'_>) -> bool {
    let is_stream = matches!(cursor.rest(), [b'0'..=b'9', b'0'..=b'9', b'O' | b'E', b' ' | b'+', ..]);
    if is_stream || NO_PROGRAM.iter().any(|words| cursor.rest().starts_with(words)) {
        return false;
    }
    let mut ahead = *cursor;
    let mut words = 2_u32;
    while words > 0 {
        words = words.saturating_sub(1);
        let word = ahead.take_while(|byte| !is_blank(byte));
        if is_priority(word) && ahead.eat(b" ") {
            words = 1;
            continue;
        }
        let Some(program) = word.strip_suffix(b":") else {
            if !ahead.eat(b" ") || word.is_empty() {
                return false;
            }
            continue;
        };
        let has_pid = program.ends_with(b"]");
        let program = program.split(|&byte| byte == b'[').next().unwrap_or_default();
        let is_name = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-_./@()".contains(&byte);
        if program.is_empty() || !program.iter().all(is_name) {
            return false;
        }
        if !is_kernel(program) {
            // Without a host, `BUG: ` is not a program.
            return words == 0 || has_pid;
        }
        ahead.eat(b" ");
        *cursor = ahead;
        return false;
    }
    false
}
