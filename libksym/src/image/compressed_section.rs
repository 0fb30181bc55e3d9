// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections that are compressed one by one (`SHF_COMPRESSED`).

use libmodfmt::compress;
use libmodfmt::elf::Ident;

use super::error::ImageError;
use super::file_bytes::FileBytes;
use super::section::Section;

/// A larger section is an error, and so is one that is too large for its compressed size
/// ([`compress::plausible_size`]). The largest that is known has 170 MB.
const MAX_SECTION_BYTES: u64 = 1 << 30;

pub(super) fn decompress(file: &FileBytes, section: &Section, ident: Ident) -> Result<Vec<u8>, ImageError> {
    let error = |reason: String| ImageError::Inflate { section: section.name.clone(), reason };
    let bytes = file.read(section.offset, section.file_size());
    let bytes = bytes.ok_or_else(|| error("leads out of the file".to_owned()))?;
    let limit = MAX_SECTION_BYTES.min(compress::plausible_size(bytes.len() as u64));
    compress::section(&bytes, ident, limit).map_err(|source| error(source.to_string()))
}
