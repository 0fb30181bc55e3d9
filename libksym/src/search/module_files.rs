// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the files of modules.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::build_match::Wanted;
use super::{debug_file, usual_places};
use crate::files;
use crate::sources::{FileSearch, Sources};
use crate::symbols_and_debug::Binary;
use crate::warning_log::WarningLog;

/// Deeper folders are not searched, so that bind mounts in a loop end.
const MAX_FOLDER_DEPTH: usize = 12;

/// Where each module's files are.
#[derive(Debug, Default)]
pub(crate) struct ModuleFiles {
    /// In the folders that the user named.
    named: OnceCell<HashMap<String, Vec<PathBuf>>>,
    /// In the folders of the release.
    usual: OnceCell<HashMap<String, Vec<PathBuf>>>,
    /// Index of the first loaded module of each name; a log may name very many.
    loaded: OnceCell<HashMap<String, usize>>,
}

impl ModuleFiles {
    /// Opens the best file of a module, whose name has underscores.
    pub(crate) fn open(&self, sources: &Sources, module: &str, warnings: &WarningLog) -> Option<Binary> {
        let search = sources.discover.modules;
        if search == FileSearch::Nowhere {
            return None;
        }
        let loaded = self.loaded.get_or_init(|| {
            let names = sources.loaded.iter().enumerate().rev();
            names.map(|(index, loaded)| (loaded.name.replace('-', "_"), index)).collect()
        });
        let loaded = loaded.get(module).and_then(|&index| sources.loaded.get(index));
        let build_id = loaded.and_then(|loaded| loaded.build_id.as_ref());
        let release = sources.release.as_deref();
        let wanted = Wanted { module: Some(module), build_id, release, version: None };
        let mut paths = Vec::new();
        if let Some(by_id) = build_id.map(|id| id.debug_path()) {
            let dirs = usual_places::debug_dirs(sources, search);
            paths.extend(dirs.into_iter().map(|dir| dir.join(&by_id)));
        }
        let named = self.named.get_or_init(|| index(sources.modules.iter().cloned()));
        paths.extend(named.get(module).into_iter().flatten().cloned());
        let loaded_from = loaded.and_then(|loaded| loaded.file.as_ref());
        paths.extend(loaded_from.map(|file| files::below_root(&sources.root, file)));
        let usual = self.usual.get_or_init(|| index(usual_places::module_folders(sources).into_iter()));
        paths.extend(usual.get(module).into_iter().flatten().cloned());
        let mut without_lines = None;
        for path in paths {
            let Some(image) = wanted.open(sources, &path, false, warnings) else { continue };
            let separate =
                if image.has_dwarf() { None } else { debug_file::find(sources, search, &image, warnings) };
            let has_lines = image.has_dwarf() || separate.is_some();
            match Binary::new(Some(module.to_owned()), image, separate) {
                Ok(binary) if has_lines && !binary.table.is_empty() => return Some(binary),
                Ok(binary) => without_lines = without_lines.or(Some(binary)),
                Err(error) => warnings.unreadable(&path, &error),
            }
        }
        without_lines.filter(|binary| !binary.table.is_empty())
    }
}

/// Module files by the module's name, in the order of the folders.
fn index(paths: impl Iterator<Item = PathBuf>) -> HashMap<String, Vec<PathBuf>> {
    let mut files = HashMap::new();
    for path in paths {
        if path.is_dir() {
            walk(&path, 0, &mut files);
        } else {
            add(path, &mut files);
        }
    }
    files
}

fn walk(folder: &Path, depth: usize, files: &mut HashMap<String, Vec<PathBuf>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut all: Vec<_> = entries.filter_map(Result::ok).collect();
    all.sort_by_key(fs::DirEntry::file_name);
    for entry in all {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < MAX_FOLDER_DEPTH => {
                walk(&entry.path(), depth.saturating_add(1), files);
            }
            Ok(kind) if !kind.is_dir() => add(entry.path(), files),
            _ => {}
        }
    }
}

fn add(path: PathBuf, files: &mut HashMap<String, Vec<PathBuf>>) {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(module_name);
    if let Some(name) = name {
        files.entry(name).or_default().push(path);
    }
}

/// `foo-bar.ko.xz` is module `foo_bar`.
fn module_name(file: &str) -> Option<String> {
    let at = file.find(".ko")?;
    let (name, rest) = file.split_at_checked(at)?;
    let known = matches!(rest, ".ko" | ".ko.gz" | ".ko.xz" | ".ko.zst" | ".ko.debug");
    (known && !name.is_empty()).then(|| name.replace('-', "_"))
}
