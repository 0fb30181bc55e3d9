// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data in a module file: its variables, what describes them, and what may be kept.
//!
//! A module marks variables with `__persistent` (section `.data..persistent`) or `__persistent_bss`
//! (`.bss..persistent`). [`Inventory::of`] lists them. The [`Header`] in it is what a keeper carries in
//! a note, and what [`compare`] compares with the next version of the module.
//!
//! ```
//! use libmodfmt::elf::{Ident, Object, Section, SectionKind, flags};
//! use libmodfmt::persist::Inventory;
//!
//! let mut module = Object::new(Ident::X86_64, 0);
//! assert!(Inventory::of(&module, "foo", None, &[]).unwrap().is_none());
//!
//! let flags = flags::ALLOC | flags::WRITE;
//! let (kind, data) = (SectionKind::PROGBITS, vec![0; 16]);
//! module.sections.push(Section::with_data(".data..persistent", kind, flags, 8, data));
//! let inventory = Inventory::of(&module, "foo", None, &[]).unwrap().unwrap();
//! assert_eq!(inventory.header.sections[0].size, 16);
//! ```

mod ambiguous;
mod compare;
mod debug_info;
mod embedded_types;
mod error;
mod extended;
mod header;
mod inventory;
mod layout_hash;
mod names;
mod note;
mod refusal;
mod section;
mod source_name;
mod variables;

pub use ambiguous::{Ambiguity, AmbiguousName};
pub use compare::{Agreement, Difference, compare};
pub use debug_info::{KernelBtfReader, MAX_TYPE_TABLE_BYTES, VariableDebugInfo};
pub use embedded_types::{EMBEDDED_TYPES_SECTION, EmbeddedTypesError, embed_types, embedded_types};
pub use error::PersistError;
pub use extended::{ExtendedListError, ExtendedRegion, ExtendedUse, extended_regions};
pub use header::{Header, SectionHeader, Variable};
pub use inventory::Inventory;
pub use names::{base_symbol, keeper_name, trial_name};
pub use note::{NOTE_NAME, NOTE_SECTION, NOTE_TYPE, NOTE_VERSION, NoteError};
pub use refusal::{Import, Refusal, Refusals};
pub use section::PersistentSection;
