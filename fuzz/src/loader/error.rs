// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a file is not loaded.

use thiserror::Error;

/// Why the kernel would refuse a file, or what this loader does not do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// The ELF file is broken.
    #[error("the ELF file is broken: {0}")]
    Broken(&'static str),
    /// It takes more memory than this loader gives.
    #[error("too much memory")]
    TooLarge,
    /// Another processor's file.
    #[error("not an x86-64 module")]
    OtherMachine,
    /// A symbol cannot be resolved.
    #[error("symbol {index}: {why}")]
    Symbol {
        /// Its index.
        index: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// A relocation cannot be applied.
    #[error("section {section}+{offset:#x}: {why}")]
    Relocation {
        /// Index of the section that it changes.
        section: usize,
        /// Offset in that section, in bytes.
        offset: u64,
        /// What is wrong.
        why: &'static str,
    },
}
