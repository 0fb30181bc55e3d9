// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the persistent data of a file cannot be listed.

use thiserror::Error;

use crate::elf::ElfError;

/// The file is broken where its persistent data is.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PersistError {
    /// The ELF file itself.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A name is longer than any that the kernel would accept (`KSYM_NAME_LEN`, 512 since 6.1).
    #[error("{section}: a variable or its source file has a name of {length} bytes; 512 are allowed")]
    LongName {
        /// The section.
        section: String,
        /// Length of the name in bytes.
        length: usize,
    },
    /// A variable ends past its section.
    #[error(
        "{section}: variable {variable} at offset {offset:#x}, size {size:#x}, ends past the end \
         of the section ({section_size:#x} bytes)"
    )]
    VariableOutside {
        /// The section.
        section: String,
        /// The variable.
        variable: String,
        /// Offset in the section, in bytes.
        offset: u64,
        /// Size in bytes.
        size: u64,
        /// The section's size in bytes.
        section_size: u64,
    },
}
