// SPDX-License-Identifier: MIT OR Apache-2.0
//! ELF notes: the records of a note section, which the kernel shows at `/sys/module/NAME/notes/`.
//!
//! ```
//! use libmodfmt::elf::ByteOrder;
//! use libmodfmt::note;
//!
//! let bytes = note::encode(b"GNU", 3, &[0xab; 20], ByteOrder::Little);
//! let record = note::records(&bytes, ByteOrder::Little).next().unwrap().unwrap();
//! assert_eq!((record.name, record.kind, record.description.len()), (&b"GNU"[..], 3, 20));
//! ```

use thiserror::Error;

use crate::elf::ByteOrder;

/// One record of a note section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'d> {
    /// The originator's name, without its NUL.
    pub name: &'d [u8],
    /// The type, as the originator defines it.
    pub kind: u32,
    /// The content.
    pub description: &'d [u8],
}

/// A note section ends inside a record.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("note record at offset {offset:#x}: {field} of {value} bytes runs past the end ({size} bytes)")]
#[non_exhaustive]
pub struct NoteSectionError {
    /// Where the record begins, in bytes.
    pub offset: usize,
    /// The field that does not fit.
    pub field: &'static str,
    /// Its value in bytes.
    pub value: u64,
    /// The size of the section in bytes.
    pub size: usize,
}

/// Iterates over the records of a note section. It ends after the first error.
#[must_use]
pub fn records(data: &[u8], order: ByteOrder) -> Records<'_> {
    Records { data, order, offset: 0 }
}

/// The iterator of [`records`].
#[derive(Debug, Clone)]
pub struct Records<'d> {
    data: &'d [u8],
    order: ByteOrder,
    offset: usize,
}

impl<'d> Records<'d> {
    fn field(&self, at: &mut usize, size: u32, field: &'static str) -> Result<&'d [u8], NoteSectionError> {
        let value = u64::from(size);
        let error = NoteSectionError { offset: self.offset, field, value, size: self.data.len() };
        let end = at.checked_add(size as usize).ok_or(error)?;
        let part = self.data.get(*at..end).ok_or(error)?;
        // Name and description are padded to four bytes; the padding of the last may be missing.
        *at = end.checked_next_multiple_of(4).ok_or(error)?;
        Ok(part)
    }

    fn record(&mut self) -> Result<Record<'d>, NoteSectionError> {
        let mut at = self.offset;
        let header = self.field(&mut at, 12, "header")?;
        let word =
            |index: usize| header.as_chunks::<4>().0.get(index).map_or(0, |bytes| self.order.u32(*bytes));
        let (name_size, description_size, kind) = (word(0), word(1), word(2));
        let name = self.field(&mut at, name_size, "name")?;
        let description = self.field(&mut at, description_size, "description")?;
        self.offset = at;
        Ok(Record { name: name.strip_suffix(b"\0").unwrap_or(name), kind, description })
    }
}

impl<'d> Iterator for Records<'d> {
    type Item = Result<Record<'d>, NoteSectionError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.data.len() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.offset = self.data.len();
        }
        Some(record)
    }
}

/// The bytes of one record. A NUL is appended to `name`, and both parts are padded to four bytes.
#[must_use]
pub fn encode(name: &[u8], kind: u32, description: &[u8], order: ByteOrder) -> Vec<u8> {
    let mut data = Vec::new();
    let size = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    data.extend(order.bytes32(size(name.len().saturating_add(1))));
    data.extend(order.bytes32(size(description.len())));
    data.extend(order.bytes32(kind));
    data.extend_from_slice(name);
    data.push(0);
    data.resize(data.len().next_multiple_of(4), 0);
    data.extend_from_slice(description);
    data.resize(data.len().next_multiple_of(4), 0);
    data
}
