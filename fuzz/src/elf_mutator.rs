// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changes object files in terms of ELF, so that most results can still be read: sections, symbols,
//! relocations, names, addends. Bytes at random would break the tables at the first step.

use libmodfmt::elf::{Binding, Object, Place, Relocation, Section, SectionKind, Symbol, SymbolKind, flags};

use crate::random::Random;

/// Most changes of one step.
const MAX_CHANGES: usize = 4;
/// Largest section that a change makes, in bytes.
const MAX_SECTION_BYTES: u64 = 1 << 16;

/// Names that the readers look for.
const SECTION_NAMES: [&str; 16] = [
    ".data..persistent",
    ".bss..persistent",
    ".data..persistent.foo.0",
    ".bss..persistent.foo.1",
    ".data..persist_old",
    ".modinfo",
    ".gnu.linkonce.this_module",
    "__versions",
    "__version_ext_crcs",
    "__ksymtab",
    "__param",
    ".note.persist",
    ".text",
    ".debug_info",
    ".debug_abbrev",
    ".debug_line",
];

/// Types of relocations: the plain ones of x86-64, and one by the global offset table.
const RELOCATION_TYPES: [u32; 9] = [1, 1, 2, 4, 10, 11, 24, 9, 0];

/// Changes the first `size` bytes of a buffer, to at most `max_size`; the new size.
pub type ByteMutator = fn(data: &mut [u8], size: usize, max_size: usize) -> usize;

/// What libFuzzer calls: as [`ByteMutator`]. One in four times, and for what is not an object file, it is
/// `bytes` that changes all of them.
pub fn mutate_in_place(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    bytes: ByteMutator,
) -> usize {
    let mut random = Random::new(seed.into());
    if !random.once_in(4)
        && let Some(changed) = data.get(..size).and_then(|file| change_file(file, &mut random, Some(bytes)))
        && changed.len() <= max_size
        && let Some(start) = data.get_mut(..changed.len())
    {
        start.copy_from_slice(&changed);
        return changed.len();
    }
    bytes(data, size, max_size)
}

/// A changed file, the same one for each seed; `None` for what is not an object file, or was made into
/// something that cannot be written.
#[must_use]
pub fn mutant(file: &[u8], seed: u64) -> Option<Vec<u8>> {
    change_file(file, &mut Random::new(seed), None)
}

fn change_file(file: &[u8], random: &mut Random, bytes: Option<ByteMutator>) -> Option<Vec<u8>> {
    let mut object = Object::parse(file).ok()?;
    for _ in 0..=random.below(MAX_CHANGES) {
        change(&mut object, random, bytes);
    }
    object.write().ok()
}

fn change(object: &mut Object<'_>, random: &mut Random, bytes: Option<ByteMutator>) {
    match random.below(10) {
        0 | 1 => section(object, random),
        2 | 3 => contents(object, random, bytes),
        4 | 5 => symbol(object, random),
        _ => relocation(object, random),
    }
}

fn section(object: &mut Object<'_>, random: &mut Random) {
    let count = object.sections.len();
    let index = interesting(object, random);
    if random.once_in(12) {
        let copy = object.sections.get(index).cloned();
        return object.sections.extend(copy);
    }
    let name = match random.pick(&object.sections) {
        Some(other) if random.once_in(2) => other.name.to_vec(),
        _ => random.pick(&SECTION_NAMES).copied().unwrap_or_default().as_bytes().to_vec(),
    };
    let Some(section) = object.sections.get_mut(index) else { return };
    match random.below(9) {
        0 => section.name = name.into(),
        1 => section.flags ^= 1 << random.below(12),
        2 => section.flags ^= [flags::WRITE, flags::ALLOC, flags::EXEC][random.below(3)],
        3 => section.align = 1 << random.below(14),
        4 => section.align = random.number(),
        5 => section.kind = SectionKind([1, 7, 8, 9, 4, 14, 0][random.below(7)]),
        6 => resize(section, random),
        7 => section.info = random.below(count + 1) as u32,
        _ => section.link = random.below(count + 1) as u32,
    }
    if section.kind == SectionKind::NOBITS {
        section.data = Vec::new().into();
    } else {
        section.size = section.data.len() as u64;
    }
}

fn resize(section: &mut Section<'_>, random: &mut Random) {
    let size = (section.size.wrapping_add(random.number())).min(MAX_SECTION_BYTES);
    if section.kind == SectionKind::NOBITS {
        section.size = size;
        return;
    }
    let mut data = section.data.to_vec();
    data.resize(size as usize, 0);
    section.set_data(data);
}

