// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of modules.

use super::check::Wanted;
use super::kernel::is_name;
use super::{Warnings, below, debug, debug_dirs};
use crate::binary::Binary;
use crate::{Places, Sources};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Deepest folder that is searched, so that a link in a circle ends.
const DEPTH: usize = 12;

/// Where each module's files are.
#[derive(Debug, Default)]
pub(crate) struct ModuleFiles {
    /// In the folders that the user named.
    named: OnceCell<HashMap<String, Vec<PathBuf>>>,
    /// In the folders of the release.
    usual: OnceCell<HashMap<String, Vec<PathBuf>>>,
    /// The first of each name among the loaded ones, by its index: a log may name very many.
    loaded: OnceCell<HashMap<String, usize>>,
}

impl ModuleFiles {
    /// What there is of a module; its name has underscores.
    pub(crate) fn open(&self, sources: &Sources, module: &str, warnings: &Warnings) -> Option<Binary> {
        let places = sources.discover.modules;
        if places == Places::Nowhere {
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
        let by_id = build_id.map(|id| id.debug_path());
        paths.extend(
            by_id
                .iter()
                .flat_map(|path| debug_dirs(sources, places).into_iter().map(move |dir| dir.join(path))),
        );
        let named = self.named.get_or_init(|| index(sources.modules.iter().cloned()));
        paths.extend(named.get(module).into_iter().flatten().cloned());
        paths.extend(loaded.and_then(|loaded| loaded.file.clone()));
        let usual = self.usual.get_or_init(|| index(usual_folders(sources).into_iter()));
        paths.extend(usual.get(module).into_iter().flatten().cloned());
        let mut plain = None;
        for path in paths {
            let Some(image) = wanted.open(&path, false, warnings) else { continue };
            let separate =
                if image.has_dwarf() { None } else { debug::find(sources, places, &image, warnings) };
            let has_lines = image.has_dwarf() || separate.is_some();
            match Binary::new(Some(module.to_owned()), image, separate) {
                Ok(binary) if has_lines && !binary.table.is_empty() => return Some(binary),
                Ok(binary) => plain = plain.or(Some(binary)),
                Err(error) => warnings.unreadable(&path, &error),
            }
        }
        plain.filter(|binary| !binary.table.is_empty())
    }
}

fn usual_folders(sources: &Sources) -> Vec<PathBuf> {
    let Some(release) = sources.release.as_deref().filter(|release| is_name(release)) else {
        return Vec::new();
    };
    let mut folders = Vec::new();
    for dir in debug_dirs(sources, sources.discover.modules) {
        folders.push(dir.join("lib/modules").join(release));
        folders.push(dir.join("usr/lib/modules").join(release));
    }
    if sources.discover.modules == Places::Usual {
        let modules = below(sources, "/lib/modules").join(release);
        let merged = below(sources, "/usr/lib/modules").join(release);
        folders.push(if modules.exists() { modules } else { merged });
    }
    folders
}

/// Module files by the module's name, in the order of the folders.
fn index(places: impl Iterator<Item = PathBuf>) -> HashMap<String, Vec<PathBuf>> {
    let mut files = HashMap::new();
    for place in places {
        if place.is_dir() {
            walk(&place, 0, &mut files);
        } else {
            add(place, &mut files);
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
            Ok(kind) if kind.is_dir() && depth < DEPTH => walk(&entry.path(), depth.saturating_add(1), files),
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
