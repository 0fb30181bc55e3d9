// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a journal says of its boot so far, as far as its writer has to know: which modules it lists as
//! loaded, and what need not be written again.
//!
//! Each load and removal asks for this, so it must not cost a reading of the whole journal. Now and then
//! the writer therefore appends an index, a line that says what the lines before it add up to. Only the
//! last index and the lines after it are read, and of these only the fields that matter here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use memchr::{memchr, memmem, memrchr};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::hex::{number, parse_number};
use super::line::{HeaderId, VERSION};
use super::text::lines;
use super::token_line::tokens_id;
use crate::persist::PersistentSection;
use crate::proc::NameToken;

/// The word for an index in the field `entry`.
const INDEX: &str = "index";

/// How the line of an index begins. It is looked for from the end of a file on.
const INDEX_START: &[u8] = b"{\"entry\":\"index\",";

/// An index is written after at least so many bytes without one.
const MIN_INDEX_DISTANCE: usize = 2 << 10;

/// An index is written after at least so many times its own size without one: together they take up to a
/// third of a file.
const INDEX_DISTANCE_IN_SIZES: usize = 2;

/// Older headers than this many are written in full again when they come back.
const MAX_HEADERS: usize = 64;

/// What is recorded of a boot.
///
/// ```
/// use libmodfmt::journal::{Entry, LoadedModule, Recorded};
///
/// let boot = "b-1".to_owned();
/// let foo = LoadedModule { boot, name: "foo".into(), base: Some(0x1000), ..LoadedModule::default() };
/// let text = Entry::Module(foo).to_line();
/// let recorded = Recorded::read("b-1", &text, true).ok_or("no index")?;
/// assert_eq!(recorded.base("foo"), Some(Some(0x1000)));
/// assert_eq!(recorded.base("bar"), None);
///
/// // An index says the same, and nothing before it has to be read.
/// let index = recorded.to_index(7);
/// let again = Recorded::read("b-1", &[b"rest of a line\n", &index[..]].concat(), false).ok_or("no index")?;
/// assert_eq!(again.base("foo"), Some(Some(0x1000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    boot: String,
    has_boot_entry: bool,
    loaded: HashMap<String, Option<u64>>,
    own_data: BTreeSet<String>,
    headers: Vec<HeaderId>,
    /// Identifies the tokens of the last line that has any.
    tokens: Option<u64>,
    /// Bytes since the last index, and the size of that.
    since_index: usize,
    index_size: usize,
}

/// The fields of a line that matter here.
#[derive(Deserialize)]
struct Brief<'l> {
    v: u32,
    #[serde(borrow)]
    boot: Cow<'l, str>,
    #[serde(borrow)]
    entry: Cow<'l, str>,
    #[serde(borrow, default)]
    name: Cow<'l, str>,
    #[serde(default)]
    loading: bool,
    #[serde(borrow, default)]
    base: Option<Cow<'l, str>>,
    #[serde(default)]
    sections: HasPersistent,
    #[serde(borrow, default)]
    persistent_id: Option<Cow<'l, str>>,
    #[serde(default)]
    persistent: Option<IgnoredAny>,
    #[serde(borrow, default)]
    tokens_id: Option<Cow<'l, str>>,
}

/// A string that is not copied unless it has escape sequences.
#[derive(Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Text<'l>(#[serde(borrow)] Cow<'l, str>);

/// Whether an object has the name of a persistent section among its keys, which are not kept.
#[derive(Default)]
struct HasPersistent(bool);

impl<'de> Deserialize<'de> for HasPersistent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SectionNames)
    }
}

struct SectionNames;

impl<'de> Visitor<'de> for SectionNames {
    type Value = HasPersistent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sections with their addresses")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HasPersistent, A::Error> {
        let mut found = false;
        while let Some((Text(name), IgnoredAny)) = map.next_entry()? {
            found |= PersistentSection::from_name(name.as_bytes()).is_some();
        }
        Ok(HasPersistent(found))
    }
}

#[derive(Serialize, Deserialize)]
struct Index<'l> {
    // The first field: see INDEX_START.
    #[serde(borrow)]
    entry: Cow<'l, str>,
    v: u32,
    #[serde(borrow)]
    boot: Cow<'l, str>,
    at: u64,
    #[serde(borrow)]
    modules: BTreeMap<Text<'l>, Option<Text<'l>>>,
    own_data: BTreeSet<String>,
    #[serde(borrow)]
    headers: Vec<Text<'l>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tokens: Option<Text<'l>>,
}

impl Recorded {
    /// Reads the end of a boot's file: `whole` if it is all of it. `None` if there may be more to know: the
    /// text has no index, and it is not the whole file.
    #[must_use]
    pub fn read(boot: &str, text: &[u8], whole: bool) -> Option<Self> {
        let (mut recorded, rest) = match last_index(boot, text) {
            Some(found) => found,
            None if whole => (Self { boot: boot.to_owned(), ..Self::default() }, text),
            None => return None,
        };
        for line in lines(rest).flatten() {
            recorded.add(line);
        }
        recorded.since_index = rest.len();
        Some(recorded)
    }

    /// Adds what is appended: whole lines.
    pub fn append(&mut self, text: &[u8]) {
        for line in lines(text).flatten() {
            self.add(line);
        }
        self.since_index = self.since_index.saturating_add(text.len());
    }

    /// Whether the entry about the kernel is there.
    #[must_use]
    pub fn has_boot_entry(&self) -> bool {
        self.has_boot_entry
    }

