// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tells quickly, by what is around a trigger word, that most lines with the common ones start no report:
//! `systemd[1]: INFO: session 3 of user operator started`.

use memchr::memmem;

/// Trigger words that are common in logs, and what must follow for a line to be worth a closer look. With an
/// empty list, anything may follow.
const COMMON: [(&[u8], &[&[u8]]); 7] = [
    (b"BUG: ", &[]),
    (
        b"WARNING: ",
        &[
            b"CPU: ",
            b"at ",
            b"possible ",
            b"suspicious",
            b"inconsistent",
            b"bad unlock",
            b"lock held",
            b"held lock",
            b"still has",
            b"Nested lock",
            b"kernel stack",
            b"stack going",
            b"unrecognized",
            b"SOFTIRQ-",
            b"HARDIRQ-",
            b"kmemcheck",
        ],
    ),
    (
        b"INFO: ",
        &[
            b"possible ",
            b"suspicious",
            b"inconsistent",
            b"trying to register",
            b"task ",
            b"rcu",
            b"SOFTIRQ-",
            b"HARDIRQ-",
            b"hard-safe",
            b"soft-safe",
            b"RECLAIM_FS-",
        ],
    ),
    (b"BUG ", &[b"at ", b"unable to handle ", b"kernel NULL pointer"]),
    (b"Oops", &[b": ", b"[#", b" [#", b" - ", b" "]),
    (b"panic", &[b" - not sync", b"ked at ", b": "]),
    (b"Unhandled ", &[b"fault: ", b"prefetch abort", b"64-bit el1", b"32-bit el1"]),
];

/// What tells quickly whether a line with a trigger word may start a report.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Condition {
    /// The word is rare enough.
    None,
    /// The word, and what must follow. With an empty list, anything may follow.
    After(&'static [u8], &'static [&'static [u8]]),
}

impl Condition {
    /// That of a trigger word.
    pub fn of(word: &[u8]) -> Self {
        let common = COMMON.iter().find(|(common, _)| *common == word);
        match common {
            Some((word, next)) => Self::After(word, next),
            None => Self::None,
        }
    }

    /// Whether it holds for the word at `at`. Quick, and never wrong if it says no.
    pub fn holds(self, text: &[u8], at: usize) -> bool {
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, &[]));
        match self {
            Self::None => true,
            Self::After(word, next) => may_start(before, rest, word, next),
        }
    }
}

/// Whether a line may start a report that has a common trigger word, before and at the beginning of `rest`.
fn may_start(before: &[u8], rest: &[u8], word: &[u8], next: &[&[u8]]) -> bool {
    // `DEBUG: `
    if before.last().is_some_and(u8::is_ascii_uppercase) {
        return false;
    }
    if word == b"BUG: " && is_of_program(before) {
        return false;
    }
    let after = rest.get(word.len()..).unwrap_or_default();
    // A terminal's escape sequence is dealt with later.
    if next.is_empty() || matches!(after.first(), Some(0x1b | 0)) {
        return true;
    }
    if next.iter().any(|next| begins(after, next)) {
        return true;
    }
    // `WARNING: file:line at f+0x1/0x2, CPU#1: comm/1`, `WARNING: comm/1 still has locks held!`
    let line = || {
        let end = memchr::memchr(b'\n', after).unwrap_or(after.len());
        after.get(..end).unwrap_or_default()
    };
    match word {
        b"BUG " => memmem::find(line(), b"ainted").is_some(),
        b"WARNING: " => {
            let line = line();
            memchr::memchr(b'#', line).is_some() || line.trim_ascii_end().ends_with(b"held!")
        }
        _ => false,
    }
}

/// Whether a text ends in `NAME: `, which is neither part of a prefix nor what the kernel puts before `BUG:
/// `.
fn is_of_program(before: &[u8]) -> bool {
    // `[Pp]assword: `, `kernel: `, `kern  :err   : `, `NMI watchdog: `
    const KNOWN: [&[u8]; 18] = [
        b"kernel",
        b"klogd",
        b"vmunix",
        b"kmsg",
        b"dmesg",
        b"watchdog",
        b"login",
        b"assword",
        b"emerg",
        b"alert",
        b"crit",
        b"err",
        b"error",
        b"warn",
        b"warning",
        b"notice",
        b"info",
        b"debug",
    ];
    let Some((last, name)) = before.strip_suffix(b": ").and_then(<[u8]>::split_last) else { return false };
    last.is_ascii_alphabetic()
        && !KNOWN.iter().filter_map(|known| known.split_last()).any(|(known_last, known)| {
            last.eq_ignore_ascii_case(known_last)
                && name
                    .len()
                    .checked_sub(known.len())
                    .and_then(|at| name.get(at..))
                    .is_some_and(|end| end.eq_ignore_ascii_case(known))
        })
}

/// Whether a text begins with a word. Most differ in the first byte, which is compared without a call.
fn begins(text: &[u8], word: &[u8]) -> bool {
    text.first() == word.first() && text.starts_with(word)
}
