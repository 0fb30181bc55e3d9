// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reasons, and their messages.

use thiserror::Error;

use crate::elf::flags;
use crate::persist::{Ambiguity, AmbiguousName};

/// A page on every machine that this crate makes images for, in bytes.
pub(super) const PAGE: u64 = 4096;

/// The address space for modules has 1 GiB or more on all machines, and much of it is in use.
pub(super) const MAX_SECTION_BYTES: u64 = 1 << 30;

/// Why persistent data must not be kept. Offsets are in bytes from the start of the section.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// An initial value points into code or data that goes away with the module.
    #[error(
        "{variable} (offset {offset:#x} of {section}) is initialised with the address of {target} in the \
         module itself, which is gone after rmmod"
    )]
    PointerIntoOwner {
        /// The section.
        section: String,
        /// The variable, with the distance inside it.
        variable: String,
        /// Where the pointer is.
        offset: u64,
        /// What it points to.
        target: String,
    },
    /// A `charp` parameter: the kernel frees the string at unload and leaves the pointer.
    #[error(
        "{variable} (offset {offset:#x} of {section}) holds the charp parameter {parameter}: the kernel \
         frees the string at unload and leaves the pointer"
    )]
    CharpParameter {
        /// The section.
        section: String,
        /// The variable.
        variable: String,
        /// Its offset.
        offset: u64,
        /// The parameter.
        parameter: String,
    },
    /// The section needs a larger alignment than the module loader gives.
    #[error("{section} asks for an alignment of {align} bytes; a module's data gets at most {PAGE}")]
    Alignment {
        /// The section.
        section: String,
        /// Its alignment in bytes.
        align: u64,
    },
    /// A section that is not plain writable data.
    #[error(
        "{section} has the section flags {flags:#x}; persistent data has WRITE and ALLOC ({:#x}) and no others",
        flags::WRITE | flags::ALLOC
    )]
    SectionFlags {
        /// The section.
        section: String,
        /// Its `sh_flags`.
        flags: u64,
    },
    /// Several variables of one file share a name and nothing tells them apart.
    #[error("{name} stands for several variables ({}) {}", symbols.join(", "), remedy(*reason))]
    AmbiguousName {
        /// File and name.
        name: String,
        /// The symbols.
        symbols: Vec<String>,
        /// Why nothing tells them apart.
        reason: Ambiguity,
    },
    /// The section is larger than the kernel's address space for modules allows.
    #[error("{section} has {size} bytes; more than {MAX_SECTION_BYTES} bytes are not kept")]
    Size {
        /// The section.
        section: String,
        /// Its size in bytes.
        size: u64,
    },
    /// Livepatch modules have relocations that the kernel applies later, by name.
    #[error("this is a livepatch module ({sign}); its data cannot be kept")]
    Livepatch {
        /// How it shows: a section, a symbol or a tag.
        sign: String,
    },
    /// A relocation in the persistent data that the keeper could not carry.
    #[error("{variable} (offset {offset:#x} of {section}) needs {relocation}, which cannot be kept")]
    Relocation {
        /// The section.
        section: String,
        /// The variable.
        variable: String,
        /// Where the relocation is.
        offset: u64,
        /// The relocation type's name.
        relocation: String,
    },
}

/// All refusals of a file, and what its persistent data import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusals {
    /// Every reason; empty if the data may be kept.
    pub reasons: Vec<Refusal>,
    /// Symbols of the kernel or of other modules to which initial values point.
    pub imports: Vec<Import>,
}

/// A symbol of the kernel or of another module to which an initial value points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The symbol.
    pub symbol: String,
    /// The variable that points to it.
    pub variable: String,
}

impl From<AmbiguousName> for Refusal {
    fn from(AmbiguousName { name, symbols, reason }: AmbiguousName) -> Self {
        Self::AmbiguousName { name, symbols, reason }
    }
}

/// What to do about several variables of one name.
const fn remedy(reason: Ambiguity) -> &'static str {
    match reason {
        Ambiguity::UnknownFunctions => {
            "whose numbers change with the code: give them different names, or build with -g"
        }
        Ambiguity::SameFunction => "in one scope, which nothing tells apart: give them different names",
        Ambiguity::SameFileName => {
            "in different source files of one name, which nothing tells apart: give the variables different \
             names, or each file its own PERSISTENT_FILE"
        }
    }
}
