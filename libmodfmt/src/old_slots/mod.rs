// SPDX-License-Identifier: MIT OR Apache-2.0
//! Conversion by hand: `persistent_old(variable, struct old)` of persistent.h.
//!
//! Each use is a slot in the section [`SECTION`]: two words, the address of the variable, by which the slot
//! is known, and a word that is zero in the file. If a load makes a new place for the variable, insmod lets
//! the second word be the address of the old one, by a relocation of the owner image. The presence of a slot
//! says that the author takes care of the old value.
//!
//! ```
//! use libmodfmt::elf::{Ident, Object};
//! use libmodfmt::old_slots;
//!
//! assert!(old_slots::of(&Object::new(Ident::X86_64, 0))?.is_empty());
//! # Ok::<(), old_slots::OldSlotError>(())
//! ```

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::arch::{relocation_type, relocations_of, store_addend};
use crate::elf::{ByteOrder, ElfError, Object, Place, Relocation, RelocationTables, SectionKind};

/// The section with the slots.
pub const SECTION: &str = ".data..persist_old";

/// One use of `persistent_old()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OldSlot {
    /// Index of the section that holds it.
    pub section: usize,
    /// Offset in it of the word that is to be filled, in bytes.
    pub offset: u64,
    /// The variable: index of its section, and offset in it in bytes.
    pub variable: (usize, u64),
    /// The relocation type that stores an address in a word.
    kind: u32,
}

/// Why the slots cannot be read or filled.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldSlotError {
    /// The file is broken.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The section does not consist of slots.
    #[error("section {SECTION}, offset {offset:#x}: {what}")]
    Slot {
        /// Offset in the section, in bytes.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// The slots of a file. There may be several for one variable.
///
/// # Errors
/// A slot does not name a variable, or is filled already.
pub fn of(object: &Object<'_>) -> Result<Vec<OldSlot>, OldSlotError> {
    let word = object.ident.class.word_size() as u64;
    let wrong = |offset, what| OldSlotError::Slot { offset, what };
    let tables = RelocationTables::of(object);
    let mut slots = Vec::new();
    let sections = object.sections.iter().enumerate().filter(|(_, section)| {
        // A linker script may have appended something to the name.
        section
            .name
            .strip_prefix(SECTION.as_bytes())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
    });
    for (index, section) in sections {
        let relocations = relocations_of(object, &tables, index)?;
        for relocation in &relocations {
            let offset = relocation.offset;
            let named = relocation_type(object.ident.machine, relocation.kind);
            if !offset.is_multiple_of(word.saturating_mul(2)) || !named.is_some_and(|kind| kind.is_absolute())
            {
                return Err(wrong(offset, "a relocation is not that of a slot's first word"));
            }
            let symbol = object.symbols.get(relocation.symbol).map(|symbol| (symbol.place, symbol.value));
            let Some((Place::Section(target), value)) = symbol else {
                return Err(wrong(offset, "the variable is not defined in this module"));
            };
            let place = value.checked_add_signed(relocation.addend);
            let place = place.ok_or_else(|| wrong(offset, "the addend is impossible"))?;
            let offset = offset.saturating_add(word);
            if stored(object, &section.data, offset)? != 0 {
                return Err(wrong(offset, "the word for the old address is not zero"));
            }
            slots.push(OldSlot { section: index, offset, variable: (target, place), kind: relocation.kind });
        }
        let size = word.saturating_mul(2).saturating_mul(relocations.len() as u64);
        if section.size != size {
            return Err(wrong(size, "a slot does not name a variable"));
        }
    }
    Ok(slots)
}

/// Lets slots be an address: for each, the symbol in `object` and what is added to it. Nothing else of the
/// file changes; the slots must be those of [`of`] for it or for what it was made from.
///
/// # Errors
/// A symbol does not exist, or an addend does not fit.
pub fn fill(object: &mut Object<'_>, filled: &[(OldSlot, usize, i64)]) -> Result<(), OldSlotError> {
    for (slot, symbol, addend) in filled {
        let wrong = |what| OldSlotError::Slot { offset: slot.offset, what };
        if *symbol == 0 || *symbol >= object.symbols.len() {
            return Err(wrong("there is no such symbol to fill it with"));
        }
        let table = object.relocation_sections_of(slot.section).next();
        let table = table.map(|(index, table)| (index, table.kind == SectionKind::REL));
        let (table, is_rel) = table.ok_or_else(|| wrong("the section has no relocations"))?;
        if is_rel {
            let ident = object.ident;
            let start = usize::try_from(slot.offset).map_err(|_| wrong("the offset is impossible"))?;
            let mut is_stored = false;
            if let Some(section) = object.sections.get_mut(slot.section) {
                section.data.edit(|data| {
                    let place = data.get_mut(start..);
                    is_stored =
                        place.and_then(|place| store_addend(ident, slot.kind, place, *addend)).is_some();
                });
            }
            if !is_stored {
                return Err(wrong("it lies outside of its section, or the addend does not fit"));
            }
        }
        let mut relocations = object.relocations(table)?;
        let addend = if is_rel { 0 } else { *addend };
        relocations.push(Relocation { offset: slot.offset, symbol: *symbol, kind: slot.kind, addend });
        object.set_relocations(table, &relocations)?;
    }
    Ok(())
}

/// The word in a section's bytes.
fn stored(object: &Object<'_>, data: &[u8], offset: u64) -> Result<i64, OldSlotError> {
    let order: ByteOrder = object.ident.order;
    let bytes = usize::try_from(offset).ok().and_then(|start| data.get(start..)).unwrap_or_default();
    let word = match object.ident.class.word_size() {
        8 => bytes.first_chunk().map(|bytes| order.u64(*bytes).cast_signed()),
        _ => bytes.first_chunk().map(|bytes| order.u32(*bytes).cast_signed().into()),
    };
    word.ok_or(OldSlotError::Slot { offset, what: "the slot ends past its section" })
}
