// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/sys/module/NAME/holders` and `refcnt`: who uses a module.

use std::path::Path;

use super::files;
use crate::SysError;

pub(super) fn holders(path: &Path) -> Result<Vec<String>, SysError> {
    files::names(path)
}

pub(super) fn refcount(path: &Path) -> Result<Option<i64>, SysError> {
    let Some(text) = files::line_if_there(path)? else {
        return Ok(None);
    };
    match text.trim().parse() {
        Ok(count) => Ok(Some(count)),
        Err(_) => Err(files::unknown(path, &text)),
    }
}
