// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why an image cannot be made.

use thiserror::Error;

use crate::arch::UnsupportedMachine;
use crate::elf::ElfError;
use crate::modinfo::ModinfoError;
use crate::module::ModuleError;
use crate::old_slots::OldSlotError;
use crate::persist::{NoteError, PersistError};
use crate::versions::VersionsError;

/// Why a keeper or owner image cannot be made from a file.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// The file, or the image that was made, is not well-formed.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The file is not a module.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The persistent data is broken.
    #[error(transparent)]
    Persist(#[from] PersistError),
    /// The processor is not supported.
    #[error(transparent)]
    Machine(#[from] UnsupportedMachine),
    /// `.modinfo` cannot be rewritten.
    #[error("section .modinfo: {0}")]
    Modinfo(#[from] ModinfoError),
    /// The version tables cannot be extended.
    #[error("symbol versions: {0}")]
    Versions(#[from] VersionsError),
    /// `persistent_old()` cannot be served.
    #[error(transparent)]
    OldSlot(#[from] OldSlotError),
    /// The header in the keeper that was made is not the one that went in.
    #[error("the header note of the keeper: {0}")]
    Note(#[from] NoteError),
    /// A use of persistent data by a relocation that cannot be moved to another module's symbol.
    #[error(
        "{section}+{offset:#x} uses {variable} by {relocation}, which cannot refer to another module's data{remedy}"
    )]
    Relocation {
        /// The section with the use.
        section: String,
        /// Offset in it, in bytes.
        offset: u64,
        /// The relocation type's name.
        relocation: String,
        /// The variable.
        variable: String,
        /// What the author can do, after a colon; empty if nothing is known.
        remedy: &'static str,
    },
    /// A kernel that has symbol versions as distances, which keepers are not made with.
    #[error(
        "this kernel has the versions of exported symbols as distances (CONFIG_MODULE_REL_CRCS, up to 5.18 on \
         powerpc and s390); use a newer kernel"
    )]
    RelativeVersions,
    /// An offset left the range of a relocation's addend.
    #[error("{section}+{offset:#x}: the addend of the relocation leaves its range")]
    Addend {
        /// The section.
        section: String,
        /// Offset in it, in bytes.
        offset: u64,
    },
    /// The file already has a symbol of a name that the images need.
    #[error("the module itself has a symbol {symbol}, a name that keeping its data needs")]
    NameTaken {
        /// The symbol.
        symbol: String,
    },
    /// The image that was made fails one of our own checks: a defect of this library.
    #[error("the {image} image is not right: {what} (please report this)")]
    Check {
        /// `keeper` or `owner`.
        image: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl ImageError {
    /// Whether the file is broken, so that loading it in another way is pointless. The other errors
    /// mean that the data of a sound file cannot be kept in this way.
    #[must_use]
    pub const fn is_broken_file(&self) -> bool {
        matches!(
            self,
            Self::Elf(_) | Self::Module(_) | Self::Persist(_) | Self::Modinfo(_) | Self::Versions(_)
        )
    }
}
