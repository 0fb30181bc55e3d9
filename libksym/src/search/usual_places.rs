// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where distributions keep kernels, modules and their debug files.

use std::path::{Path, PathBuf};

use crate::files;
use crate::sources::{FileSearch, Sources};

/// A path below the root that the usual places are in.
pub(super) fn below_root(sources: &Sources, path: &str) -> PathBuf {
    files::below_root(&sources.root, Path::new(path))
}

/// The folders laid out like `/usr/lib/debug`, and that one if the usual places are searched.
pub(super) fn debug_dirs(sources: &Sources, search: FileSearch) -> Vec<PathBuf> {
    let usual = (search == FileSearch::Usual).then(|| below_root(sources, "/usr/lib/debug"));
    sources.debug_dirs.iter().cloned().chain(usual).collect()
}

/// The release as a file name. It comes from an untrusted log and must not lead to other folders.
pub(super) fn release(sources: &Sources) -> Option<&str> {
    sources.release.as_deref().filter(|release| is_file_name(release))
}

fn is_file_name(release: &str) -> bool {
    !release.is_empty() && !release.starts_with('.') && !release.contains(['/', '\0'])
}

/// Where vmlinux may be, the most likely place first.
pub(super) fn vmlinux(sources: &Sources) -> Vec<PathBuf> {
    let search = sources.discover.kernel;
    let dirs = debug_dirs(sources, search);
    let mut paths = Vec::new();
    if let Some(id) = &sources.build_id {
        paths.extend(dirs.iter().map(|dir| dir.join(id.debug_path())));
    }
    let Some(release) = release(sources) else { return paths };
    for dir in &dirs {
        paths.push(dir.join(format!("boot/vmlinux-{release}")));
        paths.push(dir.join(format!("boot/vmlinux-{release}.debug")));
        paths.push(dir.join(format!("lib/modules/{release}/vmlinux")));
        paths.push(dir.join(format!("usr/lib/modules/{release}/vmlinux")));
        paths.push(dir.join(format!("lib/modules/{release}/vmlinux.debug")));
        paths.push(dir.join(format!("vmlinux-{release}")));
    }
    if search == FileSearch::Usual {
        let usual = [
            format!("boot/vmlinux-{release}"),
            format!("lib/modules/{release}/vmlinux"),
            format!("lib/modules/{release}/build/vmlinux"),
            format!("usr/lib/modules/{release}/vmlinux"),
            format!("usr/src/linux-{release}/vmlinux"),
        ];
        paths.extend(usual.iter().map(|path| below_root(sources, path)));
    }
    paths
}

/// Where `System.map` may be.
pub(super) fn system_map(sources: &Sources) -> Vec<PathBuf> {
    let Some(release) = release(sources).filter(|_| sources.discover.system_map == FileSearch::Usual) else {
        return Vec::new();
    };
    let usual = [format!("boot/System.map-{release}"), format!("lib/modules/{release}/System.map")];
    usual.iter().map(|path| below_root(sources, path)).filter(|path| path.exists()).collect()
}

/// The folders that modules of the release may be in.
pub(super) fn module_folders(sources: &Sources) -> Vec<PathBuf> {
    let search = sources.discover.modules;
    let Some(release) = release(sources) else { return Vec::new() };
    let mut folders = Vec::new();
    for dir in debug_dirs(sources, search) {
        folders.push(dir.join("lib/modules").join(release));
        folders.push(dir.join("usr/lib/modules").join(release));
    }
    if search == FileSearch::Usual {
        let modules = below_root(sources, &format!("/lib/modules/{release}"));
        let merged = below_root(sources, &format!("/usr/lib/modules/{release}"));
        folders.push(if modules.exists() { modules } else { merged });
    }
    folders
}
