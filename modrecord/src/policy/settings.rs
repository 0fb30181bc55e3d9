// SPDX-License-Identifier: MIT OR Apache-2.0
//! The settings that hold, and why.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use modkeep::KeepMode;

use super::problem::Problem;

/// What the configuration files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub(super) keep: Option<Setting<KeepMode>>,
    pub(super) keep_of: BTreeMap<String, Setting<KeepMode>>,
    pub(super) strict: Option<Setting<bool>>,
    pub(super) strict_of: BTreeMap<String, Setting<bool>>,
    pub(super) journal: Option<Setting<bool>>,
    pub(super) persistdir: Option<Setting<String>>,
    /// What is wrong with the files.
    pub problems: Vec<Problem>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// Its value.
    pub value: T,
    /// Why it has that.
    pub origin: Origin,
}

/// Where the value of a setting is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// No file sets it.
    Default,
    /// A line of a file.
    Line {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Line { file, line } => write!(f, "{}:{line}", file.display()),
        }
    }
}

impl Policy {
    /// `keep=` for an owner.
    #[must_use]
    pub fn keep(&self, owner: &str) -> Setting<KeepMode> {
        of(&self.keep_of, self.keep.as_ref(), owner, KeepMode::Auto)
    }

    /// `strict=` for an owner.
    #[must_use]
    pub fn strict(&self, owner: &str) -> Setting<bool> {
        of(&self.strict_of, self.strict.as_ref(), owner, false)
    }

    /// `journal=`: whether there is one if its directory exists.
    #[must_use]
    pub fn journal(&self) -> Setting<bool> {
        self.journal.clone().unwrap_or(Setting { value: true, origin: Origin::Default })
    }

    /// `persistdir=`, which may be empty: where parameters are saved. `None` if no file says it.
    #[must_use]
    pub fn persistdir(&self) -> Option<&Setting<String>> {
        self.persistdir.as_ref()
    }

    /// Names of the owners that have settings of their own.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        let names: std::collections::BTreeSet<&String> =
            self.keep_of.keys().chain(self.strict_of.keys()).collect();
        names.into_iter().map(String::as_str)
    }

    /// Whether an owner has a setting `keep=` or `strict=` of its own.
    #[must_use]
    pub fn has_own(&self, owner: &str) -> (bool, bool) {
        (self.keep_of.contains_key(owner), self.strict_of.contains_key(owner))
    }
}

fn of<T: Clone>(
    owners: &BTreeMap<String, Setting<T>>,
    all: Option<&Setting<T>>,
    owner: &str,
    default: T,
) -> Setting<T> {
    let own = owners.get(&owner.replace('-', "_")).or(all);
    own.cloned().unwrap_or(Setting { value: default, origin: Origin::Default })
}
