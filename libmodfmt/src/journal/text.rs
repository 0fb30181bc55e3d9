// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text of a journal and the names of its files.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use memchr::memchr;

use super::line::{self, HeaderId, Parsed};
use super::{Boot, Entry};
use crate::persist::Header;

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
        let mut headers = Headers::default();
        for line in lines(text) {
            // A line without its end was cut, however complete it looks.
            let parsed =
                line.filter(|line| line.len() <= MAX_LINE_BYTES).map(|line| (line, line::parse(line)));
            match parsed {
                Some((_, Some(Parsed::Entry(mut entry, id)))) => {
                    headers.complete(&mut entry, id);
                    journal.entries.push(*entry);
                }
                Some((_, Some(Parsed::Index))) => {}
                Some((line, None)) if line.trim_ascii().is_empty() => {}
                Some((_, None)) | None => journal.skipped = journal.skipped.saturating_add(1),
            }
        }
        journal
    }

    /// The boots that have a `boot` entry, each once, in their order.
    #[must_use]
    pub fn boots(&self) -> Vec<&Boot> {
        let mut seen = HashSet::new();
        let boots = self.entries.iter().filter_map(|entry| match entry {
            Entry::Boot(boot) => Some(boot),
            Entry::Module(_) | Entry::Unload(_) | Entry::Discard(_) | Entry::Tokens(_) => None,
        });
        boots.filter(|boot| seen.insert(boot.id.as_str())).collect()
    }

    /// All entries of a boot, in their order.
    pub fn of_boot<'j>(&'j self, id: &'j str) -> impl Iterator<Item = &'j Entry> {
        self.entries.iter().filter(move |entry| entry.boot() == id)
    }

    /// The entries of each boot, in their order. To go through many boots, group them once: each call of
    /// [`Journal::of_boot`] looks at all entries.
    #[must_use]
    pub fn by_boot(&self) -> HashMap<&str, Vec<&Entry>> {
        let mut boots: HashMap<&str, Vec<&Entry>> = HashMap::new();
        for entry in &self.entries {
            boots.entry(entry.boot()).or_default().push(entry);
        }
        boots
    }
}

/// The lines of a text, without their line feeds; `None` for a last one that has none.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let length = memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
        let (line, after) = rest.split_at_checked(length).filter(|(line, _)| !line.is_empty())?;
        rest = after;
        Some(line.strip_suffix(b"\n"))
    })
}

/// The headers that the lines so far had in full, by boot and id.
#[derive(Default)]
struct Headers(HashMap<(String, HeaderId), Arc<Header>>);

impl Headers {
    /// Gives an entry the header that it refers to, or remembers the one that it has.
    fn complete(&mut self, entry: &mut Entry, id: Option<HeaderId>) {
        let (Entry::Module(module), Some(id)) = (entry, id) else { return };
        let key = (module.boot.clone(), id);
        match &module.persistent {
            Some(header) => {
                self.0.insert(key, Arc::clone(header));
            }
            None => module.persistent = self.0.get(&key).map(Arc::clone),
        }
    }
}

/// The name of the file of a boot.
#[must_use]
pub fn file_name(boot: &str) -> String {
    let safe: String =
        boot.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(64).collect();
    format!("{}{safe}{}", FILE_NAME.0, FILE_NAME.1)
}
