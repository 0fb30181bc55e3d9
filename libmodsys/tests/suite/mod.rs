// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per part; here what they share.

mod builtin;
mod dependencies;
mod kcore;
mod lock;
mod root;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

pub const RELEASE: &str = "9.9";

/// A folder that stands for the root of a machine.
pub struct Root(TempDir);

impl Root {
    /// An empty folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn kernel(&self) -> libmodsys::Linux {
        libmodsys::Linux::with_root(self.path(), RELEASE)
    }
}
