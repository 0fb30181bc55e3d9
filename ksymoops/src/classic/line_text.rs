// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line of a log as text, and its message without what syslog and others put before it.

use std::sync::LazyLock;

use super::pattern::Pattern;

/// A line is longer only in something that is not an oops.
const MAX_LINE_BYTES: usize = 8192;

const TAB: usize = 8;

/// Returns the line with tabs expanded, without line end, carriage returns and NULs.
pub(super) fn clean(line: &[u8]) -> String {
    let line = line.get(..MAX_LINE_BYTES).unwrap_or(line);
    let mut text = String::with_capacity(line.len());
    let mut column = 0_usize;
    for letter in String::from_utf8_lossy(line).chars() {
        match letter {
            '\0' | '\r' | '\n' => {}
            '\t' => {
                let blanks = TAB.saturating_sub(column.checked_rem(TAB).unwrap_or(0));
                text.extend(std::iter::repeat_n(' ', blanks));
                column = column.saturating_add(blanks);
            }
            letter => {
                text.push(letter);
                column = column.saturating_add(1);
            }
        }
    }
    text
}

/// Returns the message of a line: one prefix after the other is taken away.
pub(super) fn message(line: &str) -> &str {
    static PREFIX: LazyLock<Option<Pattern>> = LazyLock::new(|| {
        Pattern::new(concat!(
            r"^(?:\s+",
            // syslogd, and syslog-ng, which leaves `kernel:` out
            r"|\S{3} [ 0-9]\d \d\d:\d\d:\d\d \S+(?: kernel:)? +",
            // the kernel's log level, and its time
            r"|<\d+>|\[ *\d+\.\d{6}\] ?",
            // syslog-ng's fields
            r"|\d+\|[^|]+\|[^|]+\|[^|]+\|",
            // SNIA
            r"|\d[AC] \d{3} \d{3}[cir]\d\d:\+|\+)",
        ))
    });
    let mut rest = line;
    while let Some(found) = PREFIX.as_ref().and_then(|prefix| prefix.find(rest)).filter(|one| !one.is_empty())
    {
        rest = rest.get(found.end..).unwrap_or_default();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_taken_away_one_by_one() {
        for line in [
            "Jun 28 03:20:20 host kernel: EIP: 0010",
            "Jun  8 03:20:20 host EIP: 0010",
            "<4> EIP: 0010",
            "<4>[   12.345678] EIP: 0010",
            "1|a|b|c|EIP: 0010",
            "9A 123 456c12:+EIP: 0010",
        ] {
            assert_eq!(message(line), "EIP: 0010", "{line}");
        }
    }

    #[test]
    fn tabs_are_expanded() {
        assert_eq!(clean(b"ab\tc\t\0d\r\n"), "ab      c       d");
    }
}
