// SPDX-License-Identifier: MIT OR Apache-2.0
//! The modules whose histories can be replayed: `tests/histories/modules.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::workspace;

/// The directory of the table, and of the header that marked sources include.
pub const DIRECTORY: &str = "tests/histories";

/// A module, and what of it is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name for the command line.
    pub name: String,
    /// What it does, and what kind of data it has.
    pub about: String,
    /// The name of the built file, without `.ko`.
    pub module: String,
    /// Where in the repository it is built.
    pub directory: String,
    /// The files that make a version: commits that touch none of them are passed over. Patterns as git's,
    /// from that directory on.
    pub source: Vec<String>,
    /// If the module is one source file: which. Else the repository's own Makefile says how to build it.
    #[serde(default)]
    pub alone: Option<String>,
    /// Variables for `make`.
    #[serde(default)]
    pub make: Vec<String>,
    /// By source file, the variables to mark, of all versions. Most versions lack some of them.
    pub variables: BTreeMap<String, Vec<String>>,
    /// By source file, the types that only a list, an IDR or a pointer to void leads to.
    #[serde(default)]
    pub holds: BTreeMap<String, Vec<String>>,
}

impl Entry {
    /// The names of all variables.
    pub fn variable_names(&self) -> BTreeSet<&str> {
        self.variables.values().flatten().map(String::as_str).collect()
    }
}

/// The entries of these names; all of them if there are no names.
pub fn choose(names: &[String]) -> Result<Vec<Entry>> {
    let path = workspace::root().join(DIRECTORY).join("modules.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let all: Vec<Entry> =
        serde_json::from_str(&text).with_context(|| format!("{} is not valid", path.display()))?;
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|entry| entry.name != **name)) {
        let known: Vec<&str> = all.iter().map(|entry| entry.name.as_str()).collect();
        bail!("no history is called {unknown}; known are {}", known.join(", "));
    }
    Ok(all.into_iter().filter(|entry| names.is_empty() || names.contains(&entry.name)).collect())
}
