// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per part; here what they share.

mod builtin;
mod kcore;
mod lock;
mod root;

use std::fs;
use std::path::{Path, PathBuf};

/// A folder that stands for the root of a machine.
pub struct Root(pub PathBuf);

pub const RELEASE: &str = "9.9";

impl Root {
    /// An empty folder; the name must be that of the test.
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn kernel(&self) -> libmodsys::Linux {
        libmodsys::Linux::with_root(&self.0, RELEASE)
    }
}
