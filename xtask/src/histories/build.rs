// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds a version of a module, with its variables marked.
//!
//! What was built, or that it could not be, is remembered in cargo's output directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::git::{Commit, Repository};
use super::table::{self, Entry};
use super::{mark, text};
use crate::kernel::Kernel;
use crate::{process, workspace};

/// A version that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// What to call it.
    pub name: String,
    /// The module.
    pub file: PathBuf,
    /// The types that the version's own sources define.
    pub own_types: BTreeSet<String>,
}

/// Builds it; `None` if it does not build with these headers.
pub fn build(
    kernel: &Kernel,
    entry: &Entry,
    repository: &Repository,
    commit: &Commit,
) -> Result<Option<Built>> {
    let base = workspace::target().join("histories").join(kernel.directory_name()).join(&entry.name);
    fs::create_dir_all(&base).with_context(|| format!("cannot create {}", base.display()))?;
    let files = repository.files(commit, &entry.directory)?;
    let own_types = text::own_types(&sources(&files));
    let name = commit.name();
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|(path, bytes)| (path.clone(), prepared(entry, path, bytes))).collect();
    let stamp = format!("{name}-{:016x}", fingerprint(kernel, entry, &files)?);
    let (file, failed) = (base.join(format!("{stamp}.ko")), base.join(format!("{stamp}.failed")));
    if failed.exists() {
        return Ok(None);
    }
    if !file.exists() {
        let stage = base.join("stage");
        if let Err(error) = build_in(kernel, entry, &files, &stage) {
            fs::write(&failed, format!("{error:#}\n"))?;
            return Ok(None);
        }
        fs::copy(stage.join(format!("{}.ko", entry.module)), &file)
            .with_context(|| format!("{} was not built", entry.module))?;
    }
    Ok(Some(Built { name, file, own_types }))
}

/// The C files among all files.
pub fn sources(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<text::Source<'_>> {
    files
        .iter()
        .filter(|(path, _)| path.extension().is_some_and(|suffix| suffix == "c" || suffix == "h"))
        .filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok())
        .map(text::Source::read)
        .collect()
}

fn build_in(kernel: &Kernel, entry: &Entry, files: &BTreeMap<PathBuf, Vec<u8>>, stage: &Path) -> Result<()> {
    if stage.exists() {
        fs::remove_dir_all(stage)?;
    }
    for (path, bytes) in files {
        let target = stage.join(path);
        fs::create_dir_all(target.parent().unwrap_or(stage))?;
        fs::write(&target, bytes)?;
    }
    if let Some(source) = &entry.alone {
        let object = source.trim_end_matches(".c");
        let mut lines = format!("obj-m := {}.o\n", entry.module);
        if object != entry.module {
            lines.push_str(&format!("{}-y := {object}.o\n", entry.module));
        }
        fs::write(stage.join("Kbuild"), lines)?;
    }
    let root = workspace::root();
    let flags = format!("-g -I{0}/kernel -I{0}/{1} -Wno-error", root.display(), table::DIRECTORY);
    let mut make = kernel.make(stage);
    make.arg(format!("KCFLAGS={flags}")).args(&entry.make).arg("modules");
    process::quiet(&mut make)
}

/// A file as it is built.
fn prepared(entry: &Entry, path: &Path, bytes: &[u8]) -> Vec<u8> {
    let is_source = path.extension().is_some_and(|suffix| suffix == "c");
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| is_source) else { return bytes.to_owned() };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut text = text.to_owned();
    if let Some(variables) = entry.variables.get(&*name) {
        let holds = entry.holds.get(&*name).map(Vec::as_slice).unwrap_or_default();
        text = mark::mark(&text, variables, holds);
    }
    mark::make_idle(&text).into_bytes()
}

/// Of everything that the build depends on.
fn fingerprint(kernel: &Kernel, entry: &Entry, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    let root = workspace::root();
    for file in [root.join("kernel/persistent.h"), root.join(table::DIRECTORY).join("history.h")] {
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
    }
    (&kernel.build, &kernel.compiler).hash(&mut hasher);
    (files, &entry.alone, &entry.make).hash(&mut hasher);
    Ok(hasher.finish())
}
