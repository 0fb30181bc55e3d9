// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's file, and its `System.map`.

use super::check::Wanted;
use super::{Warnings, below, debug, debug_dirs};
use crate::binary::Binary;
use crate::symbols::TextTables;
use crate::{Places, Sources};
use std::path::PathBuf;

/// The kernel's file: the one that is named, or the first that fits in the usual places, one with
/// debug information before one without.
pub(crate) fn kernel(sources: &Sources, warnings: &Warnings) -> Option<Binary> {
    if sources.discover.kernel == Places::Nowhere {
        return None;
    }
    let wanted = Wanted {
        module: None,
        build_id: sources.build_id.as_ref(),
        release: sources.release.as_deref(),
        version: sources.version.as_deref(),
    };
    let named = sources.vmlinux.iter().cloned().map(|path| (path, true));
    // A file that was named and does not fit is not replaced by another one.
    let usual = if sources.vmlinux.is_none() { usual_places(sources) } else { Vec::new() };
    let mut plain = None;
    for (path, named) in named.chain(usual.into_iter().map(|path| (path, false))) {
        let Some(image) = wanted.open(&path, named, warnings) else { continue };
        let separate = if image.has_dwarf() {
            None
        } else {
            debug::find(sources, sources.discover.kernel, &image, warnings)
        };
        let has_lines = image.has_dwarf() || separate.is_some();
        match Binary::new(None, image, separate) {
            Ok(binary) if binary.table.is_empty() => {}
            Ok(binary) if has_lines => return Some(binary),
            Ok(binary) => plain = plain.or(Some(binary)),
            Err(error) => warnings.unreadable(&path, &error),
        }
    }
    plain
}

fn usual_places(sources: &Sources) -> Vec<PathBuf> {
    let dirs = debug_dirs(sources, sources.discover.kernel);
    let mut paths = Vec::new();
    if let Some(id) = &sources.build_id {
        paths.extend(dirs.iter().map(|dir| dir.join(id.debug_path())));
    }
    let Some(release) = sources.release.as_deref().filter(|release| is_name(release)) else { return paths };
    for dir in &dirs {
        paths.push(dir.join(format!("boot/vmlinux-{release}")));
        paths.push(dir.join(format!("boot/vmlinux-{release}.debug")));
        paths.push(dir.join(format!("lib/modules/{release}/vmlinux")));
        paths.push(dir.join(format!("usr/lib/modules/{release}/vmlinux")));
        paths.push(dir.join(format!("lib/modules/{release}/vmlinux.debug")));
        paths.push(dir.join(format!("vmlinux-{release}")));
    }
    if sources.discover.kernel == Places::Usual {
        let usual = [
            format!("boot/vmlinux-{release}"),
            format!("lib/modules/{release}/vmlinux"),
            format!("lib/modules/{release}/build/vmlinux"),
            format!("usr/lib/modules/{release}/vmlinux"),
            format!("usr/src/linux-{release}/vmlinux"),
        ];
        paths.extend(usual.iter().map(|path| below(sources, path)));
    }
    paths
}

/// The table that is named, or that of the release.
pub(crate) fn system_map(sources: &Sources, warnings: &Warnings) -> Option<(PathBuf, TextTables)> {
    let places = sources.discover.system_map;
    if places == Places::Nowhere {
        return None;
    }
    let mut paths: Vec<_> = sources.system_map.iter().cloned().collect();
    if let Some(release) = sources.release.as_deref().filter(|release| is_name(release))
        && places == Places::Usual
        && paths.is_empty()
    {
        let usual = [format!("boot/System.map-{release}"), format!("lib/modules/{release}/System.map")];
        paths.extend(usual.iter().map(|path| below(sources, path)).filter(|path| path.exists()));
    }
    paths.into_iter().find_map(|path| match TextTables::read(&path) {
        // Debian ships one line that says where the table really is.
        Ok(tables) if tables.kernel.is_empty() => None,
        Ok(tables) => Some((path, tables)),
        Err(error) => {
            warnings.unreadable(&path, &error);
            None
        }
    })
}

/// A release comes from an untrusted log: it must not lead elsewhere.
pub(super) fn is_name(release: &str) -> bool {
    !release.is_empty() && !release.starts_with('.') && !release.contains(['/', '\0'])
}
