// SPDX-License-Identifier: MIT OR Apache-2.0
//! The debug files of a kernel, if this machine has some.

use std::fs;
use std::path::{Path, PathBuf};

/// A kernel's file, and some modules of the same build.
pub struct DebugFiles {
    pub vmlinux: PathBuf,
    pub modules: Vec<PathBuf>,
}

/// Says aloud what is missing.
pub fn find() -> Option<DebugFiles> {
    let found = roots().into_iter().find_map(|root| {
        let vmlinux = first(&root.join("boot"), &|name| name.starts_with("vmlinux-"))?;
        let mut modules = Vec::new();
        collect(&root.join("lib/modules"), &mut modules);
        // Each folder's first: of every kind some.
        modules.sort();
        modules.dedup_by_key(|path| path.parent().map(Path::to_owned));
        Some(DebugFiles { vmlinux, modules })
    });
    if found.is_none() {
        eprintln!("SKIPPED: no kernel with debug information in $KSYMOOPS_DEBUG or the cache of cargo xtask");
    }
    found
}

fn roots() -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let mut roots: Vec<_> = variable("KSYMOOPS_DEBUG").into_iter().collect();
    let cache = variable("MODPERSIST_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("modpersist")))
        .or_else(|| Some(variable("HOME")?.join(".cache/modpersist")));
    let kernels = cache.and_then(|cache| fs::read_dir(cache.join("debug")).ok());
    let kernels = kernels.into_iter().flatten().filter_map(Result::ok);
    roots.extend(kernels.map(|entry| entry.path().join("usr/lib/debug")));
    roots
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
