// SPDX-License-Identifier: MIT OR Apache-2.0
//! The debug files of a kernel.

use std::fs;
use std::path::{Path, PathBuf};

/// A vmlinux and some modules of the same build.
pub struct DebugFiles {
    pub vmlinux: PathBuf,
    pub modules: Vec<PathBuf>,
}

/// Finds the files below `$KSYMOOPS_DEBUG`.
pub fn find() -> DebugFiles {
    let root =
        std::env::var_os("KSYMOOPS_DEBUG").expect("KSYMOOPS_DEBUG names no folder: cargo xtask accuracy");
    let root = Path::new(&root);
    let vmlinux = first(&root.join("boot"), &|name| name.starts_with("vmlinux-"));
    let mut modules = Vec::new();
    collect(&root.join("lib/modules"), &mut modules);
    // The first one of each folder, for variety.
    modules.sort();
    modules.dedup_by_key(|path| path.parent().map(Path::to_owned));
    assert!(!modules.is_empty(), "no modules in {}", root.display());
    DebugFiles { vmlinux: vmlinux.expect("no vmlinux"), modules }
}

fn first(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_str().is_some_and(wanted)))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "ko" || extension == "debug") {
            files.push(path);
        }
    }
}
