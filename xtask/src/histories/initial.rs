// SPDX-License-Identifier: MIT OR Apache-2.0
//! The values that a module's file has for its variables.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use libmodfmt::elf::{Object, Place};

use super::types::Leaf;

/// By source file without `.c`, and name.
pub type Initial = BTreeMap<(String, String), Content>;

/// What a file has for one variable.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// The bytes; none if the variable starts as zero.
    bytes: Vec<u8>,
    /// The offsets of pointers, which are only known once the module is loaded.
    relocated: Vec<u64>,
}

impl Content {
    /// Whether a part of the variable has the file's value.
    pub fn agrees(&self, leaf: &Leaf, now: &[u8]) -> bool {
        let start = if leaf.is_bits { leaf.offset / 8 } else { leaf.offset };
        let end = if leaf.is_bits { start + leaf.size / 8 + 1 } else { start + leaf.size };
        self.relocated.iter().any(|at| at + 8 > start && *at < end) || leaf.of(&self.bytes) == leaf.of(now)
    }
}

/// The marked variables of a file.
pub fn read(object: &Object<'_>) -> Result<Initial> {
    let mut initial = Initial::new();
    for (index, section) in object.sections.iter().enumerate() {
        let name = section.name_text();
        // .data..persistent.FILE.N
        let Some((file, _)) = name.strip_prefix(".data..persistent.").and_then(|rest| rest.rsplit_once('.'))
        else {
            continue;
        };
        let mut relocated = Vec::new();
        let tables: Vec<usize> = object.relocation_sections_of(index).map(|(table, _)| table).collect();
        for table in tables {
            relocated.extend(object.relocations(table)?.iter().map(|relocation| relocation.offset));
        }
        for symbol in object.symbols.iter().filter(|symbol| symbol.place == Place::Section(index)) {
            let name = String::from_utf8_lossy(&symbol.name).into_owned();
            if name.is_empty() {
                continue;
            }
            let (start, end) = (symbol.value, symbol.value + symbol.size);
            let bytes = section.data.get(usize::try_from(start)?..usize::try_from(end)?);
            let bytes = bytes.with_context(|| format!("{name} lies outside of its section"))?.to_vec();
            let relocated = relocated.iter().filter_map(|at| at.checked_sub(start)).collect();
            initial.insert((file.to_owned(), name), Content { bytes, relocated });
        }
    }
    Ok(initial)
}
