// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with debug information.

use thiserror::Error;

use crate::image::ImageError;

/// Why debug information could not be read.
#[derive(Debug, Error)]
pub(crate) enum DwarfError {
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error("{section} at {offset:#x}: {source}")]
    Section { section: &'static str, offset: u64, source: gimli::Error },
    #[error("{section} at {offset:#x}: {field} of {value:#x} is not possible")]
    Field { section: &'static str, offset: u64, field: &'static str, value: u64 },
}
