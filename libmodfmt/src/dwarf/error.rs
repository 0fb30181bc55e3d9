// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why debug information cannot be read at all.

use thiserror::Error;

use crate::compress::SectionError;
use crate::elf::ElfError;

/// Why debug information cannot be read. Smaller damage only leaves gaps in what is known.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DwarfError {
    /// The section is compressed (`CONFIG_DEBUG_INFO_COMPRESSED_*`), and cannot be decompressed.
    #[error("compressed section {section}: {source}")]
    Compressed {
        /// Name of the section.
        section: String,
        /// Why.
        source: SectionError,
    },
    /// The list of compilation units is broken.
    #[error(".debug_info: unit {index} has no usable header: {reason}")]
    Unit {
        /// Number of the unit, from 0.
        index: usize,
        /// What is wrong.
        reason: String,
    },
    /// The relocations of a debug section are broken.
    #[error(transparent)]
    Elf(#[from] ElfError),
}
