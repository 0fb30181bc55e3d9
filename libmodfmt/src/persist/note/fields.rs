// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fields of a note's description, taken one after the other.

use super::NoteError;
use crate::elf::ByteOrder;
use crate::leb128::{self, Leb128Error};

/// Flag of both versions: the names of all variables are known.
pub(super) const FLAG_NAMED: u16 = 1;
/// Flag of version 2: earlier generations hold nothing that is in force.
pub(super) const FLAG_FRESH: u16 = 2;
/// Flag of version 2: a list of replaced variables follows that of the unused ones.
pub(super) const FLAG_REPLACED: u16 = 4;
/// Flag of version 2: a list of predecessors follows that of the replaced variables.
pub(super) const FLAG_PREDECESSORS: u16 = 8;
/// Flag of version 2: an identity follows the predecessors.
pub(super) const FLAG_IDENTITY: u16 = 16;

/// Longest text of the format, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 4096;
/// The largest number of units or variables that a reader believes.
const MAX_COUNT: u64 = 1 << 20;

/// A description being taken apart.
pub(super) struct Fields<'d> {
    order: ByteOrder,
    data: &'d [u8],
    at: usize,
}

impl<'d> Fields<'d> {
    pub(super) fn new(data: &'d [u8], order: ByteOrder) -> Self {
        Self { order, data, at: 0 }
    }

    pub(super) fn error(&self, field: &'static str, why: &'static str) -> NoteError {
        NoteError::Field { offset: self.at, field, why }
    }

    /// What was taken so far.
    pub(super) fn taken(&self) -> &'d [u8] {
        self.data.get(..self.at).unwrap_or_default()
    }

    /// The rest of the description, in bytes.
    pub(super) fn left(&self) -> usize {
        self.data.len().saturating_sub(self.at)
    }

    pub(super) fn take(&mut self, size: usize, field: &'static str) -> Result<&'d [u8], NoteError> {
        let end = self.at.checked_add(size);
        let part = end.and_then(|end| self.data.get(self.at..end));
        let part = part.ok_or_else(|| self.error(field, "runs past the end of the note"))?;
        self.at = end.unwrap_or(self.at);
        Ok(part)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], NoteError> {
        let part = self.take(N, field)?;
        part.first_chunk::<N>().copied().ok_or_else(|| self.error(field, "is too short"))
    }

    pub(super) fn number16(&mut self, field: &'static str) -> Result<u16, NoteError> {
        Ok(self.order.u16(self.array(field)?))
    }

    pub(super) fn number32(&mut self, field: &'static str) -> Result<u32, NoteError> {
        Ok(self.order.u32(self.array(field)?))
    }

    pub(super) fn number64(&mut self, field: &'static str) -> Result<u64, NoteError> {
        Ok(self.order.u64(self.array(field)?))
    }

    /// A 32-bit count.
    pub(super) fn count32(&mut self, field: &'static str) -> Result<u32, NoteError> {
        let count = self.number32(field)?;
        if u64::from(count) > MAX_COUNT {
            return Err(self.error(field, "is impossibly large"));
        }
        Ok(count)
    }

    /// An unsigned LEB128 number.
    pub(super) fn number(&mut self, field: &'static str) -> Result<u64, NoteError> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let (number, size) = leb128::read(rest).map_err(|error| match error {
            Leb128Error::Truncated => self.error(field, "runs past the end of the note"),
            Leb128Error::TooLarge => self.error(field, "is too large"),
        })?;
        self.at = self.at.saturating_add(size);
        Ok(number)
    }

    /// An LEB128 number of 32 bits.
    pub(super) fn small(&mut self, field: &'static str) -> Result<u32, NoteError> {
        u32::try_from(self.number(field)?).map_err(|_| self.error(field, "is impossibly large"))
    }

    /// An LEB128 count of things that take a byte or more each.
    pub(super) fn count(&mut self, field: &'static str) -> Result<u64, NoteError> {
        let count = self.number(field)?;
        if count > MAX_COUNT || usize::try_from(count).is_ok_and(|count| count > self.left()) {
            return Err(self.error(field, "is impossibly large"));
        }
        Ok(count)
    }

    pub(super) fn utf8(&mut self, size: usize, field: &'static str) -> Result<&'d str, NoteError> {
        let bytes = self.take(size, field)?;
        std::str::from_utf8(bytes).map_err(|_| self.error(field, "is not UTF-8"))
    }
}
