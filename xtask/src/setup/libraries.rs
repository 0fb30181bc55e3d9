// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shared libraries that a program of another processor needs, whose loader cannot be run here: by its
//! `PT_INTERP` and `DT_NEEDED`, and those of the libraries.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, ElfFile, FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

/// The loader first, then the libraries, each with its path in the guest.
pub fn needed(root: &Path, program: &Path) -> Result<Vec<(String, PathBuf)>> {
    let (loader, mut names) = read(program)?;
    let loader = loader.with_context(|| format!("{} names no loader", program.display()))?;
    let loader = loader.trim_start_matches('/').to_owned();
    // Where it is named may be a link that the package does not have.
    let (_, name) = loader.rsplit_once('/').unwrap_or_default();
    let named = ["", "usr"].map(|place| root.join(place).join(&loader));
    let beside_libraries = places(root)?.into_iter().map(|place| place.join(name));
    let file = named.into_iter().chain(beside_libraries).find(|path| path.is_file());
    let mut found = vec![(loader.clone(), file.with_context(|| format!("no package has {loader}"))?)];
    let mut libraries = BTreeMap::new();
    while let Some(name) = names.pop() {
        if libraries.contains_key(&name) || loader.ends_with(&name) {
            continue;
        }
        let file = places(root)?.into_iter().map(|place| place.join(&name)).find(|path| path.is_file());
        let file = file.with_context(|| format!("no package has {name}"))?;
        names.extend(read(&file)?.1);
        libraries.insert(name, file);
    }
    for (name, file) in libraries {
        let place = file.parent().and_then(Path::file_name).unwrap_or_default();
        found.push((format!("lib/{}/{name}", place.to_string_lossy()), file));
    }
    Ok(found)
}

/// The directories of libraries: `usr/lib/aarch64-linux-gnu`.
fn places(root: &Path) -> Result<Vec<PathBuf>> {
    let mut places = Vec::new();
    for below in ["lib", "usr/lib"] {
        for entry in fs::read_dir(root.join(below)).into_iter().flatten() {
            places.push(entry?.path());
        }
    }
    Ok(places)
}

/// What a file has as its loader, and as the names of libraries.
fn read(path: &Path) -> Result<(Option<String>, Vec<String>)> {
    let data = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = match FileKind::parse(&*data)? {
        FileKind::Elf32 => read_class::<FileHeader32<Endianness>>(&data),
        _ => read_class::<FileHeader64<Endianness>>(&data),
    };
    read.with_context(|| path.display().to_string())
}

fn read_class<H: FileHeader<Endian = Endianness>>(data: &[u8]) -> Result<(Option<String>, Vec<String>)> {
    let file = ElfFile::<H>::parse(data)?;
    let (endian, mut loader, mut names) = (file.endian(), None, Vec::new());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for segment in file.elf_program_headers() {
        if let Some(bytes) = segment.interpreter(endian, data)? {
            loader = Some(text(bytes));
        }
    }
    if let Some((entries, strings)) = file.elf_section_table().dynamic(endian, data)? {
        let strings = file.elf_section_table().strings(endian, data, strings)?;
        for entry in entries.iter().filter(|entry| entry.tag(endian) == elf::DT_NEEDED) {
            names.push(text(entry.string(endian, strings)?));
        }
    }
    Ok((loader, names))
}
