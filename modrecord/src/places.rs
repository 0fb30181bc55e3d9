// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where everything is.

use std::fs;
use std::path::PathBuf;

/// The places, so that tests can have others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The configuration: `persistdir=DIRECTORY`.
    pub config: PathBuf,
    /// Which module has which file.
    pub locations: PathBuf,
    /// Snapshots and the journal of oopses.
    pub snapshots: PathBuf,
    /// Installed modules, releases below it.
    pub modules: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            config: "/etc/modpersist.conf".into(),
            locations: "/run/modpersist/parameters".into(),
            snapshots: "/var/log/ksymoops".into(),
            modules: "/lib/modules".into(),
        }
    }
}

/// Where files of saved parameters are when nothing else is configured, as with modutils.
const PERSIST_DIRECTORY: &str = "/var/lib/modules/persist";

impl Places {
    /// The directory for files that are not named; `None` if the configuration has an empty `persistdir=`: then they are not wanted.
    #[must_use]
    pub fn persist_directory(&self) -> Option<PathBuf> {
        let text = fs::read_to_string(&self.config).unwrap_or_default();
        let configured = text.lines().filter_map(|line| line.trim().strip_prefix("persistdir=")).next_back();
        match configured.map(str::trim) {
            Some("") => None,
            Some(directory) => Some(directory.into()),
            None => Some(PERSIST_DIRECTORY.into()),
        }
    }
}
