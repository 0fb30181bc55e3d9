// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the separate debug file of a file without debug information.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::usual_places::debug_dirs;
use crate::files;
use crate::image::{Image, ImageError};
use crate::sources::{FileSearch, Sources};
use crate::warning::Warning;
use crate::warning_log::WarningLog;

/// Looks by build id (`.build-id/ab/cdef.debug`), then by `.gnu_debuglink`, as gdb does.
pub(super) fn find(
    sources: &Sources,
    search: FileSearch,
    image: &Image,
    warnings: &WarningLog,
) -> Option<Rc<Image>> {
    let found = candidates(sources, search, image);
    let paths = found.inspect_err(|error| warnings.unreadable(image.path(), error)).ok()?;
    for path in paths {
        let path = files::kept_below_root(&sources.root, &path);
        if !path.exists() || path == image.path() {
            continue;
        }
        match Image::open(&path).and_then(|debug| Ok((belongs(image, &debug)?, debug))) {
            Ok((true, debug)) if debug.has_dwarf() => return Some(Rc::new(debug)),
            Ok((true, _)) => {}
            Ok((false, _)) => {
                warnings.push(Warning::DebugFile { file: image.path().to_owned(), debug: path });
            }
            Err(error) => warnings.unreadable(&path, &error),
        }
    }
    None
}

fn candidates(sources: &Sources, search: FileSearch, image: &Image) -> Result<Vec<PathBuf>, ImageError> {
    let dirs = debug_dirs(sources, search);
    let mut paths = Vec::new();
    if let Some(id) = image.build_id()? {
        paths.extend(dirs.iter().map(|dir| dir.join(id.debug_path())));
    }
    if let Some(link) = image.debuglink()? {
        let folder = image.path().parent().unwrap_or_else(|| Path::new("."));
        paths.push(folder.join(&link.name));
        paths.push(folder.join(".debug").join(&link.name));
        let relative = folder.strip_prefix(&sources.root).or_else(|_| folder.strip_prefix("/"));
        let relative = relative.unwrap_or(folder);
        paths.extend(dirs.iter().map(|dir| dir.join(relative).join(&link.name)));
    }
    Ok(paths)
}

/// By build id where both have one, else by the debuglink's checksum.
fn belongs(image: &Image, debug: &Image) -> Result<bool, ImageError> {
    if let (Some(ours), Some(theirs)) = (image.build_id()?, debug.build_id()?) {
        return Ok(ours == theirs);
    }
    Ok(match image.debuglink()? {
        Some(link) => debug.crc()? == link.crc,
        None => false,
    })
}
