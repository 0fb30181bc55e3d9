// SPDX-License-Identifier: MIT OR Apache-2.0
//! A version, as its file describes it.

use std::fs;

use anyhow::{Context, Result};
use libmodfmt::elf::Object;

use super::agree::agree;
use super::build::Built;
use super::dwarf;
use super::initial::{self, Initial};
use super::table::Entry;
use super::types::{Id, Type, Types};

/// What a version's file says about its variables.
pub struct Described {
    /// Their types.
    pub types: Types,
    /// Their values.
    pub initial: Initial,
}

impl Described {
    /// Reads the file.
    pub fn read(entry: &Entry, built: &Built) -> Result<Self> {
        let name = built.file.display();
        let content = fs::read(&built.file).with_context(|| format!("cannot read {name}"))?;
        let object = Object::parse(&content).with_context(|| format!("cannot read {name}"))?;
        let files: Vec<&str> = entry.variables.keys().map(|name| name.trim_end_matches(".c")).collect();
        let mut types = dwarf::read(&object, &files).with_context(|| format!("cannot read {name}"))?;
        let initial = initial::read(&object).with_context(|| format!("cannot read {name}"))?;
        // Other variables are not kept.
        types.variables.retain(|key, _| initial.contains_key(key) || is_hold(&key.1));
        let mut described = Self { types, initial };
        described.rename_held();
        Ok(described)
    }

    /// The header numbers them, in an order that says nothing.
    fn rename_held(&mut self) {
        let names: Vec<(String, Id)> = self.held().map(|(name, kind)| (name.to_owned(), kind)).collect();
        self.types.variables.retain(|key, _| !is_hold(&key.1));
        for (name, kind) in names {
            self.types.variables.insert((String::new(), format!("{HOLD}{name}")), kind);
        }
    }

    /// The structures that `PERSISTENT_HOLDS` names.
    pub fn held(&self) -> impl Iterator<Item = (&str, Id)> {
        let held = self.types.variables.iter().filter(|(key, _)| is_hold(&key.1));
        held.filter_map(|(_, kind)| {
            let kind = match self.types.get(*kind) {
                Type::Pointer(to) => *to,
                _ => *kind,
            };
            match self.types.get(kind) {
                Type::Compound { name, .. } => Some((name.as_str(), kind)),
                _ => None,
            }
        })
    }

    /// Whether both have the same variables, with the same types to any depth.
    pub fn agrees(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.types.variables, &other.types.variables);
        ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|((name, ours), (other_name, theirs))| {
                let (ours, theirs) = ((&self.types, *ours), (&other.types, *theirs));
                name == other_name && agree(ours, theirs) && agree(theirs, ours)
            })
    }
}

/// How the names of variables start that `PERSISTENT_HOLDS` makes.
const HOLD: &str = "__persistent_holds_";

fn is_hold(name: &str) -> bool {
    name.starts_with(HOLD)
}
