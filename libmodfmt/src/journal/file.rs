// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text of a journal and the names of its files.

use super::{Boot, Entry};

/// Start and end of the name of a boot's file.
pub const FILE_NAME: (&str, &str) = ("boot-", ".jsonl");

/// A longer line is not an entry.
const MAX_LINE_BYTES: usize = 1 << 22;

/// The entries of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    /// The entries, in their order.
    pub entries: Vec<Entry>,
    /// How many lines could not be read: cut, damaged, or of a later version.
    pub skipped: usize,
}

impl Journal {
    /// Reads a text. A line that is not an entry is counted and skipped.
    #[must_use]
    pub fn read(text: &[u8]) -> Self {
        let mut journal = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == b'\n');
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            rest = end.and_then(|end| rest.get(end.saturating_add(1)..)).unwrap_or_default();
            // A line without its end was cut, however complete it looks.
            let entry = end.filter(|_| line.len() <= MAX_LINE_BYTES).and_then(|_| Entry::from_line(line));
            match entry {
                Some(entry) => journal.entries.push(entry),
                None if line.trim_ascii().is_empty() => {}
                None => journal.skipped = journal.skipped.saturating_add(1),
            }
        }
        journal
    }

    /// The boots that have a `boot` entry, each once, in their order.
    #[must_use]
    pub fn boots(&self) -> Vec<&Boot> {
        let mut boots: Vec<&Boot> = Vec::new();
        for entry in &self.entries {
            if let Entry::Boot(boot) = entry
                && !boots.iter().any(|other| other.id == boot.id)
            {
                boots.push(boot);
            }
        }
        boots
    }

    /// All entries of a boot, in their order.
    pub fn of_boot<'j>(&'j self, id: &'j str) -> impl Iterator<Item = &'j Entry> {
        self.entries.iter().filter(move |entry| entry.boot() == id)
    }
}

/// The name of the file of a boot.
#[must_use]
pub fn file_name(boot: &str) -> String {
    let safe: String =
        boot.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(64).collect();
    format!("{}{safe}{}", FILE_NAME.0, FILE_NAME.1)
}
