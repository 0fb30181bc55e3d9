// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header as an ELF note, which a keeper carries. docs/note-format.md is the reference.

mod fields;
mod reader;
#[cfg(test)]
mod tests;
mod version_1;
mod version_2;

use thiserror::Error;

use super::{Header, NOTE_VERSION};
use crate::elf::ByteOrder;
use crate::note::{self, NoteSectionError};
use crate::types::TypeTableError;

/// Section of a keeper that holds the note, also its file name below `/sys/module/NAME/notes/`.
pub const NOTE_SECTION: &str = ".note.persist";
/// Name of the note.
pub const NOTE_NAME: &[u8] = b"persist";
/// Type of the note.
pub const NOTE_TYPE: u32 = 1;

/// Why a note is not a header.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// The note section itself is broken.
    #[error(transparent)]
    Section(#[from] NoteSectionError),
    /// No note of that name and type.
    #[error("no note of name \"persist\" and type 1")]
    Missing,
    /// A later version of the format.
    #[error(
        "version {version} of the header note is not known (this program reads versions 1 to {NOTE_VERSION})"
    )]
    Version {
        /// The version found.
        version: u16,
    },
    /// The note ends inside a field, or a field has an impossible value.
    #[error("header note, offset {offset:#x}: {field} {why}")]
    Field {
        /// Offset in the note's description, in bytes.
        offset: usize,
        /// The field.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// The table of types is broken.
    #[error("header note: {0}")]
    Types(#[from] TypeTableError),
    /// The checksum of the note is not that of what is before it.
    #[error("header note: the checksum is {recorded:#x}, the note has {computed:#x}")]
    Checksum {
        /// The checksum in the note.
        recorded: u64,
        /// The checksum of the bytes before it.
        computed: u64,
    },
    /// The recorded layout hash of version 1 is not that of the recorded variables.
    #[error("header note: the layout hash of {section} is {recorded:#x}, its variables give {computed:#x}")]
    Hash {
        /// The section.
        section: &'static str,
        /// The hash in the note.
        recorded: u64,
        /// The hash of the variables in the note.
        computed: u64,
    },
}

impl Header {
    /// The bytes of the whole note section, in the newest version of the format.
    #[must_use]
    pub fn to_note(&self, order: ByteOrder) -> Vec<u8> {
        note::encode(NOTE_NAME, NOTE_TYPE, &version_2::write(self, order), order)
    }

    /// Reads a header from a note section.
    ///
    /// # Errors
    /// There is no such note, its version is unknown, a field is truncated or impossible, or the
    /// layout hash of version 1 does not belong to the variables.
    pub fn from_note(section: &[u8], order: ByteOrder) -> Result<Self, NoteError> {
        for record in note::records(section, order) {
            let record = record?;
            if record.name == NOTE_NAME && record.kind == NOTE_TYPE {
                return reader::read(record.description, order);
            }
        }
        Err(NoteError::Missing)
    }
}
