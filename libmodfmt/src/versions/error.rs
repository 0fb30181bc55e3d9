// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with version tables.

use thiserror::Error;

/// Why a version table or a new entry is refused. Offsets and sizes are bytes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionsError {
    /// The section is not a whole number of entries.
    #[error("{section}: size {size:#x} is not a multiple of {entry}")]
    Size {
        /// Name of the section.
        section: &'static str,
        /// Its size.
        size: u64,
        /// Size of one entry.
        entry: u64,
    },
    /// A name is not ended by a NUL where it must be.
    #[error("{section}: name of entry {index} at offset {offset:#x} is not ended by a NUL")]
    Unterminated {
        /// Name of the section.
        section: &'static str,
        /// Number of the entry, from 0.
        index: usize,
        /// Offset of the name in the section.
        offset: u64,
    },
    /// A checksum does not fit in 32 bits, so it cannot be a symbol's.
    #[error("{section}: crc of entry {index} at offset {offset:#x} is {value:#x}, above 32 bits")]
    Crc {
        /// Name of the section.
        section: &'static str,
        /// Number of the entry, from 0.
        index: usize,
        /// Offset of the field in the section.
        offset: u64,
        /// The value.
        value: u64,
    },
    /// There are more names than checksums.
    #[error("{section}: {crcs} checksums, but another name at offset {offset:#x}")]
    Count {
        /// Name of the section.
        section: &'static str,
        /// Number of checksums.
        crcs: usize,
        /// Offset of the name in the section.
        offset: u64,
    },
    /// A name for a new entry is empty or has a NUL in it.
    #[error("{section}: {name:?} cannot be the name of a symbol")]
    Name {
        /// Name of the section.
        section: &'static str,
        /// The name.
        name: String,
    },
    /// A name for a new entry is too long for the form.
    #[error("{section}: name {name:?} has {length} bytes; the limit is {limit}")]
    NameTooLong {
        /// Name of the section.
        section: &'static str,
        /// The name.
        name: String,
        /// Its length.
        length: usize,
        /// The greatest length.
        limit: usize,
    },
}
