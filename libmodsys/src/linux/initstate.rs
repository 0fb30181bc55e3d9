// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/sys/module/NAME/initstate`: whether a module is loaded, being loaded or being removed.

use std::path::Path;

use super::files;
use crate::{InitState, SysError};

pub(super) fn read(path: &Path, directory: &Path) -> Result<Option<InitState>, SysError> {
    let word = match files::line(path) {
        Ok(word) => word,
        // Whatever the reason, kmod then looks for the directory alone.
        Err(SysError::Open { .. }) => {
            return Ok(directory.is_dir().then_some(InitState::DirectoryOnly));
        }
        Err(error) => return Err(error),
    };
    match word.as_str() {
        "live" => Ok(Some(InitState::Live)),
        "coming" => Ok(Some(InitState::Coming)),
        "going" => Ok(Some(InitState::Going)),
        _ => Err(files::unknown(path, &word)),
    }
}
