// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file of an owner: the one that it was loaded from, one that the user names, or one that the resolver
//! finds.

use std::fs;
use std::path::{Path, PathBuf};

use libksym::{BuildId, Resolver};
use libmodfmt::elf::Object;
use libmodfmt::file::ModuleFile;
use libmodfmt::module;
use libmodsys::files;

use super::KnownRegion;

/// A larger module file is not read, nor decompressed to more than this.
const MAX_MODULE_BYTES: u64 = 512 << 20;
/// Folders are searched this deep.
const MAX_DEPTH: u32 = 12;
const SUFFIXES: [&str; 6] = [".ko", ".ko.xz", ".ko.zst", ".ko.gz", ".ko.debug", ".debug"];

/// Finds and reads the owner's file. It has the region's build id; if a build id is missing,
/// the module's name must do. A file with DWARF is preferred to one with BTF; one with neither is of no use.
pub(super) fn find(region: &KnownRegion, paths: &[PathBuf], resolver: &Resolver) -> Option<ModuleFile> {
    let loaded_from = region.file.iter();
    let mut candidates: Vec<PathBuf> = loaded_from.map(|file| resolver.below_root(file)).collect();
    let build_id = Some(&region.header.build_id).filter(|id| !id.is_empty());
    let by_build_id = build_id.map(|id| BuildId::new(id).debug_path());
    for path in paths {
        if path.is_dir() {
            candidates.extend(by_build_id.iter().map(|debug| path.join(debug)));
            search(path, &region.header.owner, MAX_DEPTH, &mut candidates);
        } else {
            candidates.push(path.clone());
        }
    }
    candidates.extend(resolver.module_files(&region.header.owner));
    let mut with_btf = None;
    for path in candidates {
        match read(&path, region) {
            Some((file, TypeInfo::Dwarf)) => return Some(file),
            Some((file, TypeInfo::Btf)) => with_btf = with_btf.or(Some(file)),
            Some((_, TypeInfo::None)) | None => {}
        }
    }
    with_btf
}

/// Which type information a file has.
enum TypeInfo {
    None,
    Btf,
    Dwarf,
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

fn read(path: &Path, region: &KnownRegion) -> Option<(ModuleFile, TypeInfo)> {
    let file = ModuleFile::new(files::read_regular(path, MAX_MODULE_BYTES).ok()?, MAX_MODULE_BYTES);
    let object = Object::parse(file.unsigned_image().ok()?).ok()?;
    let wanted = region.header.build_id.as_slice();
    let is_same = match module::build_id(&object) {
        // A separate debug file has the build id, but not the module's name.
        Some(own) if !wanted.is_empty() => own == wanted,
        _ => file.module().is_ok_and(|module| module.name == region.header.owner),
    };
    let has = |name| object.section(name).is_some_and(|(_, section)| !section.data.is_empty());
    let types = match (has(".debug_info"), has(".BTF")) {
        (true, _) => TypeInfo::Dwarf,
        (false, true) => TypeInfo::Btf,
        (false, false) => TypeInfo::None,
    };
    is_same.then_some((file, types))
}
