// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data in a module file: which variables there are, what describes them, what may be kept.
//!
//! A module marks variables with `__persistent` (section `.data..persistent`) or `__persistent_bss`
//! (`.bss..persistent`). [`Inventory::of`] lists them; its [`Header`] is what a keeper carries in a
//! note and what [`compare`] holds against the next version of the module.
//!
//! ```
//! use libmodfmt::elf::{Ident, Object, Section, SectionKind, flags};
//! use libmodfmt::persist::Inventory;
//!
//! let mut module = Object::new(Ident::X86_64, 0);
//! assert!(Inventory::of(&module, "foo", None, &[]).unwrap().is_none());
//!
//! let flags = flags::ALLOC | flags::WRITE;
//! module.sections.push(Section::with_data(".data..persistent", SectionKind::PROGBITS, flags, 8, vec![0; 16]));
//! let inventory = Inventory::of(&module, "foo", None, &[]).unwrap().unwrap();
//! assert_eq!(inventory.header.sections[0].size, 16);
//! ```

mod compare;
mod error;
mod extended;
mod header;
mod inventory;
mod layout_hash;
mod names;
mod note;
mod parameters;
mod pointers;
mod refusal;
mod variables;

pub use compare::{Agreement, Difference, compare};
pub use error::PersistError;
pub use extended::{ExtendedListError, ExtendedRegion, ExtendedUse, extended_regions};
pub use header::{Header, SectionHeader, Variable};
pub use inventory::{Ambiguous, Inventory, Sharing, VariableDebugInfo};
pub(crate) use layout_hash::Hash;
pub use names::{base_symbol, keeper_name, trial_name};
pub use note::{NOTE_NAME, NOTE_SECTION, NOTE_TYPE, NOTE_VERSION, NoteError};
pub use refusal::{Import, Refusal, Refusals};

/// The two persistent sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersistentSection {
    /// `.data..persistent`: variables with initial values in the file.
    Data,
    /// `.bss..persistent`: variables that start as zero and take no room in the file.
    Bss,
}

impl PersistentSection {
    /// Both, in the order in which they are listed everywhere.
    pub const ALL: [Self; 2] = [Self::Data, Self::Bss];

    /// The section's name in the module.
    #[must_use]
    pub const fn section_name(self) -> &'static str {
        match self {
            Self::Data => ".data..persistent",
            Self::Bss => ".bss..persistent",
        }
    }

    /// The role of a section of that name.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.section_name().as_bytes() == name)
    }

    /// What the base symbol's name ends with.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Data => "_data",
            Self::Bss => "_bss",
        }
    }
}
