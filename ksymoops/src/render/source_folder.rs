// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--source DIR`: lines of the kernel's sources.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use libksym::files;

use crate::head::SourceLine;

/// A larger file is no source.
const MAX_FILE_BYTES: u64 = 8 << 20;
/// So many files are held.
const MAX_FILES: usize = 64;
/// A longer line is cut.
const MAX_LETTERS: usize = 120;

/// A folder with the sources.
#[derive(Debug)]
pub struct SourceFolder {
    folder: PathBuf,
    files: RefCell<HashMap<PathBuf, Option<Rc<str>>>>,
}

impl SourceFolder {
    /// The folder that the user names.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, files: RefCell::default() }
    }

    /// The file of a line, if it is in the folder: below the path that it has in the kernel's tree, or by its
    /// last parts, for a module of one's own.
    pub(super) fn path(&self, source: &SourceLine) -> Option<PathBuf> {
        let relative = source.relative.trim_start_matches('/');
        let mut rest = Path::new(relative);
        loop {
            // Nothing that debug information names leads out of the folder.
            let path = files::below_root(&self.folder, rest);
            if path.is_file() {
                return std::path::absolute(path).ok();
            }
            let mut parts = rest.components();
            parts.next()?;
            rest = parts.as_path();
            if rest.as_os_str().is_empty() {
                return None;
            }
        }
    }

    /// The line, and so many before and behind it, with their numbers.
    pub(super) fn around(&self, source: &SourceLine, around: u32) -> Vec<(u32, String)> {
        let Some(text) = self.path(source).and_then(|path| self.text(path)) else { return Vec::new() };
        let first = source.line.saturating_sub(around).max(1);
        let last = source.line.saturating_add(around);
        if source.line == 0 {
            return Vec::new();
        }
        let numbered = (1_u32..).zip(text.lines());
        let wanted =
            numbered.skip_while(|(number, _)| *number < first).take_while(|(number, _)| *number <= last);
        wanted.map(|(number, line)| (number, line.chars().take(MAX_LETTERS).collect())).collect()
    }

    fn text(&self, path: PathBuf) -> Option<Rc<str>> {
        let mut files = self.files.borrow_mut();
        if let Some(known) = files.get(&path) {
            return known.clone();
        }
        if files.len() >= MAX_FILES {
            files.clear();
        }
        let text = read(&path);
        files.insert(path, text.clone());
        text
    }
}

fn read(path: &Path) -> Option<Rc<str>> {
    let mut bytes = Vec::new();
    files::open_regular(path).ok()?.take(MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mm")).unwrap();
        std::fs::write(folder.path().join("mm/slub.c"), "one\ntwo\nthree\nfour\n").unwrap();
        let sources = SourceFolder::new(folder.path().to_owned());
        let line = |relative: &str, line| SourceLine {
            shown: String::new(),
            path: String::new(),
            relative: relative.into(),
            line,
        };
        let texts = |relative, number| -> Vec<_> {
            sources.around(&line(relative, number), 1).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(texts("mm/slub.c", 2), ["one", "two", "three"]);
        assert_eq!(texts("mm/slub.c", 1), ["one", "two"]);
        assert_eq!(texts("/b/linux/mm/slub.c", 4), ["three", "four"]);
        assert_eq!(texts("mm/slub.c", 0), [""; 0]);
        assert_eq!(texts("../../../../../../etc/passwd", 1), [""; 0]);
    }
}