/// Changes the bytes of a section.
fn contents(object: &mut Object<'_>, random: &mut Random, bytes: Option<ByteMutator>) {
    let index = interesting(object, random);
    let Some(section) = object.sections.get_mut(index).filter(|section| !section.data.is_empty()) else {
        return;
    };
    let mut data = section.data.to_vec();
    match bytes {
        Some(mutate) => {
            let size = data.len();
            let room = size + size / 8 + 16;
            data.resize(room, 0);
            let new = mutate(&mut data, size, room);
            data.truncate(new);
        }
        None => {
            let at = random.below(data.len());
            let value = random.number().to_le_bytes();
            let size = 1 << random.below(4);
            for (byte, new) in data[at..].iter_mut().zip(value).take(size) {
                *byte = new;
            }
        }
    }
    section.set_data(data);
}

fn symbol(object: &mut Object<'_>, random: &mut Random) {
    let index = random.below(object.symbols.len());
    let other = random.pick(&object.symbols).map(|symbol| (symbol.name.to_vec(), symbol.place));
    let sections = object.sections.len();
    let Some(symbol) = object.symbols.get_mut(index).filter(|_| index > 0) else { return };
    match random.below(9) {
        0 => symbol.value = random.number(),
        1 => symbol.value = symbol.value.wrapping_add(random.number() & 0xff),
        2 => symbol.size = random.number(),
        3 => symbol.name = other.map(|(name, _)| name).unwrap_or_default().into(),
        4 => symbol.name = [&symbol.name[..], b".0"].concat().into(),
        5 => symbol.place = Place::Section(random.below(sections)),
        6 => {
            symbol.place =
                [Place::Undefined, Place::Absolute, Place::Common, Place::Reserved(0xff20)][random.below(4)];
        }
        7 => symbol.kind = SymbolKind(random.below(7) as u8),
        // Locals come first: whatever else would not be written.
        _ if symbol.binding != Binding::Local => {
            let copy = symbol.clone();
            symbol.binding = [Binding::Global, Binding::Weak][random.below(2)];
            object.symbols.push(Symbol { name: [&copy.name[..], b"_2"].concat().into(), ..copy });
        }
        _ => symbol.value ^= 8,
    }
}

fn relocation(object: &mut Object<'_>, random: &mut Random) {
    let tables: Vec<usize> = (0..object.sections.len())
        .filter(|index| object.sections[*index].is_relocation())
        .filter(|index| {
            // Those of debug information are the most, and concern no image.
            let target = object.sections.get(object.sections[*index].info as usize);
            target.is_some_and(Section::is_alloc) || random.once_in(4)
        })
        .collect();
    let Some(&table) = random.pick(&tables) else { return };
    let Ok(mut all) = object.relocations(table) else { return };
    let symbols = object.symbols.len();
    let at = random.below(all.len());
    let Some(one) = all.get_mut(at) else { return };
    match random.below(9) {
        0 => one.addend = random.number().cast_signed(),
        1 | 2 => one.addend = one.addend.wrapping_add((random.number() & 0xff).cast_signed() - 0x80),
        3 => one.symbol = random.below(symbols),
        4 => one.kind = random.pick(&RELOCATION_TYPES).copied().unwrap_or_default(),
        5 => one.offset = one.offset.wrapping_add(random.number()),
        6 => drop(all.remove(at)),
        7 => {
            let copy = Relocation { offset: one.offset.wrapping_add(8), ..*one };
            all.insert(at + 1, copy);
        }
        _ => {
            let last = all.len() - 1;
            all.swap(at, last);
        }
    }
    // More symbols than 32 bits count do not occur.
    let _ = object.set_relocations(table, &all);
}

/// The index of a section: half of the time one that is read for persistent data.
fn interesting(object: &Object<'_>, random: &mut Random) -> usize {
    let known: Vec<usize> = (1..object.sections.len())
        .filter(|index| {
            let name = &object.sections[*index].name;
            SECTION_NAMES.iter().any(|known| known.as_bytes() == &**name)
        })
        .collect();
    match random.pick(&known) {
        Some(&index) if random.once_in(2) => index,
        _ => random.below(object.sections.len()),
    }
}

#[cfg(test)]
mod tests {
    use modtest::module::Make;

    use super::*;

    #[test]
    fn a_seed_gives_one_mutant_and_most_can_be_read() {
        let file = Make::typical("foo").build();
        let mutants: Vec<_> = (0..200).filter_map(|seed| mutant(&file, seed)).collect();
        assert!(mutants.len() > 180, "{}", mutants.len());
        assert_eq!(mutant(&file, 7), mutant(&file, 7));
        let readable = mutants.iter().filter(|mutant| Object::parse(mutant).is_ok()).count();
        assert!(readable > 150, "{readable}");
        assert!(mutants.iter().filter(|mutant| **mutant == file).count() < 20);
    }

    #[test]
    fn what_is_no_object_file_is_changed_byte_by_byte() {
        let mut data = *b"text....";
        let size = mutate_in_place(&mut data, 4, 8, 1, |data, _, _| {
            data[0] = b'T';
            5
        });
        assert_eq!((size, &data), (5, b"Text...."));
    }
}
