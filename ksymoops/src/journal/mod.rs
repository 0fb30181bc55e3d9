// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which boot of the journal a report is of, and what was loaded in it.
//!
//! A report names no boot. It fits one if nothing in it contradicts (the kernel's banner, the modules, and how far the kernel was moved) and
//! something speaks for it. Where two boots fit, both are named and neither is taken: an address of the wrong boot would give a wrong answer.

mod matching;

use std::fs;
use std::path::{Path, PathBuf};

use libmodfmt::journal::{Entry, FILE_NAME, Journal, LoadedModule, Stage};

pub use matching::{BootMatch, PlaceTold, Told, find};

/// A file of more bytes is no journal.
const MOST: u64 = 256 << 20;

/// The journals at these places: files, or folders with files of the journal's names.
///
/// What cannot be read is named in `warnings`.
#[must_use]
pub fn load(paths: &[PathBuf], warnings: &mut Vec<String>) -> Journal {
    let mut all = Journal::default();
    for path in paths {
        for file in files(path) {
            match read(&file) {
                Ok(text) => {
                    let journal = Journal::read(&text);
                    if journal.skipped > 0 {
                        let count = journal.skipped;
                        warnings.push(format!("{}: {count} of its lines are no entries", file.display()));
                    }
                    all.entries.extend(journal.entries);
                }
                Err(error) => warnings.push(format!("{}: {error}", file.display())),
            }
        }
    }
    all
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if fs::metadata(file)?.len() > MOST {
        return Err(std::io::Error::other("too large for a journal"));
    }
    fs::read(file)
}

fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(FILE_NAME.0) && name.ends_with(FILE_NAME.1) && file.is_file()
    });
    files.sort();
    files
}

/// A module as it was at some time in a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleState<'j> {
    /// Its latest entry.
    pub module: &'j LoadedModule,
    /// It had not been unloaded yet.
    pub loaded: bool,
    /// Persistent data that it has at a place of its own were gone.
    pub discarded: bool,
}

/// The modules of a boot at a time since boot; without a time, at the end. Of a module that was loaded several times, the latest load until then.
#[must_use]
pub fn modules_at<'j>(journal: &'j Journal, boot: &'j str, time_us: Option<u64>) -> Vec<ModuleState<'j>> {
    let mut states: Vec<ModuleState<'j>> = Vec::new();
    for entry in journal.of_boot(boot) {
        // The clocks of log and journal differ by the time that the machine slept: what was never loaded before is taken, however late it is.
        let early =
            time_us.is_none_or(|time| entry.at().saturating_mul(10_000) <= time.saturating_add(1_000_000));
        match entry {
            Entry::Module(module) => {
                let old = states.iter_mut().find(|state| state.module.name == module.name);
                match old {
                    None => states.push(ModuleState { module, loaded: true, discarded: false }),
                    // An entry without addresses says less than an earlier one with them, while that is loaded.
                    Some(old) if early && (module.stage == Stage::Loaded || !old.loaded) => {
                        *old = ModuleState { module, loaded: true, discarded: false };
                    }
                    Some(_) => {}
                }
            }
            Entry::Unload(unload) if early => {
                if let Some(state) = states.iter_mut().find(|state| state.module.name == unload.name) {
                    state.loaded = false;
                }
            }
            Entry::Discard(discard) if early => {
                if let Some(state) = states.iter_mut().find(|state| state.module.name == discard.name) {
                    state.discarded = true;
                }
            }
            Entry::Unload(_) | Entry::Discard(_) | Entry::Boot(_) => {}
        }
    }
    states
}
