// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rule that refuses a `charp` parameter in persistent data: the kernel frees the string at unload
//! and leaves the pointer. Numbers and char arrays are fine.
//!
//! `struct kernel_param` is {name, mod, ops, perm, level, flags, arg} and `struct kparam_array` is
//! {max, elemsize, num, ops, elem} (include/linux/moduleparam.h, 4.19 to 7.3): from a pointer to
//! `param_ops_charp` the variable's address is two words away in the first, one in the second.

use std::collections::{BTreeMap, HashMap};

use super::variable_text::{section_text, variable_text};
use super::{Refusal, Refusals};
use crate::elf::{Object, Place, Relocation};
use crate::parameters::name_at;
use crate::persist::{Inventory, PersistError};

pub(super) fn check(
    object: &Object<'_>,
    inventory: &Inventory,
    found: &mut Refusals,
) -> Result<(), PersistError> {
    let Some((charp, _)) = object.global("param_ops_charp") else { return Ok(()) };
    let word = object.ident.class.word_size() as u64;
    // By table and not by section: a file may have very many sections.
    let mut by_target: BTreeMap<usize, Vec<Relocation>> = BTreeMap::new();
    for (table, section) in object.sections.iter().enumerate().filter(|(_, section)| section.is_relocation())
    {
        let Ok(target) = usize::try_from(section.info) else { continue };
        by_target.entry(target).or_default().extend(object.relocations(table)?);
    }
    for (index, relocations) in by_target {
        let Some(section) = object.sections.get(index).filter(|section| section.is_alloc()) else { continue };
        let distance = if &*section.name == b"__param" { word.saturating_mul(2) } else { word };
        if !relocations.iter().any(|relocation| relocation.symbol == charp) {
            continue;
        }
        let by_place: HashMap<u64, &Relocation> =
            relocations.iter().map(|relocation| (relocation.offset, relocation)).collect();
        for ops in relocations.iter().filter(|relocation| relocation.symbol == charp) {
            let Some(arg) = by_place.get(&ops.offset.saturating_add(distance)) else { continue };
            let Some((unit, offset)) = target(object, inventory, arg) else { continue };
            found.reasons.push(Refusal::CharpParameter {
                section: section_text(inventory, unit),
                variable: variable_text(inventory, unit, offset),
                offset,
                parameter: parameter_name(object, &by_place, ops, word),
            });
        }
    }
    Ok(())
}

fn target(object: &Object<'_>, inventory: &Inventory, arg: &Relocation) -> Option<(usize, u64)> {
    let symbol = object.symbols.get(arg.symbol)?;
    let Place::Section(index) = symbol.place else { return None };
    let unit = inventory.unit_of(index)?;
    Some((unit, symbol.value.checked_add_signed(arg.addend)?))
}

/// The parameter's name: the first word of the entry points to it.
fn parameter_name(
    object: &Object<'_>,
    by_place: &HashMap<u64, &Relocation>,
    ops: &Relocation,
    word: u64,
) -> String {
    let start = word.checked_mul(2).and_then(|words| ops.offset.checked_sub(words));
    let name = start.and_then(|start| name_at(object, by_place, start));
    name.unwrap_or_else(|| String::from("(an array)"))
}
