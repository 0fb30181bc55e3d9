// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/sys/module/compression`: which compressed files the kernel takes (exists with
//! `CONFIG_MODULE_DECOMPRESS`, 5.17 and later).

use std::path::Path;

use super::files;
use crate::{KernelCompression, SysError};

pub(super) fn read(path: &Path) -> Result<Option<KernelCompression>, SysError> {
    let word = match files::line(path) {
        Ok(word) => word,
        // Whatever the reason, user space has to decompress.
        Err(SysError::Open { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(match word.as_str() {
        "gzip" => KernelCompression::Gzip,
        "xz" => KernelCompression::Xz,
        "zstd" => KernelCompression::Zstd,
        _ => KernelCompression::Unknown(word),
    }))
}
