// SPDX-License-Identifier: MIT OR Apache-2.0
//! An output buffer that stops at a limit.

use super::{CompressError, Format};

/// Content decoded so far. Its capacity never goes beyond the limit.
pub(super) struct Output {
    format: Format,
    limit: u64,
    bytes: Vec<u8>,
}

impl Output {
    pub(super) fn new(format: Format, limit: u64) -> Self {
        Self { format, limit, bytes: Vec::new() }
    }

    /// Appends a chunk, or says that it does not fit.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), CompressError> {
        let size = (self.bytes.len() as u64).saturating_add(chunk.len() as u64);
        if size > self.limit {
            return Err(CompressError::TooBig { format: self.format, limit: self.limit });
        }
        let free = self.bytes.capacity().saturating_sub(self.bytes.len());
        if free < chunk.len() {
            // Double as Vec does, but not past the limit.
            let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
            let doubled = self.bytes.capacity().saturating_mul(2).min(limit);
            let more = doubled.saturating_sub(self.bytes.len()).max(chunk.len());
            self.bytes
                .try_reserve_exact(more)
                .map_err(|_| CompressError::Memory { format: self.format, size })?;
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
