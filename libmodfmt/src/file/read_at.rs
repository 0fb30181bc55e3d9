// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading parts of a file that somebody else has open.

/// Fills the slice with what is in the file at an offset, in bytes; `None` if it cannot.
pub trait ReadAt: FnMut(u64, &mut [u8]) -> Option<()> {}

impl<F: FnMut(u64, &mut [u8]) -> Option<()>> ReadAt for F {}
