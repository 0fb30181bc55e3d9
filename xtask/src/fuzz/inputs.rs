// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where inputs are: the corpus in the checkout, seeds that are made, and what a fuzzer adds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::programs;
use super::target::Target;
use crate::{cache, process, ui, workspace};

/// Larger modules are no seeds, in bytes.
const MAX_MODULE_BYTES: u64 = 512 << 10;
/// So many of the distribution's modules, the smallest ones.
const DISTRIBUTION_MODULES: usize = 60;

/// The committed corpus of a target.
pub fn corpus(target: &Target) -> PathBuf {
    workspace::root().join("fuzz/corpus").join(target.name)
}

/// What fuzzers added on this machine.
pub fn work(target: &Target) -> Result<PathBuf> {
    made(workspace::target().join("fuzz-work").join(target.name))
}

/// Inputs that failed.
pub fn failures(target: &Target) -> Result<PathBuf> {
    made(workspace::target().join("fuzz-failures").join(target.name))
}

fn made(folder: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// The folder of the seeds, made anew. `more` are files, or folders of files, to make seeds of as well.
pub fn seeds(more: &[PathBuf]) -> Result<PathBuf> {
    let folder = workspace::target().join("fuzz-seeds");
    // It may be that there is none yet.
    let _ = fs::remove_dir_all(&folder);
    let mut command = Command::new(programs::plain("seeds")?);
    command.arg(made(folder.clone())?).args(modules(more)?);
    command.args(files(&workspace::root().join("tests/fixtures/logs")));
    ui::step("making seeds", || process::quiet(&mut command))?;
    Ok(folder)
}

/// Modules that are at hand: the fixtures that were built, the smallest ones of the distribution's kernels in
/// the cache; and what `more` names.
pub fn modules(more: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut fixtures = files(&workspace::target().join("fixtures"));
    // What kbuild left in other folders is the same modules.
    fixtures.retain(|path| path.parent().is_some_and(|folder| folder.ends_with("out")));
    if fixtures.is_empty() {
        ui::line("no fixture modules here, which make good seeds: cargo xtask fixtures");
    }
    let mut distribution = files(&cache::root()?.join("kernels"));
    distribution.retain(|path| path.to_string_lossy().contains(".ko"));
    distribution.sort_by_key(|path| size(path));
    distribution.truncate(DISTRIBUTION_MODULES);
    let mut all = [fixtures, distribution].concat();
    all.retain(|path| size(path) <= MAX_MODULE_BYTES);
    all.extend(more.iter().flat_map(|path| files(path)));
    Ok(all)
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |data| data.len())
}

/// The regular files below a folder, sorted; a file itself.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![path.to_owned()];
    while let Some(path) = pending.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => {
                pending.extend(entries.flatten().map(|entry| entry.path()).filter(|path| !path.is_symlink()))
            }
            Err(_) if path.is_file() => found.push(path),
            Err(_) => {}
        }
    }
    found.sort();
    found
}
