// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rule that refuses a `charp` parameter in persistent data: the kernel frees the string at unload
//! and leaves the pointer. Numbers and char arrays are fine.
//!
//! `struct kernel_param` is {name, mod, ops, perm, level, flags, arg} and `struct kparam_array` is
//! {max, elemsize, num, ops, elem} (include/linux/moduleparam.h, 4.19 to 7.3): from a pointer to
//! `param_ops_charp` the variable's address is two words away in the first, one in the second. The name of an
//! array is in the entry of `__param` whose `arg` points to the second.

use std::collections::{BTreeMap, HashMap};

use super::variable_text::{section_text, variable_text};
use super::{Refusal, Refusals};
use crate::arch::each_relocation;
use crate::elf::{Object, Relocation};
use crate::parameters::{name_at, target};
use crate::persist::{Inventory, PersistError};

/// The section of all parameters.
const TABLE: &str = "__param";

/// Size of `max` and `elemsize` in a `struct kparam_array`, in bytes.
const COUNTS_SIZE: u64 = 8;

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
        by_target.entry(target).or_default().extend(each_relocation(object, table)?);
    }
    let arrays = object.section(TABLE).and_then(|(index, _)| by_target.get(&index));
    let arrays = arrays.map_or_else(HashMap::new, |relocations| names_by_arg(object, relocations, word));
    for (index, relocations) in by_target {
        let Some(section) = object.sections.get(index).filter(|section| section.is_alloc()) else { continue };
        let is_table = &*section.name == TABLE.as_bytes();
        let distance = if is_table { word.saturating_mul(2) } else { word };
        if !relocations.iter().any(|relocation| relocation.symbol == charp) {
            continue;
        }
        let by_place: HashMap<u64, &Relocation> =
            relocations.iter().map(|relocation| (relocation.offset, relocation)).collect();
        for ops in relocations.iter().filter(|relocation| relocation.symbol == charp) {
            let Some(arg) = by_place.get(&ops.offset.saturating_add(distance)) else { continue };
            let Some((target, offset)) = target(object, arg) else { continue };
            let Some(unit) = inventory.unit_of(target) else { continue };
            let parameter = if is_table {
                let start = word.checked_mul(2).and_then(|words| ops.offset.checked_sub(words));
                start.and_then(|start| name_at(object, &by_place, start))
            } else {
                let start = ops.offset.checked_sub(word.saturating_add(COUNTS_SIZE));
                start.and_then(|start| arrays.get(&(index, start)).cloned())
            };
            found.reasons.push(Refusal::CharpParameter {
                section: section_text(inventory, unit),
                variable: variable_text(inventory, unit, offset),
                offset,
                parameter: parameter.unwrap_or_else(|| String::from("(of unknown name)")),
            });
        }
    }
    Ok(())
}

/// The parameters of the table by what their `arg` points to.
fn names_by_arg(object: &Object<'_>, relocations: &[Relocation], word: u64) -> HashMap<(usize, u64), String> {
    let by_place: HashMap<u64, &Relocation> =
        relocations.iter().map(|relocation| (relocation.offset, relocation)).collect();
    let entry = |arg: &Relocation| {
        // It is the last of five words, the name is the first.
        let start = arg.offset.checked_sub(word.checked_mul(4)?)?;
        (start.checked_rem(word.checked_mul(5)?)? == 0).then_some(())?;
        Some((target(object, arg)?, name_at(object, &by_place, start)?))
    };
    relocations.iter().filter_map(entry).collect()
}
