// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with a compressed file.

use super::Format;

/// Why a file could not be decompressed. Offsets and limits are in bytes.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompressError {
    /// The first bytes are of no format in [`Format`].
    #[error("not compressed with gzip, xz or zstd")]
    Unknown,
    /// The content is larger than the caller's limit.
    #[error("{format} content is larger than the limit of {limit} bytes")]
    TooBig {
        /// Format of the file.
        format: Format,
        /// The caller's limit.
        limit: u64,
    },
    /// The file's header demands more working memory than [`WINDOW_LIMIT`](super::WINDOW_LIMIT).
    #[error("{format} window at offset {offset} is above the limit of {limit} bytes")]
    Window {
        /// Format of the file.
        format: Format,
        /// Offset past the header that demands it.
        offset: u64,
        /// [`WINDOW_LIMIT`](super::WINDOW_LIMIT).
        limit: u64,
    },
    /// The file ends inside a member.
    #[error("{format} data ends too early, at offset {offset}")]
    Truncated {
        /// Format of the file.
        format: Format,
        /// Where the file ends.
        offset: u64,
    },
    /// A field or a checksum is wrong.
    #[error("{format} data is corrupt near offset {offset}: {reason}")]
    Corrupt {
        /// Format of the file.
        format: Format,
        /// How far the decoder had read.
        offset: u64,
        /// The decoder's own words.
        reason: String,
    },
    /// Something that is no further member follows the last one.
    #[error("{format} data is followed by something else at offset {offset}")]
    Trailing {
        /// Format of the file.
        format: Format,
        /// Where the last member ends.
        offset: u64,
    },
    /// This crate was built without the feature `compression`.
    #[error("{format} data cannot be read: built without decompression")]
    NotBuilt {
        /// Format of the file.
        format: Format,
    },
    /// The output could not be allocated.
    #[error("no memory for {size} bytes of {format} content")]
    Memory {
        /// Format of the file.
        format: Format,
        /// Bytes that were asked for.
        size: u64,
    },
}
