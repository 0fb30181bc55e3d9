// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of prefixes that have a pattern. A new one is a row here, and a row in the tests below.
//!
//! ```text
//! syslog date        Jan 23 09:11:20
//! logcat -v brief    E/kernel  (  123):
//! ```
//!
//! Rows are tried by the first byte of the text. All that begin with it are looked for at once, since nearly every
//! message of the kernel begins with a letter and matches none.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::pattern::{Begins, Pattern, name, rough_name};
use super::prefix::Prefix;
use super::{dmesg, journal, kmsg, logcat, syslog, terminal};
use crate::cursor::{Cursor, decimal};

/// Every form that has a pattern. The first that matches counts.
const TABLE: [Pattern; 19] = [
    syslog::RFC3164,
    syslog::ISO_TIME,
    syslog::RFC5424,
    syslog::KERNEL_ALONE,
    journal::SHORT_FULL,
    journal::SHORT_UNIX,
    journal::EXPORT,
    dmesg::HUMAN_TIME,
    dmesg::ISO_TIME,
    dmesg::FACILITY,
    dmesg::DROPPED,
    kmsg::RECORD,
    logcat::BRIEF,
    logcat::TIME,
    logcat::THREADTIME,
    terminal::BRACKETED_TIME,
    terminal::LOCAL_TIME,
    terminal::VENDOR,
    terminal::CLOCK,
];

pub(super) static ASTERISK: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Asterisk));
pub(super) static BRACKET: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Bracket));
pub(super) static DIGIT: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Digit));
pub(super) static LETTER: LazyLock<Group> = LazyLock::new(|| Group::new(Begins::Letter));

/// The forms that begin with the same kind of byte.
#[derive(Debug)]
pub(super) struct Group {
    rows: Vec<Row>,
    /// Matches what a row matches, and little else.
    any: RegexSet,
}

/// A form with its pattern, which is compiled when it is first looked for.
#[derive(Debug)]
struct Row {
    pattern: Pattern,
    regex: OnceLock<Option<Regex>>,
}

impl Group {
    fn new(begins: Begins) -> Self {
        let of_group = TABLE.into_iter().filter(|pattern| pattern.begins.contains(&begins));
        let rows: Vec<Row> = of_group.map(Row::new).collect();
        // Most logs have no date, and need not wait for the classes of Unicode to be compiled.
        let rough = rows.iter().map(|row| row.pattern.regex.replace(name!(), rough_name!()));
        let any = RegexSetBuilder::new(rough).unicode(false).build();
        // A test compiles every pattern.
        Self { rows, any: any.unwrap_or_default() }
    }

    /// Reads a prefix of this group. `false` if what comes next is none.
    pub fn read(&self, cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
        if !self.any.is_match(cursor.rest()) {
            return false;
        }
        let Some(row) = self.rows.iter().find(|row| row.read(cursor, prefix)) else { return false };
        if row.pattern.then_program {
            prefix.is_foreign = syslog::host_and_program(cursor);
        }
        true
    }
}

impl Row {
    fn new(pattern: Pattern) -> Self {
        Self { pattern, regex: OnceLock::new() }
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| RegexBuilder::new(self.pattern.regex).unicode(false).build().ok()).as_ref()
    }

    /// Reads a prefix of this form. `false` if what comes next is none.
    fn read(&self, cursor: &mut Cursor<'_>, prefix: &mut Prefix) -> bool {
        let Some(regex) = self.regex() else { return false };
        let text = cursor.rest();
        let length = if regex.captures_len() == 1 {
            // Without groups a search is twice as fast.
            regex.find(text).map(|found| found.end())
        } else {
            regex.captures(text).map(|captures| take_groups(&captures, cursor.position(), prefix))
        };
        let Some(length) = length else { return false };
        if !prefix.is_foreign {
            cursor.skip(length);
        }
        true
    }
}

/// Takes what the named groups of a pattern matched into the prefix. `start` is where the match begins in the line.
/// Returns the length of the match.
fn take_groups(captures: &Captures<'_>, start: usize, prefix: &mut Prefix) -> usize {
    let length = captures.get_match().end();
    if let Some(program) = captures.name("program") {
        prefix.is_foreign = !syslog::is_kernel(program.as_bytes());
    }
    if let Some(time) = captures.name("time_us") {
        prefix.time_us = decimal(time.as_bytes()).or(prefix.time_us);
    }
    if let Some(fields) = captures.name("fields") {
        let (at, end) = (start.saturating_add(fields.start()), start.saturating_add(length));
        kmsg::fields(fields.as_bytes(), start, at, end, prefix);
    }
    length
}
