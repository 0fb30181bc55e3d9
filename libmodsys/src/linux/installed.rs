// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file of an installed module, by `modules.dep` of the running release.

use std::path::{Path, PathBuf};

use super::files;
use crate::SysError;

/// The path of the module of this name, in the kernel's spelling.
pub(super) fn find(directory: &Path, name: &str) -> Result<Option<PathBuf>, SysError> {
    let Some(text) = files::read_if_there(&directory.join("modules.dep"))? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&text);
    let is_it = |path: &&str| {
        let file = path.rsplit('/').next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        stem.len() == name.len() && stem.replace('-', "_") == name
    };
    let found = text.lines().filter_map(|line| line.split_once(':')).map(|(path, _)| path).find(is_it);
    // An absolute path stays as it is.
    Ok(found.map(|path| directory.join(path)))
}
