// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters of a module, from its own table.
//!
//! `.modinfo` has the parameters of `module_param()` with their types, but not those of
//! `module_param_cb()` and `module_param_call()`. The kernel itself uses the section `__param`, an array
//! of `struct kernel_param`: {name, mod, ops, perm, level, flags, arg}, five words each
//! (include/linux/moduleparam.h, 4.19 to 7.3).
//!
//! ```no_run
//! use libmodfmt::elf::Object;
//! use libmodfmt::parameters;
//!
//! let file = std::fs::read("loop.ko").unwrap();
//! assert!(parameters::names(&Object::parse(&file).unwrap()).contains(&"max_loop".to_owned()));
//! ```

use std::collections::HashMap;

use crate::elf::{Object, Place, Relocation};

/// Size of an entry in words.
const WORDS: u64 = 5;

/// The names, in the order of the table. One that cannot be read is left out.
#[must_use]
pub fn names(object: &Object<'_>) -> Vec<String> {
    let Some((index, section)) = object.section("__param") else { return Vec::new() };
    let Ok(relocations) = object.relocations_of(index) else { return Vec::new() };
    let by_place: HashMap<u64, &Relocation> =
        relocations.iter().map(|relocation| (relocation.offset, relocation)).collect();
    let size = (object.ident.class.word_size() as u64).saturating_mul(WORDS);
    let count = (section.data.len() as u64).checked_div(size).unwrap_or(0);
    (0..count).filter_map(|entry| name_at(object, &by_place, entry.checked_mul(size)?)).collect()
}

/// The text that the pointer at this offset of a section refers to, by the section's relocations.
pub(crate) fn name_at(
    object: &Object<'_>,
    by_place: &HashMap<u64, &Relocation>,
    place: u64,
) -> Option<String> {
    let name = by_place.get(&place)?;
    let symbol = object.symbols.get(name.symbol)?;
    let Place::Section(index) = symbol.place else { return None };
    let at = usize::try_from(symbol.value.checked_add_signed(name.addend)?).ok()?;
    let bytes = object.sections.get(index)?.data.get(at..)?;
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(bytes.get(..end)?).into_owned())
}
