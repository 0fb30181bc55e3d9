// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the journal's files.

use std::fs;
use std::path::{Path, PathBuf};

use libmodfmt::journal::{FILE_NAME, Journal};
use libmodsys::files;

use crate::Warning;

/// A larger file is not read: no journal gets there.
const MAX_JOURNAL_BYTES: u64 = 256 << 20;

/// Reads the journals at these paths, each a file or a folder of files with the journal's names. Files that
/// cannot be read, and lines that are not entries, are reported in `warnings`.
pub(crate) fn load(paths: &[PathBuf], warnings: &mut Vec<Warning>) -> Journal {
    let mut all = Journal::default();
    for file in paths.iter().flat_map(|path| files_of(path)) {
        match files::read_regular(&file, MAX_JOURNAL_BYTES) {
            Ok(text) => {
                let journal = Journal::read(&text);
                all.entries.extend(journal.entries);
                if journal.skipped > 0 {
                    warnings.push(Warning::JournalLines { file, count: journal.skipped });
                }
            }
            Err(error) => warnings.push(Warning::Unreadable { file, error: error.to_string() }),
        }
    }
    all
}

fn files_of(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    // insmod makes no links, and one may lead out of the folder of another machine.
    let is_file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    let mut files: Vec<_> = entries.flatten().filter(is_file).map(|entry| entry.path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(FILE_NAME.0) && name.ends_with(FILE_NAME.1)
    });
    files.sort();
    files
}
