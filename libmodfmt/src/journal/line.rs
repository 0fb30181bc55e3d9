// SPDX-License-Identifier: MIT OR Apache-2.0
//! An entry as a line of JSON. Addresses and build ids are hexadecimal text. The persistent header is
//! the bytes of its note, so that the same code reads and checks it as for a keeper.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Boot, Discard, Entry, LoadedModule, Stage, Unload};
use crate::elf::ByteOrder;
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
        #[serde(default, skip_serializing_if = "String::is_empty")]
        build_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        persistent: Option<String>,
    },
    Unload {
        name: String,
    },
    Discard {
        name: String,
    },
}

impl Entry {
    /// The line, with its line feed.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        let what = match self {
            Self::Boot(boot) => What::Boot {
                banner: boot.banner.clone(),
                build_id: hex(&boot.build_id),
                text: boot.text.as_ref().map(|(symbol, address)| (symbol.clone(), number(*address))),
            },
            Self::Module(module) => What::Module {
                name: module.name.clone(),
                loading: module.stage == Stage::Loading,
                base: module.base.map(number),
                sections: module
                    .sections
                    .iter()
                    .map(|(name, address)| (name.clone(), number(*address)))
                    .collect(),
                build_id: hex(&module.build_id),
                file: module.file.clone(),
                persistent: module.persistent.as_ref().map(|header| hex(&header.to_note(ORDER))),
            },
            Self::Unload(unload) => What::Unload { name: unload.name.clone() },
            Self::Discard(discard) => What::Discard { name: discard.name.clone() },
        };
        let line = Line { v: VERSION, boot: self.boot().to_owned(), at: self.at(), what };
        // Strings and numbers only: writing them to memory cannot fail.
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a line without its line feed; `None` if it is not an entry of this version.
    #[must_use]
    pub fn from_line(line: &[u8]) -> Option<Self> {
        let line: Line = serde_json::from_slice(line).ok()?;
        if line.v != VERSION || line.boot.is_empty() {
            return None;
        }
        let (boot, at) = (line.boot, line.at);
        Some(match line.what {
            What::Boot { banner, build_id, text } => {
                let text = match text {
                    Some((symbol, address)) => Some((symbol, parse_number(&address)?)),
                    None => None,
                };
                Self::Boot(Boot { id: boot, banner, build_id: parse_hex(&build_id)?, text, at })
            }
            What::Module { name, loading, base, sections, build_id, file, persistent } => {
                let persistent = match persistent {
                    Some(note) => Some(Header::from_note(&parse_hex(&note)?, ORDER).ok()?),
                    None => None,
                };
                let section = |(name, address): (String, String)| Some((name, parse_number(&address)?));
                Self::Module(LoadedModule {
                    boot,
                    name,
                    stage: if loading { Stage::Loading } else { Stage::Loaded },
                    base: match base {
                        Some(base) => Some(parse_number(&base)?),
                        None => None,
                    },
                    sections: sections.into_iter().map(section).collect::<Option<_>>()?,
                    build_id: parse_hex(&build_id)?,
                    file,
                    persistent,
                    at,
                })
            }
            What::Unload { name } => Self::Unload(Unload { boot, name, at }),
            What::Discard { name } => Self::Discard(Discard { boot, name, at }),
        })
    }
}

fn number(number: u64) -> String {
    format!("{number:#x}")
}

fn parse_number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
