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

use crate::elf::{Object, Place, Relocation, RelocationTables};
use crate::persist::PersistentSection;

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

/// Those among them whose value is persistent data: a number or a string there, or an array.
///
/// `arg` points to the value, but for a string to `struct kparam_string`, {maxlen, string}, and for an array
/// to `struct kparam_array`, {max, elemsize, num, ops, elem}.
#[must_use]
pub fn persistent_names(object: &Object<'_>) -> Vec<String> {
    let Some((index, section)) = object.section("__param") else { return Vec::new() };
    let tables = RelocationTables::of(object);
    let Ok(relocations) = tables.relocations_of(object, index) else { return Vec::new() };
    let by_place: HashMap<u64, &Relocation> =
        relocations.iter().map(|relocation| (relocation.offset, relocation)).collect();
    let word = object.ident.class.word_size() as u64;
    let size = word.saturating_mul(WORDS);
    let count = (section.data.len() as u64).checked_div(size).unwrap_or(0);
    // The relocations of the sections that descriptions of strings and arrays are in, by offset.
    let mut described: HashMap<usize, HashMap<u64, Relocation>> = HashMap::new();
    let mut names = Vec::new();
    for start in (0..count).filter_map(|entry| entry.checked_mul(size)) {
        let arg = word.checked_mul(WORDS - 1).and_then(|words| start.checked_add(words));
        let Some((section, offset)) =
            arg.and_then(|arg| by_place.get(&arg)).and_then(|arg| target(object, arg))
        else {
            continue;
        };
        let there = described.entry(section).or_insert_with(|| {
            let found = tables.relocations_of(object, section).unwrap_or_default();
            found.into_iter().map(|relocation| (relocation.offset, relocation)).collect()
        });
        let at = |distance: u64| there.get(&offset.checked_add(distance)?);
        let points_to_persistent = |relocation: &Relocation| {
            target(object, relocation).is_some_and(|(section, _)| is_persistent(object, section))
        };
        // What `arg` points to depends on the functions. `max` and `elemsize`, or `maxlen` and padding, have 8
        // bytes.
        let distance = match ops(object, &by_place, start).as_deref() {
            Some(b"param_array_ops") => word.checked_mul(2).and_then(|words| words.checked_add(8)),
            Some(b"param_ops_string") => Some(8),
            _ => None,
        };
        let is_kept = match distance {
            Some(distance) => at(distance).is_some_and(points_to_persistent),
            None => is_persistent(object, section),
        };
        if is_kept {
            names.extend(name_at(object, &by_place, start));
        }
    }
    names
}

/// The name of the functions of the entry at this offset.
fn ops(object: &Object<'_>, by_place: &HashMap<u64, &Relocation>, start: u64) -> Option<Vec<u8>> {
    let word = object.ident.class.word_size() as u64;
    let ops = by_place.get(&word.checked_mul(2)?.checked_add(start)?)?;
    Some(object.symbols.get(ops.symbol)?.name.to_vec())
}

fn is_persistent(object: &Object<'_>, section: usize) -> bool {
    let section = object.sections.get(section);
    section.is_some_and(|section| PersistentSection::from_name(&section.name).is_some())
}

/// The section and the offset that a relocation refers to.
pub(crate) fn target(object: &Object<'_>, relocation: &Relocation) -> Option<(usize, u64)> {
    let symbol = object.symbols.get(relocation.symbol)?;
    let Place::Section(index) = symbol.place else { return None };
    Some((index, symbol.value.checked_add_signed(relocation.addend)?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::{Ident, RelocationForm, Section, SectionKind, Symbol, flags};

    const KEPT: &str = ".data..persistent.foo.1";
    const SECTIONS: [&str; 4] = ["__param", "names", ".data", KEPT];
    const OPS: [&str; 3] = ["param_ops_int", "param_ops_string", "param_array_ops"];

    /// A file with pointers from a place in one section to a place in another, or to a symbol.
    fn file(pointers: &[(&str, u64, &str, i64)]) -> Object<'static> {
        let mut object = Object::new(Ident::X86_64, 0);
        for name in SECTIONS {
            let data =
                if name == "names" { b"number\0string\0array\0other\0".to_vec() } else { vec![0; 160] };
            object.sections.push(Section::with_data(name, SectionKind::PROGBITS, flags::ALLOC, 8, data));
            object.symbols.push(Symbol::of_section(object.sections.len() - 1));
        }
        object.symbols.extend(OPS.map(Symbol::undefined));
        let symbol_of = |name: &str| {
            let all = SECTIONS.iter().chain(&OPS).position(|known| *known == name);
            all.unwrap() + 1
        };
        let symtab = object.symtab().unwrap();
        for from in SECTIONS {
            let of_section = pointers.iter().filter(|pointer| pointer.0 == from);
            let list: Vec<Relocation> = of_section
                .map(|(_, offset, to, addend)| Relocation {
                    offset: *offset,
                    symbol: symbol_of(to),
                    kind: 1,
                    addend: *addend,
                })
                .collect();
            object.add_relocations(symbol_of(from), symtab, RelocationForm::Rela, &list).unwrap();
        }
        object
    }

    #[test]
    fn values_in_persistent_data() {
        let entry = |number: u64, name: i64, ops: &'static str, to: &'static str, at: i64| {
            let start = number * 40;
            [
                ("__param", start, "names", name),
                ("__param", start + 16, ops, 0),
                ("__param", start + 32, to, at),
            ]
        };
        let entries = [
            entry(0, 0, OPS[0], KEPT, 8),
            entry(1, 7, OPS[1], ".data", 0),
            entry(2, 14, OPS[2], ".data", 16),
            // A number before a pointer to kept data.
            entry(3, 20, OPS[0], ".data", 48),
        ];
        let others = [(".data", 8, KEPT, 16), (".data", 40, KEPT, 24), (".data", 56, KEPT, 0)];
        let pointers: Vec<_> = entries.into_iter().flatten().chain(others).collect();
        let object = file(&pointers);
        assert_eq!(names(&object), ["number", "string", "array", "other"]);
        assert_eq!(persistent_names(&object), ["number", "string", "array"]);
    }
}
