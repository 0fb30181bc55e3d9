// SPDX-License-Identifier: MIT OR Apache-2.0
//! Settings that are read when they are first needed.

use std::cell::{Cell, OnceCell};
use std::path::PathBuf;

use super::settings::Policy;

/// The settings of one command. The files are read once, and only if something depends on them: the journal,
/// if its directory exists, or persistent data.
#[derive(Debug)]
pub struct LazyPolicy {
    config: PathBuf,
    policy: OnceCell<Policy>,
    is_warned: Cell<bool>,
}

impl LazyPolicy {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(config: PathBuf) -> Self {
        Self { config, policy: OnceCell::new(), is_warned: Cell::new(false) }
    }

    /// Reads the files, the first time.
    pub fn get(&self) -> &Policy {
        self.policy.get_or_init(|| Policy::read(&self.config))
    }

    /// What is wrong with the files, if they were read. Returned once.
    #[must_use]
    pub fn take_warning(&self) -> Option<String> {
        let problems = &self.policy.get()?.problems;
        let first = problems.first().filter(|_| !self.is_warned.replace(true))?;
        let more = match problems.len() {
            1 => String::new(),
            count => format!(", and {} more", count.saturating_sub(1)),
        };
        Some(format!("{first}{more}; ignored (modpersist config says what holds)"))
    }
}