    /// The address of a module in `/proc/modules`, if it is recorded and was visible; `None` if the module is
    /// not recorded as loaded.
    #[must_use]
    pub fn base(&self, module: &str) -> Option<Option<u64>> {
        self.loaded.get(module).copied()
    }

    /// The modules that are recorded as loaded.
    pub fn loaded(&self) -> impl Iterator<Item = &str> {
        self.loaded.keys().map(String::as_str)
    }

    /// The modules that have persistent data outside of keepers, loaded or not.
    pub fn own_data(&self) -> impl Iterator<Item = &str> {
        self.own_data.iter().map(String::as_str)
    }

    /// Whether an earlier line has this header in full.
    #[must_use]
    pub fn has_header(&self, id: HeaderId) -> bool {
        self.headers.contains(&id)
    }

    /// Whether these tokens are recorded already. None need not be recorded if none ever were.
    #[must_use]
    pub fn has_tokens(&self, tokens: &[NameToken]) -> bool {
        self.tokens.map_or(tokens.is_empty(), |id| id == tokens_id(tokens))
    }

    /// Whether it is time for an index.
    #[must_use]
    pub fn wants_index(&self) -> bool {
        let distance = self.index_size.saturating_mul(INDEX_DISTANCE_IN_SIZES);
        self.since_index >= MIN_INDEX_DISTANCE.max(distance)
    }

    /// The line of an index, with its line feed. `at` is the time since boot in hundredths of a second.
    #[must_use]
    pub fn to_index(&self, at: u64) -> Vec<u8> {
        let index = Index {
            entry: Cow::Borrowed(INDEX),
            v: VERSION,
            boot: Cow::Borrowed(&self.boot),
            at,
            modules: self
                .loaded
                .iter()
                .map(|(name, base)| (Text(name.into()), base.map(|base| Text(number(base).into()))))
                .collect(),
            own_data: self.own_data.clone(),
            headers: self.headers.iter().map(|&id| Text(number(id).into())).collect(),
            tokens: self.tokens.map(|id| Text(number(id).into())),
        };
        // Strings and numbers only: writing them to memory cannot fail.
        let mut line = serde_json::to_vec(&index).unwrap_or_default();
        line.push(b'\n');
        line
    }

    fn of_index(boot: &str, line: &[u8]) -> Option<Self> {
        if !line.starts_with(INDEX_START) {
            return None;
        }
        let index: Index<'_> = serde_json::from_slice(line).ok()?;
        if index.v != VERSION || index.boot != boot || index.entry != INDEX {
            return None;
        }
        let base = |(Text(name), base): (Text<'_>, Option<Text<'_>>)| match base {
            None => Some((name.into_owned(), None)),
            Some(Text(base)) => Some((name.into_owned(), Some(parse_number(&base)?))),
        };
        Some(Self {
            boot: boot.to_owned(),
            has_boot_entry: true,
            loaded: index.modules.into_iter().map(base).collect::<Option<_>>()?,
            own_data: index.own_data,
            headers: index.headers.iter().map(|Text(id)| parse_number(id)).collect::<Option<_>>()?,
            tokens: index.tokens.as_ref().and_then(|Text(id)| parse_number(id)),
            since_index: 0,
            index_size: line.len(),
        })
    }

    fn add(&mut self, line: &[u8]) {
        let Ok(brief) = serde_json::from_slice::<Brief<'_>>(line) else { return };
        if brief.v != VERSION || brief.boot != self.boot {
            return;
        }
        let name = brief.name.into_owned();
        match &*brief.entry {
            "boot" => self.has_boot_entry = true,
            "module" => {
                let has_header = brief.persistent.is_some() || brief.persistent_id.is_some();
                if has_header && !super::is_keeper(&name) && brief.sections.0 {
                    self.own_data.insert(name.clone());
                }
                if brief.persistent.is_some()
                    && let Some(id) = brief.persistent_id.as_deref().and_then(parse_number)
                {
                    self.remember(id);
                }
                if !brief.loading {
                    self.loaded.insert(name, brief.base.as_deref().and_then(parse_number));
                }
            }
            "unload" => {
                self.loaded.remove(&name);
            }
            "discard" => {
                self.own_data.remove(&name);
            }
            "tokens" => self.tokens = brief.tokens_id.as_deref().and_then(parse_number),
            _ => {}
        }
    }

    fn remember(&mut self, id: HeaderId) {
        if !self.has_header(id) {
            self.headers.push(id);
        }
        if self.headers.len() > MAX_HEADERS {
            self.headers.remove(0);
        }
    }
}

/// The last index of a text, and the lines after it.
fn last_index<'t>(boot: &str, text: &'t [u8]) -> Option<(Recorded, &'t [u8])> {
    let finder = memmem::FinderRev::new(INDEX_START);
    // What follows the last line feed is not a line.
    let mut whole = text.get(..memrchr(b'\n', text)?)?;
    loop {
        let start = finder.rfind(whole)?;
        let is_line = start.checked_sub(1).is_none_or(|before| whole.get(before) == Some(&b'\n'));
        let (before, from) = whole.split_at_checked(start)?;
        if is_line {
            let length = memchr(b'\n', from).unwrap_or(from.len());
            if let Some(recorded) = Recorded::of_index(boot, from.get(..length)?) {
                let rest = start.saturating_add(length).saturating_add(1);
                return Some((recorded, text.get(rest..).unwrap_or_default()));
            }
        }
        whole = before;
    }
}
