// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the error of a decoder means.

use std::error::Error;
use std::io;

use super::{CompressError, Format, WINDOW_LIMIT};

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
