// SPDX-License-Identifier: MIT OR Apache-2.0
//! Patterns of lines. Upper and lower case are the same.
//!
//! They are of bytes, not of characters: those would need the tables of Unicode, which the programs are built
//! without. Tests are built with them, because other crates ask for them, so a test would not notice.

use regex::bytes::{Regex, RegexBuilder};

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern(Regex);

/// What a pattern found.
#[derive(Debug)]
pub(super) struct Found<'t> {
    /// The byte behind it.
    pub(super) end: usize,
    /// Its groups.
    pub(super) groups: Vec<Option<&'t str>>,
}

impl<'t> Found<'t> {
    /// The text of a group, the first of which is 1.
    pub(super) fn group(&self, number: usize) -> Option<&'t str> {
        *self.groups.get(number.checked_sub(1)?)?
    }

    /// The text of the last group that is there.
    pub(super) fn last(&self) -> Option<&'t str> {
        self.groups.iter().flatten().last().copied()
    }
}

impl Pattern {
    /// Compiles a pattern of ours. A test compiles every one.
    pub(super) fn new(text: &str) -> Option<Self> {
        RegexBuilder::new(text).case_insensitive(true).unicode(false).build().ok().map(Self)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }

    /// Where the first match begins and ends.
    pub(super) fn find(&self, text: &str) -> Option<std::ops::Range<usize>> {
        self.0.find(text.as_bytes()).map(|found| found.range())
    }

    /// The first match with its groups.
    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Found<'t>> {
        let found = self.0.captures(text.as_bytes())?;
        let end = found.get(0)?.end();
        let groups = found.iter().skip(1).map(|group| text.get(group?.range())).collect();
        Some(Found { end, groups })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_any_language_are_passed_over() {
        let pattern = Pattern::new("^a.*?([0-9]+)").unwrap();
        let found = pattern.captures("A é 12").unwrap();
        assert_eq!((found.group(1), found.last(), found.end), (Some("12"), Some("12"), 7));
        assert!(pattern.is_match("a 1") && pattern.find("b 1").is_none());
    }
}
