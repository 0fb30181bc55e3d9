// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the object files of modules.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders may be nested this deep.
const MAX_DEPTH: usize = 16;
/// No distribution has that many modules.
const MAX_FILES: usize = 200_000;

/// Object files by the module's name, with underscores.
#[derive(Debug, Default)]
pub(super) struct ObjectFiles {
    by_name: HashMap<String, Vec<PathBuf>>,
    count: usize,
}

impl ObjectFiles {
    /// Searches files and, recursively, folders for `*.o` and `*.ko`.
    pub(super) fn find(paths: &[PathBuf]) -> Self {
        let mut files = Self::default();
        for path in paths {
            if path.is_dir() {
                files.folder(path, 0);
            } else {
                files.add(path.clone());
            }
        }
        files
    }

    pub(super) fn of_module(&self, name: &str) -> &[PathBuf] {
        self.by_name.get(&name.replace('-', "_")).map_or(&[], Vec::as_slice)
    }

    fn folder(&mut self, path: &Path, depth: usize) {
        let Ok(entries) = fs::read_dir(path) else { return };
        let mut paths: Vec<_> = entries.filter_map(Result::ok).collect();
        paths.sort_by_key(fs::DirEntry::file_name);
        for entry in paths {
            // Links, such as `build`, lead out of the folder.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < MAX_DEPTH {
                self.folder(&entry.path(), depth.saturating_add(1));
            } else if kind.is_file() {
                self.add(entry.path());
            }
        }
    }

    fn add(&mut self, path: PathBuf) {
        let name = path.file_name().and_then(|name| name.to_str());
        let stem = name.and_then(|name| name.strip_suffix(".o").or_else(|| name.strip_suffix(".ko")));
        if let Some(stem) = stem
            && self.count < MAX_FILES
        {
            self.count = self.count.saturating_add(1);
            self.by_name.entry(stem.replace('-', "_")).or_default().push(path);
        }
    }
}
