// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a row of the table of prefixes has, and parts of patterns that several rows share.
//!
//! Patterns match bytes, since a log need not be UTF-8. Only names of days and months consist of the letters
//! of Unicode.

/// One form of prefix.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What it is called.
    #[cfg_attr(not(test), expect(dead_code, reason = "documents the row, and tests match it"))]
    pub name: &'static str,
    /// An example from logs.
    #[cfg_attr(not(test), expect(dead_code, reason = "documents the row, and tests match it"))]
    pub example: &'static str,
    /// Which bytes it can begin with.
    pub begins: &'static [Begins],
    /// What it looks like. Named groups have a meaning:
    /// - `time_us`: microseconds since boot;
    /// - `program`: who wrote the line; if that is not the kernel, the line is not looked at further;
    /// - `fields`: further fields of a record of `/dev/kmsg`.
    pub regex: &'static str,
    /// Whether a host and a program may follow: `host kernel: `.
    pub then_program: bool,
    /// Whether another prefix, such as a time, must come before it. Alone, it might be the message's own.
    pub within_log: bool,
}

/// With what kind of byte a prefix begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// `*`
    Asterisk,
    /// `[`
    Bracket,
    /// A decimal digit.
    Digit,
    /// A letter, ASCII or not.
    Letter,
    /// One of `(-.:@/~|`.
    Mark,
}

/// Name of a day or month in any language, also abbreviated: `Jan`, `июл`, `juil.`, `7月`, `Th07`, `जुल॰`,
/// `ג'`. Some have a character in them that only forbids or allows a join (of the category Cf).
macro_rules! name {
    () => {
        r"(?u:[0-9]{0,2}(?:[\p{L}\p{M}][.॰'’ʼ‘·\p{Cf}-]?)+[0-9]*)"
    };
}

/// The same, with any byte that is not ASCII as a letter. It compiles ten times as fast.
macro_rules! rough_name {
    () => {
        r"(?:[0-9]{0,2}(?:[A-Za-z\x80-\xff][.'-]?)+[0-9]*)"
    };
}

/// `2024-01-23`, `2024/01/23`, `23.01.2024`, `23/01/2024`
macro_rules! date {
    () => {
        r"(?:[0-9]{4}-[0-9]+-[0-9]+|[0-9]{4}/[0-9]+/[0-9]+|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{4})"
    };
}

/// `12:00:00`, `12:00:00.123456`
macro_rules! clock {
    () => {
        r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]*)?"
    };
}

pub(super) use {clock, date, name, rough_name};
