// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limits of the service.

use super::error::{ErrorCode, ServeError};

/// A longer line is refused.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;
/// No further reports are decoded once those before them take as many bytes.
pub(super) const MAX_REPORT_BYTES: usize = 16 << 20;
/// As many places may be in one request.
pub(super) const MAX_PLACES: usize = 10_000;
/// As many kernels are kept. Each may hold the symbols of one.
pub(super) const MAX_KERNELS: usize = 8;

/// Fails if a request asks for too many places.
pub(super) fn check_count(count: usize) -> Result<(), ServeError> {
    if count <= MAX_PLACES {
        return Ok(());
    }
    let words = format!("{count} places in one request; the limit is {MAX_PLACES}");
    Err(ServeError::new(ErrorCode::TooLong, words))
}
