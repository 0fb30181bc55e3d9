// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gives an input to libksym, which opens files, as a file.

use std::fs;
use std::path::{Path, PathBuf};

use libksym::{Discover, FileSearch, KaslrHint, Resolver, Sources};
use tempfile::TempDir;

/// The name of a module that is an input.
pub(crate) const MODULE: &str = "fuzzed";

/// The input is the file of the module [`MODULE`].
pub(crate) fn with_module(data: &[u8], check: impl FnOnce(&Resolver)) {
    with_file(data, "fuzzed.ko", |sources, path| sources.modules = vec![path], check);
}

/// The input is the kernel's file.
pub(crate) fn with_kernel(data: &[u8], check: impl FnOnce(&Resolver)) {
    let name = |sources: &mut Sources, path| {
        sources.vmlinux = Some(path);
        sources.kaslr = KaslrHint::known(0);
    };
    with_file(data, "vmlinux", name, check);
}

/// The input is some other file.
pub(crate) fn with_text(
    data: &[u8],
    name: impl FnOnce(&mut Sources, PathBuf),
    check: impl FnOnce(&Resolver),
) {
    with_file(data, "text", name, check);
}

fn with_file(
    data: &[u8],
    file_name: &str,
    name: impl FnOnce(&mut Sources, PathBuf),
    check: impl FnOnce(&Resolver),
) {
    let folder = folder();
    let path = folder.path().join(file_name);
    fs::write(&path, data).expect("there is room for a file");
    let mut sources = Sources::new(FileSearch::Named);
    sources.discover = Discover::all(FileSearch::Named);
    name(&mut sources, path);
    check(&Resolver::new(sources));
}

/// In memory if possible.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a temporary folder can be made")
}
