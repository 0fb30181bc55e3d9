// SPDX-License-Identifier: MIT OR Apache-2.0
//! What terminal programs, test labs and shells put before a line of a console: `[2024-01-23 09:11:20.123]
//! `.

use super::pattern::Begins::{Bracket, Digit, Letter, Mark};
use super::pattern::{Pattern, clock, date};
use crate::cursor::Cursor;

pub(super) const BRACKETED_TIME: Pattern = Pattern {
    name: "time of a terminal program",
    example: "[2024-01-23 09:11:20.123] ",
    begins: &[Bracket],
    // Vendors' kernels may have the processor behind it: `[20240123_09:11:20.123456]@2 `.
    regex: concat!(
        r"\A\[(?:(?:",
        date!(),
        r"|[0-9]{8}|[0-9]{4}:[0-9]{2}:[0-9]{2})[T _-])?",
        clock!(),
        r"(?:Z|[+-][0-9:]+)?\](?:@[0-9]+)? ?"
    ),
    then_program: false,
    within_log: false,
};

pub(super) const LOCAL_TIME: Pattern = Pattern {
    name: "date and time",
    example: "2024/01/23 09:11:20.123456 ",
    begins: &[Digit],
    // Windows and spreadsheets: `5/1/2024 9:00:00 AM`.
    regex: concat!(r"\A", date!(), r"(?:[T ]", clock!(), r"|,? [0-9]{1,2}:[0-9]{2}:[0-9]{2}) (?:[AP]M )?"),
    then_program: false,
    within_log: false,
};

pub(super) const CLOCK: Pattern = Pattern {
    name: "time of a test lab",
    example: "12:00:00.123456  ",
    begins: &[Digit],
    regex: concat!(r"\A", clock!(), r"[ \t]+"),
    then_program: false,
    within_log: false,
};

/// What continuous integration services put behind their own time.
pub(super) const STREAM: Pattern = Pattern {
    name: "stream of a build log",
    example: "00O ",
    begins: &[Digit, Letter],
    // GitLab: number and stream. Kubernetes: stream, and whether the line is full or partial.
    regex: r"\A(?:[0-9]{2}[OE][+ ]|std(?:out|err) [FP] )",
    then_program: false,
    within_log: true,
};

pub(super) const COLUMN: Pattern = Pattern {
    name: "name of a container or a node",
    example: "node-1  | ",
    begins: &[Letter, Mark],
    regex: r"\A(?:[A-Za-z0-9_.-]+ *)?\| ",
    then_program: false,
    within_log: false,
};

/// What `zbarimg` prints before the text of a code: a panic screen's may be the log itself.
pub(super) const SCANNER: Pattern = Pattern {
    name: "scanner of QR codes",
    example: "QR-Code:",
    begins: &[Letter],
    regex: r"\AQR-Code:",
    then_program: false,
    within_log: false,
};

/// The prompt of a login or a shell, which was waiting when the kernel wrote.
pub(super) const PROMPT: Pattern = Pattern {
    name: "prompt",
    example: "root@host:~# ",
    begins: &[Letter, Bracket, Mark],
    regex: concat!(
        r"\A(?:",
        r"(?:[A-Za-z0-9_.-]+ )?(?:login|[Pp]assword): ",
        r"|\[[A-Za-z0-9_.-]+@[^\]\[]+\][#$] ?",
        r"|[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+(?:[: ][^ #$]*)? ?[#$>] ?",
        r"|-?(?:ba|a|da|z|k)?sh-[0-9.]+[#$] ?",
        r"|(?:[A-Za-z0-9_.-]*:)?[/~][^ #$]* ?[#$] ",
        r"|\(initramfs\) ",
        r")"
    ),
    then_program: false,
    within_log: false,
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
