// SPDX-License-Identifier: MIT OR Apache-2.0
//! FNV-1a with 64 bits: the hash behind layout hashes, type hashes and shortened names.
//!
//! These hashes are kept over a reload and compared with what other versions of this crate made, so
//! neither the function nor the order of what is added can change. docs/note-format.md has both.

/// A hash on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Adds the text and a NUL, so that two neighbours cannot be split differently.
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0]);
    }

    pub(crate) const fn finish(self) -> u64 {
        self.0
    }
}
