// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file of an owner: the one that it was loaded from, one that is named, or what the resolver found.

use std::fs;
use std::path::{Path, PathBuf};

use libmodfmt::elf::Object;
use libmodfmt::{compress, module, signature};

use super::Region;
use libksym::{BuildId, Resolver};

/// A module file of more bytes than this is not read.
const MOST: u64 = 1 << 30;
/// Folders are searched this deep.
const DEPTH: u32 = 12;
const SUFFIXES: [&str; 6] = [".ko", ".ko.xz", ".ko.zst", ".ko.gz", ".ko.debug", ".debug"];

/// Reads it, decompressed: of the same build, or where builds are not known, of its name. One that tells types is preferred.
pub(super) fn find(region: &Region, places: &[PathBuf], resolver: &Resolver) -> Option<Vec<u8>> {
    let mut candidates: Vec<PathBuf> = region.file.iter().cloned().collect();
    let by_id = Some(&region.header.build_id).filter(|id| !id.is_empty());
    let by_id = by_id.map(|id| BuildId::new(id).debug_path());
    for place in places {
        if place.is_dir() {
            candidates.extend(by_id.iter().map(|path| place.join(path)));
            search(place, &region.header.owner, DEPTH, &mut candidates);
        } else {
            candidates.push(place.clone());
        }
    }
    candidates.extend(resolver.module_files(&region.header.owner));
    let mut with_btf = None;
    for path in candidates {
        match read(&path, region) {
            Some((file, Tells::Dwarf)) => return Some(file),
            Some((file, Tells::Btf)) => with_btf = with_btf.or(Some(file)),
            Some((_, Tells::Nothing)) | None => {}
        }
    }
    with_btf
}

/// What a file says of types.
enum Tells {
    Nothing,
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

fn read(path: &Path, region: &Region) -> Option<(Vec<u8>, Tells)> {
    if fs::metadata(path).ok()?.len() > MOST {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let bytes = match compress::detect(&bytes) {
        Some(_) => compress::decompress(&bytes, MOST).ok()?,
        None => bytes,
    };
    let (image, _) = signature::split(&bytes).ok()?;
    let object = Object::parse(image).ok()?;
    let wanted = region.header.build_id.as_slice();
    let same = match module::build_id(&object) {
        // A debug file has no name in it, but has the build id.
        Some(own) if !wanted.is_empty() => own == wanted,
        _ => module::Module::parse(image).is_ok_and(|parsed| parsed.name == region.header.owner),
    };
    let has = |name| object.section(name).is_some_and(|(_, section)| !section.data.is_empty());
    let tells = match (has(".debug_info"), has(".BTF")) {
        (true, _) => Tells::Dwarf,
        (false, true) => Tells::Btf,
        (false, false) => Tells::Nothing,
    };
    same.then(|| (image.to_vec(), tells))
}
