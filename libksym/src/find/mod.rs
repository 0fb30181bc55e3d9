// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the files of a kernel and of its modules, and checks that they are of the report's build.

mod check;
mod debug;
mod kernel;
mod module;

pub(crate) use kernel::{kernel, system_map};
pub(crate) use module::ModuleFiles;

use super::{Places, Sources, Warning};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// Warnings, each once.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    new: RefCell<Vec<Warning>>,
    old: RefCell<Vec<Warning>>,
}

impl Warnings {
    pub(crate) fn push(&self, warning: Warning) {
        if !self.old.borrow().contains(&warning) {
            self.old.borrow_mut().push(warning.clone());
            self.new.borrow_mut().push(warning);
        }
    }

    pub(crate) fn take(&self) -> Vec<Warning> {
        self.new.take()
    }

    fn unreadable(&self, file: &Path, error: &dyn std::error::Error) {
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

/// A path below the root that the usual places are in.
fn below(sources: &Sources, path: &str) -> PathBuf {
    sources.root.join(path.trim_start_matches('/'))
}

/// The folders laid out like `/usr/lib/debug`, and that one.
fn debug_dirs(sources: &Sources, places: Places) -> Vec<PathBuf> {
    let usual = (places == Places::Usual).then(|| below(sources, "/usr/lib/debug"));
    sources.debug_dirs.iter().cloned().chain(usual).collect()
}
