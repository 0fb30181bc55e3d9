// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an offset in a variable to the field there, by the debug information of the owner's file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use libmodfmt::dwarf::{DebugInfo, DebugSections};
use libmodfmt::persist::Variable;
use libmodfmt::{compress, module, signature};

use super::Region;

/// A module file of more bytes than this is not read.
const MOST: u64 = 1 << 30;
/// Folders are searched this deep.
const DEPTH: u32 = 12;
const SUFFIXES: [&str; 5] = [".ko", ".ko.xz", ".ko.zst", ".ko.gz", ".ko.debug"];

/// Where owners' files may be.
#[derive(Debug, Default)]
pub struct Fields {
    /// Files, and folders that are searched for them.
    places: Vec<PathBuf>,
    files: RefCell<HashMap<String, Option<Vec<u8>>>>,
}

impl Fields {
    /// With files, and folders that are searched for them.
    #[must_use]
    pub fn new(places: Vec<PathBuf>) -> Self {
        Self { places, files: RefCell::default() }
    }

    /// The field at `offset` in a variable: `stats.hits[1]`. `None` where nothing tells.
    #[must_use]
    pub fn path(&self, region: &Region, variable: &Variable, offset: u64) -> Option<String> {
        let mut files = self.files.borrow_mut();
        let file = files.entry(region.header.owner.clone()).or_insert_with(|| self.file(region));
        let parsed = module::Module::parse(file.as_deref()?).ok()?;
        let sections = DebugSections::of(&parsed.object).ok()?;
        let info = DebugInfo::read(&sections).ok()?;
        let found = info.variables().into_iter().find(|candidate| {
            candidate.name == variable.name
                && candidate.size == Some(variable.size)
                && (variable.file.is_none() || candidate.file == variable.file)
                && (variable.function.is_none() || candidate.function == variable.function)
        })?;
        // Another build may have another layout of the same name.
        if let (Some(recorded), Some(own)) = (variable.type_hash, found.type_hash)
            && recorded != own
        {
            return None;
        }
        info.field_path(&found, offset)
    }

    /// The owner's file, decompressed: of the same build, or where builds are not known, of its name.
    fn file(&self, region: &Region) -> Option<Vec<u8>> {
        let mut candidates: Vec<PathBuf> = region.file.iter().cloned().collect();
        for place in &self.places {
            if place.is_dir() {
                search(place, &region.header.owner, DEPTH, &mut candidates);
            } else {
                candidates.push(place.clone());
            }
        }
        candidates.iter().find_map(|path| read(path, region))
    }
}

fn search(folder: &Path, owner: &str, depth: u32, found: &mut Vec<PathBuf>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            search(&entry.path(), owner, depth, found);
        } else if is_named(&entry.file_name().to_string_lossy(), owner) {
            found.push(entry.path());
        }
    }
}

fn is_named(file: &str, owner: &str) -> bool {
    let stem = SUFFIXES.iter().find_map(|suffix| file.strip_suffix(suffix));
    stem.is_some_and(|stem| stem.replace('-', "_") == owner)
}

fn read(path: &Path, region: &Region) -> Option<Vec<u8>> {
    if fs::metadata(path).ok()?.len() > MOST {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let image = match compress::detect(&bytes) {
        Some(_) => compress::decompress(&bytes, MOST).ok()?,
        None => bytes,
    };
    let (image, _) = signature::split(&image).ok()?;
    let parsed = module::Module::parse(image).ok()?;
    let wanted = &region.header.build_id;
    let same = wanted.is_empty() || parsed.build_id.as_deref().is_none_or(|own| own == wanted.as_slice());
    (parsed.name == region.header.owner && same).then(|| image.to_vec())
}
