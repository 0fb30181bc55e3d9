// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with export tables, and why their layout cannot be told.

use thiserror::Error;

use crate::btf::BtfError;
use crate::elf::{ElfError, Machine};

/// Why exports cannot be read, or their layout cannot be told. Offsets and sizes are in bytes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportError {
    /// The table is not a whole number of entries.
    #[error("{section}: size {size:#x} is not a multiple of {entry}, the size of struct kernel_symbol")]
    Size {
        /// Name of the section.
        section: &'static str,
        /// Its size.
        size: u64,
        /// Size of an entry.
        entry: u64,
    },
    /// `__kflagstab` does not have one byte for each symbol.
    #[error("__kflagstab has {flags} bytes for {symbols} symbols")]
    Flags {
        /// Size of `__kflagstab`.
        flags: u64,
        /// Number of symbols.
        symbols: u64,
    },
    /// The kernel requires `__kflagstab`, and the module has none.
    #[error("__kflagstab is missing")]
    NoFlags,
    /// A field that must refer to something has no relocation.
    #[error("{section}: {field} at offset {offset:#x} has no relocation into a section of the module")]
    NoTarget {
        /// Name of the section.
        section: &'static str,
        /// Name of the field.
        field: &'static str,
        /// Its offset in the section.
        offset: u64,
    },
    /// A field refers to a place without a NUL-terminated string.
    #[error(
        "{section}: {field} at offset {offset:#x} refers to no string (section {target}, \
         offset {target_offset:#x})"
    )]
    NoString {
        /// Name of the section.
        section: &'static str,
        /// Name of the field.
        field: &'static str,
        /// Its offset in the section.
        offset: u64,
        /// Index of the section it refers to.
        target: usize,
        /// Offset there.
        target_offset: u64,
    },
    /// A relocation type that this processor's export tables never have.
    #[error("{section}: relocation type {kind} at offset {offset:#x} is not known for {machine}")]
    Relocation {
        /// Name of the section.
        section: &'static str,
        /// The processor.
        machine: Machine,
        /// Number of the type.
        kind: u32,
        /// Offset of the place that is relocated.
        offset: u64,
    },
    /// A sample module exports nothing, so it shows nothing.
    #[error("the module exports nothing")]
    NoExports,
    /// The relocations of a sample module fit none of the known layouts, or do not agree.
    #[error("{section} of the sample module fits no known layout: {what} at offset {offset:#x}")]
    Sample {
        /// Name of the section.
        section: &'static str,
        /// What does not fit.
        what: &'static str,
        /// Where.
        offset: u64,
    },
    /// The kernel's BTF has no such structure.
    #[error("BTF has no struct {name}")]
    NoType {
        /// Name of the structure.
        name: &'static str,
    },
    /// The kernel's structure is not a known one.
    #[error("struct {name} of this kernel is unknown: it has {what}")]
    UnknownType {
        /// Name of the structure.
        name: &'static str,
        /// What is unexpected about it.
        what: &'static str,
    },
    /// The BTF is damaged.
    #[error(transparent)]
    Btf(#[from] BtfError),
    /// The file is damaged.
    #[error(transparent)]
    Elf(#[from] ElfError),
}
