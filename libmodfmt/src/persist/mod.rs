// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data in a module file: its variables, what describes them, and what may be kept.
//!
//! A module marks variables with `__persistent` or `__persistent_bss`. That puts each into a section of its
//! own, `.data..persistent.FILE.N` or `.bss..persistent.FILE.N`, or into a common one without `FILE.N`. Each
//! section is a [`Unit`]. [`Inventory::of`] lists them. Keepers carry a [`Header`] in a note, and
//! [`Account::of`] says what a version of the module would do with each of its variables.
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
//! assert_eq!(inventory.header.units[0].size, 16);
//! ```

mod ambiguous;
mod binding;
mod compare;
mod debug_info;
mod difference;
mod embedded_types;
mod error;
mod extended;
mod header;
mod identity;
mod inventory;
mod later;
mod layout_hash;
mod names;
mod note;
mod refusal;
mod section;
mod source_name;
mod unit;
mod variable;
mod variables;
mod without_debug_info;

pub use ambiguous::{Ambiguity, AmbiguousName};
pub use binding::{
    Account, Change, Fate, InitialValue, KeptMemory, KeptVariable, LeftBehind, Restored, SavedValues, Stay,
    UnitPlace, UnitPointer, UnitValue, Values, VariableAccount, Wishes, spent_generations,
};
pub use compare::{Agreement, compare};
pub use debug_info::{
    KernelBtfBlobs, KernelBtfReader, MAX_TYPE_TABLE_BYTES, PersistentDebugInfo, VariableDebugInfo,
};
pub use difference::Difference;
pub use embedded_types::{EMBEDDED_TYPES_SECTION, EmbeddedTypesError, embed_types, embedded_types};
pub use error::PersistError;
pub use extended::{
    BlockNote, ExtendedBlock, ExtendedListError, ExtendedRegion, ExtendedUse, KernelNames,
    MAX_BLOCK_NOTE_BYTES, extended_regions,
};
pub use header::{Grown, Header, KeptPlace, NOTE_VERSION};
pub use inventory::Inventory;
pub use later::LaterChanges;
pub use names::{
    base_symbol, base_symbol_version_1, base_symbol_with_identity, generation_in_name, hold_of_generation,
    is_keeper_name, keeper_name, keeper_of_generation, pending_name,
};
pub use note::{NOTE_NAME, NOTE_SECTION, NOTE_TYPE, NoteError};
pub use refusal::{Import, Refusal, Refusals};
pub(crate) use section::HOLDS_PREFIX;
pub use section::PersistentSection;
pub use unit::Unit;
pub use variable::Variable;
