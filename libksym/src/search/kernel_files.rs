// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the kernel's file and its `System.map`.

use std::path::PathBuf;

use super::build_match::Wanted;
use super::{debug_file, usual_places};
use crate::files;
use crate::sources::{FileSearch, Sources};
use crate::symbols::TextTables;
use crate::symbols_and_debug::Binary;
use crate::warning::Warning;
use crate::warning_log::WarningLog;

/// The kernel's file: the named one, or the first in the usual places that matches; one with debug
/// information before one without.
pub(crate) fn kernel(sources: &Sources, warnings: &WarningLog) -> Option<Binary> {
    if sources.discover.kernel == FileSearch::Nowhere {
        return None;
    }
    let wanted = Wanted {
        module: None,
        build_id: sources.build_id.as_ref(),
        release: sources.release.as_deref(),
        version: sources.version.as_deref(),
    };
    let named = sources.vmlinux.iter().cloned().map(|path| (path, true));
    // A named file that does not match is not replaced by another one.
    let usual = if sources.vmlinux.is_none() { usual_places::vmlinux(sources) } else { Vec::new() };
    let mut without_lines = None;
    for (path, named) in named.chain(usual.into_iter().map(|path| (path, false))) {
        let Some(image) = wanted.open(sources, &path, named, warnings) else { continue };
        let separate = if image.has_dwarf() {
            None
        } else {
            debug_file::find(sources, sources.discover.kernel, &image, warnings)
        };
        let has_lines = image.has_dwarf() || separate.is_some();
        match Binary::new(None, image, separate) {
            Ok(binary) if binary.table.is_empty() => {
                if named {
                    let error = "no symbols".to_owned();
                    warnings.push(Warning::Unreadable { file: path, error });
                }
            }
            Ok(binary) if has_lines => return Some(binary),
            Ok(binary) => without_lines = without_lines.or(Some(binary)),
            Err(error) => warnings.unreadable(&path, &error),
        }
    }
    without_lines
}

/// The named `System.map`, or that of the release.
pub(crate) fn system_map(sources: &Sources, warnings: &WarningLog) -> Option<(PathBuf, TextTables)> {
    if sources.discover.system_map == FileSearch::Nowhere {
        return None;
    }
    let paths = match &sources.system_map {
        Some(path) => vec![path.clone()],
        None => usual_places::system_map(sources),
    };
    let paths = paths.into_iter().map(|path| files::kept_below_root(&sources.root, &path));
    paths.into_iter().find_map(|path| match TextTables::read(&path) {
        // Debian ships a one-line file that says where the real one is.
        Ok(tables) if tables.kernel.is_empty() => None,
        Ok(tables) => Some((path, tables)),
        Err(error) => {
            warnings.unreadable(&path, &error);
            None
        }
    })
}
