// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with an ELF file.

use std::path::PathBuf;

use thiserror::Error;

/// Why a file, or a part of it, could not be read.
#[derive(Debug, Error)]
pub(crate) enum ImageError {
    #[error("cannot be opened: {source}")]
    Open { source: std::io::Error },
    #[error("cannot be decompressed: {source}")]
    Compressed { source: libmodfmt::compress::CompressError },
    #[error("not an ELF file")]
    NotElf,
    #[error("the ELF header's {field} of {value:#x} leads out of the file")]
    Header { field: &'static str, value: u64 },
    #[error("{}: section {section} at {offset:#x} of {size:#x} bytes leads out of the file", .file.display())]
    Section { file: PathBuf, section: String, offset: u64, size: u64 },
    #[error("compressed section {section}: {reason}")]
    Inflate { section: String, reason: String },
    #[error("section {section}, relocation at {offset:#x}: {reason}")]
    Relocation { section: String, offset: u64, reason: String },
}
