// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why an ELF file is refused.

use thiserror::Error;

/// What is wrong with an ELF file, and where. Offsets are file offsets unless stated otherwise.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElfError {
    /// The file does not begin with the ELF magic.
    #[error("not an ELF file: the magic bytes 7f 45 4c 46 are missing")]
    NotElf,
    /// Class, byte order or version of the identification is not one of ELF's.
    #[error("ELF header: {field} has the value {value:#x}, which is not defined")]
    Ident {
        /// The field of the identification.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// The file is not `ET_REL`, which every kernel module is.
    #[error("ELF header: e_type is {value:#x}; a kernel module is relocatable (e_type 1)")]
    NotRelocatable {
        /// The value of `e_type`.
        value: u16,
    },
    /// The file ends before the range that a header names.
    #[error("{what} at offset {offset:#x}, size {size:#x}, lies outside of the file ({file_size:#x} bytes)")]
    OutOfFile {
        /// The table or section.
        what: String,
        /// Its offset in the file.
        offset: u64,
        /// Its size in bytes.
        size: u64,
        /// The size of the file.
        file_size: u64,
    },
    /// A field of the file header or of a section header has an impossible value.
    #[error("{place}: {field} is {value:#x}: {why}")]
    Field {
        /// The header, for example `section 4 (.symtab)`.
        place: String,
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// Why it cannot be.
        why: &'static str,
    },
    /// Two sections, or a section and a table of the file, share bytes.
    #[error("{first} and {second} overlap at offset {offset:#x}")]
    Overlap {
        /// The first, a section with its number.
        first: String,
        /// The second.
        second: String,
        /// The first shared offset.
        offset: u64,
    },
    /// More than one section of a kind that may occur once.
    #[error("sections {first} and {second} are both {what}; a module has one")]
    Twice {
        /// The kind.
        what: &'static str,
        /// Index of the first.
        first: usize,
        /// Index of the second.
        second: usize,
    },
    /// A relocation names a symbol or place that does not exist.
    #[error("{section}: relocation {index}: {field} is {value:#x}: {why}")]
    Relocation {
        /// The relocation section.
        section: String,
        /// The number of the relocation in it.
        index: usize,
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// Why it cannot be.
        why: &'static str,
    },
    /// The file that was to be written does not fit the format.
    #[error("cannot write an ELF file: {what}")]
    Write {
        /// What does not fit.
        what: String,
    },
}
