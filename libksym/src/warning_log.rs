// SPDX-License-Identifier: MIT OR Apache-2.0
//! Collects warnings, each once.

use std::cell::RefCell;
use std::error::Error;
use std::path::Path;

use crate::warning::Warning;

/// Warnings, each once.
#[derive(Debug, Default)]
pub(crate) struct WarningLog {
    /// Not taken yet.
    pending: RefCell<Vec<Warning>>,
    /// Every one so far.
    seen: RefCell<Vec<Warning>>,
}

impl WarningLog {
    pub(crate) fn push(&self, warning: Warning) {
        if !self.seen.borrow().contains(&warning) {
            self.seen.borrow_mut().push(warning.clone());
            self.pending.borrow_mut().push(warning);
        }
    }

    pub(crate) fn take(&self) -> Vec<Warning> {
        self.pending.take()
    }

    /// The file cannot be read: the error with its causes.
    pub(crate) fn unreadable(&self, file: &Path, error: &dyn Error) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let part = error.to_string();
            if !text.ends_with(&part) {
                text = format!("{text}: {part}");
            }
            cause = error.source();
        }
        self.push(Warning::Unreadable { file: file.to_owned(), error: text });
    }
}
