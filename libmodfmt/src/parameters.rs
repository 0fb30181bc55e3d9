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

use crate::arch::relocations_of;
use crate::elf::{Object, Place, Relocation, RelocationTables};
use crate::persist::PersistentSection;

/// Size of an entry in words.
const WORDS: u64 = 5;

/// The names, in the order of the table. One that cannot be read is left out.
#[must_use]
pub fn names(object: &Object<'_>) -> Vec<String> {
    let Some((index, section)) = object.section("__param") else { return Vec::new() };
    let Ok(relocations) = relocations_of(object, &RelocationTables::of(object), index) else {
        return Vec::new();
    };
    let by_place: HashMap<u64, &Relocation> =
        relocations.iter().map(|relocation| (relocation.offset, relocation)).collect();
    let size = (object.ident.class.word_size() as u64).saturating_mul(WORDS);
    let count = (section.data.len() as u64).checked_div(size).unwrap_or(0);
    (0..count).filter_map(|entry| name_at(object, &by_place, entry.checked_mul(size)?)).collect()
}

/// One entry of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Root may write to it while the module is loaded.
    pub is_writable: bool,
    /// It has a function that sets it. The kernel calls it without a check: a load that is given a parameter
    /// without one ends in an oops.
    pub is_settable: bool,
    /// Its value is persistent data: a number or a string there, or an array.
    pub is_persistent: bool,
}

/// All entries, in the order of the table. One whose name cannot be read is left out.
///
/// `arg` points to the value, but for a string to `struct kparam_string`, {maxlen, string}, and for an array
/// to `struct kparam_array`, {max, elemsize, num, ops, elem}. `ops` points to `struct kernel_param_ops`,
/// {flags, set, get, free}, of the module or of the kernel; the kernel's can all be set.
#[must_use]
pub fn all(object: &Object<'_>) -> Vec<Parameter> {
    let Some((index, section)) = object.section("__param") else { return Vec::new() };
    let tables = RelocationTables::of(object);
    let Ok(relocations) = relocations_of(object, &tables, index) else { return Vec::new() };
    let by_place: HashMap<u64, &Relocation> =
        relocations.iter().map(|relocation| (relocation.offset, relocation)).collect();
    let word = object.ident.class.word_size() as u64;
    let size = word.saturating_mul(WORDS);
    let count = (section.data.len() as u64).checked_div(size).unwrap_or(0);
    let mut others = OtherSections { object, tables, read: HashMap::new() };
    let mut found = Vec::new();
    for start in (0..count).filter_map(|entry| entry.checked_mul(size)) {
        let Some(name) = name_at(object, &by_place, start) else { continue };
        let at = |words: u64| word.checked_mul(words)?.checked_add(start);
        let pointer = |words: u64| by_place.get(&at(words)?).copied();
        // `max` and `elemsize` have 8 bytes; `maxlen` is an int, with padding before a pointer of 8 bytes.
        let distance = match ops(object, &by_place, start).as_deref() {
            Some(b"param_array_ops") => word.checked_mul(2).and_then(|words| words.checked_add(8)),
            Some(b"param_ops_string") => Some(word),
            _ => None,
        };
        let arg = pointer(WORDS - 1).and_then(|arg| target(object, arg));
        let is_persistent = arg.is_some_and(|(section, offset)| match distance {
            Some(distance) => others
                .pointer(section, offset.saturating_add(distance))
                .is_some_and(|(section, _)| is_persistent(object, section)),
            None => is_persistent(object, section),
        });
        let is_settable = pointer(2).is_some_and(|ops| match target(object, ops) {
            // `flags`, with padding, has a word.
            Some((section, offset)) => others.has_relocation(section, offset.saturating_add(word)),
            None => true,
        });
        let mode = at(3)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| section.data.get(at..)?.first_chunk());
        let mode = mode.map_or(0, |bytes| object.ident.order.u16(*bytes));
        found.push(Parameter { name, is_writable: mode & 0o200 != 0, is_settable, is_persistent });
    }
    found
}

/// Relocations of the sections that parameters refer to, by offset.
struct OtherSections<'o, 'd> {
    object: &'o Object<'d>,
    tables: RelocationTables,
    read: HashMap<usize, HashMap<u64, Relocation>>,
}

impl OtherSections<'_, '_> {
    fn relocation(&mut self, section: usize, offset: u64) -> Option<&Relocation> {
        let (object, tables) = (self.object, &self.tables);
        let read = self.read.entry(section).or_insert_with(|| {
            let found = relocations_of(object, tables, section).unwrap_or_default();
            found.into_iter().map(|relocation| (relocation.offset, relocation)).collect()
        });
        read.get(&offset)
    }

    fn has_relocation(&mut self, section: usize, offset: u64) -> bool {
        self.relocation(section, offset).is_some()
    }

    /// What the pointer there leads to.
    fn pointer(&mut self, section: usize, offset: u64) -> Option<(usize, u64)> {
        let object = self.object;
        target(object, self.relocation(section, offset)?)
    }
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
    const SECTIONS: [&str; 5] = ["__param", "names", ".data", ".rodata", KEPT];
    const OPS: [&str; 3] = ["param_ops_int", "param_ops_string", "param_array_ops"];
    const NAMES: &[u8] = b"number\0string\0array\0other\0own\0shown\0";

    /// A file with pointers from a place in one section to a place in another, or to a symbol.
    fn file(pointers: &[(&str, u64, &str, i64)]) -> Object<'static> {
        let mut object = Object::new(Ident::X86_64, 0);
        for name in SECTIONS {
            let mut data = if name == "names" { NAMES.to_vec() } else { vec![0; 240] };
            if name == "__param" {
                // All but the first may only be read.
                for (entry, mode) in data.chunks_mut(40).zip([0o644_u16, 0o444, 0o444, 0o444, 0o444, 0o444]) {
                    entry[24..26].copy_from_slice(&mode.to_le_bytes());
                }
            }
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
    fn what_the_table_tells() {
        let entry = |number: u64, name: i64, ops: (&'static str, i64), to: &'static str, at: i64| {
            let start = number * 40;
            [
                ("__param", start, "names", name),
                ("__param", start + 16, ops.0, ops.1),
                ("__param", start + 32, to, at),
            ]
        };
        let entries = [
            entry(0, 0, (OPS[0], 0), KEPT, 8),
            entry(1, 7, (OPS[1], 0), ".data", 0),
            entry(2, 14, (OPS[2], 0), ".data", 16),
            // A number before a pointer to kept data.
            entry(3, 20, (OPS[0], 0), ".data", 48),
            // With functions of the module: one can be set, the other is only shown.
            entry(4, 26, (".rodata", 0), ".data", 0),
            entry(5, 30, (".rodata", 32), ".data", 0),
        ];
        let others = [(".data", 8, KEPT, 16), (".data", 40, KEPT, 24), (".data", 56, KEPT, 0)];
        let functions =
            [(".rodata", 8, ".data", 0), (".rodata", 16, ".data", 0), (".rodata", 48, ".data", 0)];
        let pointers: Vec<_> = entries.into_iter().flatten().chain(others).chain(functions).collect();
        let object = file(&pointers);
        let all = all(&object);
        let names = |is_it: fn(&Parameter) -> bool| -> Vec<&str> {
            all.iter().filter(|one| is_it(one)).map(|one| one.name.as_str()).collect()
        };
        assert_eq!(super::names(&object), names(|_| true));
        assert_eq!(names(|one| one.is_persistent), ["number", "string", "array"]);
        assert_eq!(names(|one| one.is_writable), ["number"]);
        assert_eq!(names(|one| !one.is_settable), ["shown"]);
    }
}
