// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with a compressed file.

use super::{Format, WINDOW_LIMIT};
use std::error::Error;
use std::io;

/// Why a file could not be decompressed. Offsets and limits are bytes.
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
    /// The file's header demands more working memory than [`WINDOW_LIMIT`].
    #[error("{format} window at offset {offset} is above the limit of {limit} bytes")]
    Window {
        /// Format of the file.
        format: Format,
        /// Offset behind the header that demands it.
        offset: u64,
        /// [`WINDOW_LIMIT`].
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
    /// The output could not be allocated.
    #[error("no memory for {size} bytes of {format} content")]
    Memory {
        /// Format of the file.
        format: Format,
        /// Bytes that were asked for.
        size: u64,
    },
}

/// Sorts a decoder's error by what its chain of causes holds.
pub(super) fn from_decoder(format: Format, offset: u64, error: &(dyn Error + 'static)) -> CompressError {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if is_window(current) {
            return CompressError::Window { format, offset, limit: WINDOW_LIMIT };
        }
        if let Some(io) = current.downcast_ref::<io::Error>() {
            if io.kind() == io::ErrorKind::UnexpectedEof {
                return CompressError::Truncated { format, offset };
            }
            // io::Error::source() skips the error it wraps and goes to that one's source.
            cause = match io.get_ref() {
                Some(inner) => Some(inner),
                None => None,
            };
        } else {
            cause = current.source();
        }
    }
    CompressError::Corrupt { format, offset, reason: error.to_string() }
}

/// Is this the decoder's refusal to allocate a window?
fn is_window(error: &(dyn Error + 'static)) -> bool {
    use ruzstd::decoding::errors::{FrameDecoderError, FrameHeaderError};
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return io.kind() == io::ErrorKind::OutOfMemory;
    }
    matches!(
        error.downcast_ref(),
        Some(
            FrameDecoderError::WindowSizeTooBig { .. }
                | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooBig { .. })
        )
    )
}
