// SPDX-License-Identifier: MIT OR Apache-2.0
//! An entry as a line of JSON. Addresses and build ids are hexadecimal text. The persistent header is
//! the bytes of its note, so that the same code reads and checks it as for a keeper.
//!
//! A header is written in full once a boot. Later lines refer to it by its [`HeaderId`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::hex::{hex, number, parse_hex, parse_number};
use super::token_line::{TokenLine, tokens_id};
use super::{Boot, Discard, Entry, LoadedModule, Stage, Tokens, Unload};
use crate::elf::ByteOrder;
use crate::fnv::Hash;
use crate::persist::Header;

/// The version that this crate writes, and the only one that it reads.
pub const VERSION: u32 = 1;

/// Headers are written in this order on every machine.
const ORDER: ByteOrder = ByteOrder::Little;

#[derive(Serialize, Deserialize)]
struct Line {
    v: u32,
    boot: String,
    at: u64,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "lowercase")]
enum What {
    Boot {
        banner: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        build_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<(String, String)>,
    },
    Module {
        name: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        loading: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<String>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        sections: BTreeMap<String, String>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        sizes: BTreeMap<String, u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<u64>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        init_freed: bool,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        build_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        persistent_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        persistent: Option<String>,
    },
    Unload {
        name: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        removed: bool,
    },
    Discard {
        name: String,
    },
    Tokens {
        tokens_id: String,
        tokens: Vec<TokenLine>,
    },
    /// What the lines before it add up to, for the next writer. See `recorded.rs`.
    Index {},
}

/// Identifies a header within a boot: a hash of the bytes of its note.
pub type HeaderId = u64;

/// A line as read.
pub(super) enum Parsed {
    /// An entry; the header that it has or refers to.
    Entry(Box<Entry>, Option<HeaderId>),
    /// An index, which says nothing that the entries do not say.
    Index,
}

impl Entry {
    /// The line, with its line feed.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        self.to_short_line(|_| false)
    }

    /// As [`Entry::to_line`], but a header for which `is_known` is true is only referred to: an earlier
    /// line of the boot has it in full.
    #[must_use]
    pub fn to_short_line(&self, is_known: impl Fn(HeaderId) -> bool) -> Vec<u8> {
        let what = match self {
            Self::Boot(boot) => What::Boot {
                banner: boot.banner.clone(),
                build_id: hex(&boot.build_id),
                text: boot.text.as_ref().map(|(symbol, address)| (symbol.clone(), number(*address))),
            },
            Self::Module(module) => {
                let note = module.persistent.as_ref().map(|header| header.to_note(ORDER));
                let id = note.as_deref().map(header_id);
                What::Module {
                    name: module.name.clone(),
                    loading: module.stage == Stage::Loading,
                    base: module.base.map(number),
                    sections: module
                        .sections
                        .iter()
                        .map(|(name, address)| (name.clone(), number(*address)))
                        .collect(),
                    sizes: module.sizes.iter().cloned().collect(),
                    memory: module.memory,
                    init_freed: module.init_freed,
                    build_id: hex(&module.build_id),
                    file: module.file.clone(),
                    persistent_id: id.map(number),
                    persistent: note.filter(|_| !id.is_some_and(is_known)).map(|note| hex(&note)),
                }
            }
            Self::Unload(unload) => What::Unload { name: unload.name.clone(), removed: unload.removed },
            Self::Discard(discard) => What::Discard { name: discard.name.clone() },
            Self::Tokens(tokens) => What::Tokens {
                tokens_id: number(tokens_id(&tokens.tokens)),
                tokens: tokens.tokens.iter().map(TokenLine::of).collect(),
            },
        };
        let line = Line { v: VERSION, boot: self.boot().to_owned(), at: self.at(), what };
        // Strings and numbers only: writing them to memory cannot fail.
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a line without its line feed; `None` if it is not an entry of this version. A header that the
    /// line only refers to is missing: [`super::Journal::read`] knows the lines before.
    #[must_use]
    pub fn from_line(line: &[u8]) -> Option<Self> {
        match parse(line)? {
            Parsed::Entry(entry, _) => Some(*entry),
            Parsed::Index => None,
        }
    }
}

fn header_id(note: &[u8]) -> HeaderId {
    let mut hash = Hash::new();
    hash.bytes(note);
    hash.finish()
}

/// Reads a line without its line feed; `None` if it is not of this version.
pub(super) fn parse(line: &[u8]) -> Option<Parsed> {
    let line: Line = serde_json::from_slice(line).ok()?;
    if line.v != VERSION || line.boot.is_empty() {
        return None;
    }
    let (boot, at) = (line.boot, line.at);
    let mut id = None;
    let entry = match line.what {
        What::Boot { banner, build_id, text } => {
            let text = match text {
                Some((symbol, address)) => Some((symbol, parse_number(&address)?)),
                None => None,
            };
            Entry::Boot(Boot { id: boot, banner, build_id: parse_hex(&build_id)?, text, at })
        }
        What::Module {
            name,
            loading,
            base,
            sections,
            sizes,
            memory,
            init_freed,
            build_id,
            file,
            persistent_id,
            persistent,
        } => {
            id = match persistent_id {
                Some(text) => Some(parse_number(&text)?),
                None => None,
            };
            let persistent = match persistent {
                Some(note) => Some(Arc::new(Header::from_note(&parse_hex(&note)?, ORDER).ok()?)),
                None => None,
            };
            let section = |(name, address): (String, String)| Some((name, parse_number(&address)?));
            Entry::Module(LoadedModule {
                boot,
                name,
                stage: if loading { Stage::Loading } else { Stage::Loaded },
                base: match base {
                    Some(base) => Some(parse_number(&base)?),
                    None => None,
                },
                sections: sections.into_iter().map(section).collect::<Option<_>>()?,
                sizes: sizes.into_iter().collect(),
                memory,
                init_freed,
                build_id: parse_hex(&build_id)?,
                file,
                persistent,
                at,
            })
        }
        What::Unload { name, removed } => Entry::Unload(Unload { boot, name, removed, at }),
        What::Discard { name } => Entry::Discard(Discard { boot, name, at }),
        What::Tokens { tokens, tokens_id: _ } => {
            let tokens = tokens.into_iter().map(TokenLine::token).collect::<Option<_>>()?;
            Entry::Tokens(Tokens { boot, tokens, at })
        }
        What::Index {} => return Some(Parsed::Index),
    };
    Some(Parsed::Entry(Box::new(entry), id))
}
