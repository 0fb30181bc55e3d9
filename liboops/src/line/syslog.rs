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
    // Some have the day of the week, the year before or after the time, or twelve hours.
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
        r"(?:[ \t]+[AP]M)?(?:[ \t]+[A-Z]{3,5})?(?:[ \t]+[0-9]{4})? "
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

pub(super) const EAST_ASIAN_DATE: Pattern = Pattern {
    name: "date of East Asia",
    example: "2024年05月01日 10:00:00 ",
    begins: &[Digit],
    // Year, month and day, each with the character for it; maybe the day of the week, and which half of the
    // day it is. The time may have such characters as well.
    regex: concat!(
        r"\A(?:[0-9]{4}[\x80-\xff]{3} ?)?[0-9]{1,2}[\x80-\xff]{3} ?[0-9]{1,2}[\x80-\xff]{3}[ \t]*",
        r"(?:\(?[\x80-\xff]{3,9}\)?[ \t]*){0,2}",
        r"[0-9]{1,2}(?::|[\x80-\xff]{3} ?)[0-9]{2}(?::|[\x80-\xff]{3} ?)[0-9]{2}(?:[.,][0-9]+)?(?:[\x80-\xff]{3})?",
        r"(?:[ \t]+[A-Z]{3,5})?[ \t]+"
    ),
    then_program: true,
    within_log: false,
};

pub(super) const KERNEL_ALONE: Pattern = Pattern {
    name: "host and kernel without a date",
    example: "host kernel: ",
    begins: &[Letter],
    regex: r"\A(?:[A-Za-z0-9_.-]+ )?[Kk]ernel: ",
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

/// How far behind the beginning of a date its first colon is, at most.
const MAX_DATE_BYTES: usize = 40;

/// Whether a date with a time comes next, in front of which there were blanks: glibc's names of months in
/// China, Japan and Korea are as wide as October's, ` 3月 12 09:01:02 `. Most lines with blanks in front are
/// frames, and these have no colon.
pub(super) fn is_date(cursor: Cursor<'_>) -> bool {
    let rest = cursor.rest();
    let near = rest.get(..MAX_DATE_BYTES).unwrap_or(rest);
    let Some(colon) = memchr::memchr(b':', near) else { return false };
    let is_digit = |at: Option<usize>| at.and_then(|at| rest.get(at)).is_some_and(u8::is_ascii_digit);
    is_digit(colon.checked_sub(1))
        && is_digit(colon.checked_sub(2))
        && is_digit(colon.checked_add(1))
        && is_digit(colon.checked_add(2))
        && rest.get(colon.saturating_add(3)) == Some(&b':')
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
