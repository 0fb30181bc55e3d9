// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading parts of a file that somebody else has open.

/// Fills the slice with what is in the file at an offset, in bytes; `None` if it cannot. It may be called by
/// several threads at a time.
pub trait ReadAt: Fn(u64, &mut [u8]) -> Option<()> + Sync {}

impl<F: Fn(u64, &mut [u8]) -> Option<()> + Sync> ReadAt for F {}
