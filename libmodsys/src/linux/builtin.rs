// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/lib/modules/RELEASE/modules.builtin.bin`: the modules that are built into the kernel.

use std::path::Path;

use super::builtin_index::{Index, IndexError};
use super::files;
use crate::SysError;

pub(super) fn contains(path: &Path, name: &str) -> Result<bool, SysError> {
    let Some(content) = files::read_if_there(path)? else {
        return Ok(false);
    };
    Index::new(&content)
        .and_then(|index| index.contains(name.as_bytes()))
        .map_err(|IndexError { offset, what }| SysError::Malformed { path: path.to_owned(), offset, what })
}
