// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/sys/kernel/security/lockdown`: `none [integrity] confidentiality`, the state in brackets.

use std::path::Path;

use super::files;
use crate::{Lockdown, SysError};

pub(super) fn read(path: &Path) -> Result<Option<Lockdown>, SysError> {
    let Some(text) = files::line_if_there(path)? else {
        return Ok(None);
    };
    let chosen = text.split_whitespace().find_map(|word| word.strip_prefix('[')?.strip_suffix(']'));
    match chosen {
        Some("none") => Ok(Some(Lockdown::None)),
        Some("integrity") => Ok(Some(Lockdown::Integrity)),
        Some("confidentiality") => Ok(Some(Lockdown::Confidentiality)),
        _ => Err(files::unknown(path, &text)),
    }
}
