// SPDX-License-Identifier: MIT OR Apache-2.0
//! The strict checks that every image passes before it is handed out.
//!
//! Kernels before 5.10 hardly look at what they load: a wrong offset would be an oops. So the bytes
//! are parsed anew, and all that the kernel relies on is looked at once more.

use super::{Base, ImageError, Keeper};
use crate::arch::Arch;
use crate::elf::{Object, Place, SectionKind, flags};
use crate::module::{Module, THIS_MODULE};
use crate::persist::{Header, Inventory, NOTE_SECTION, Role};
use crate::versions::Versions;

/// Fails with the name of the image where a condition does not hold.
struct Judge(&'static str);

impl Judge {
    fn that(&self, holds: bool, what: impl FnOnce() -> String) -> Result<(), ImageError> {
        if holds { Ok(()) } else { Err(ImageError::Check { image: self.0, what: what() }) }
    }
}

pub(super) fn keeper(
    image: &[u8],
    inventory: &Inventory,
    name: &str,
    wanted: Keeper<'_>,
) -> Result<(), ImageError> {
    let judge = Judge("keeper");
    let module = Module::parse(image)?;
    let object = &module.object;
    judge.that(module.name == name, || format!("it calls itself {}", module.name))?;
    relocations(&judge, object)?;
    for section in &object.sections {
        judge.that(section.flags & flags::EXEC == 0, || format!("{} is executable", section.name_text()))?;
    }
    let this = object.section(THIS_MODULE).map_or(usize::MAX, |(index, _)| index);
    judge.that(object.relocation_sections_of(this).next().is_none(), || "it has an init or exit".into())?;

    let note = object.section(NOTE_SECTION).map(|(_, section)| section.data.to_vec()).unwrap_or_default();
    let header = Header::from_note(&note, object.ident.order)?;
    judge.that(header == inventory.header, || "its note differs from the inventory".into())?;
    for section in &header.sections {
        let name = section.role.section_name();
        let found = object.section(name).map(|(_, found)| (found.size, found.align.max(1), found.flags));
        let expected = (section.size, section.align, flags::ALLOC | flags::WRITE);
        judge.that(found == Some(expected), || format!("{name} is {found:x?}, not {expected:x?}"))?;
    }
    imports_used(&judge, object)?;
    exports(&judge, object, &header, wanted)
}

pub(super) fn owner(image: &[u8], inventory: &Inventory, bases: &[Base]) -> Result<(), ImageError> {
    let judge = Judge("owner");
    let module = Module::parse(image)?;
    let object = &module.object;
    judge.that(module.name == inventory.header.owner, || format!("it calls itself {}", module.name))?;
    relocations(&judge, object)?;
    for section in &object.sections {
        let role = Role::of_section(&section.name);
        let gone = role.is_none() || section.size == 0;
        judge.that(gone, || format!("{} is still in it", section.name_text()))?;
    }
    for (index, section) in object.sections.iter().enumerate() {
        let target = object.sections.get(section.info as usize);
        if !section.is_relocation() || !target.is_some_and(crate::elf::Section::is_alloc) {
            continue;
        }
        for relocation in object.relocations(index)? {
            let symbol = object.symbols.get(relocation.symbol);
            let persistent = symbol.is_some_and(|symbol| match symbol.place {
                Place::Section(section) => inventory.role_of(section).is_some(),
                _ => false,
            });
            judge.that(!persistent, || {
                format!("{}+{:#x} still uses it", section.name_text(), relocation.offset)
            })?;
        }
    }
    for base in bases.iter().filter(|base| inventory.header.section(base.role).is_some()) {
        let named = object.symbols.iter().filter(|symbol| &*symbol.name == base.symbol.as_bytes());
        let places: Vec<Place> = named.map(|symbol| symbol.place).collect();
        judge.that(places == [Place::Undefined], || format!("{} is defined as {places:?}", base.symbol))?;
        if let Some((_, section)) = object.section("__versions") {
            let versions = Versions::parse(&section.data, object.ident.class, object.ident.order)?;
            let crc = versions.get(base.symbol.as_bytes());
            judge.that(crc == Some(base.crc), || format!("{} has the version {crc:x?}", base.symbol))?;
        }
    }
    Ok(())
}

/// Every relocation of a loaded section stays inside it, and what it overwrites is zero: the x86
/// loader refuses anything else (arch/x86/kernel/module.c).
fn relocations(judge: &Judge, object: &Object<'_>) -> Result<(), ImageError> {
    let arch = Arch::of(object.ident)?;
    for (index, table) in object.sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let Some(target) = object.sections.get(table.info as usize).filter(|target| target.is_alloc()) else {
            continue;
        };
        for relocation in object.relocations(index)? {
            let width = arch.relocation(relocation.kind).map_or(1, |known| known.width);
            let end = relocation.offset.checked_add(width);
            let inside = end.is_some_and(|end| end <= target.size);
            judge.that(inside && target.kind != SectionKind::NOBITS, || {
                format!("a relocation of {} at {:#x} lies outside", target.name_text(), relocation.offset)
            })?;
        }
    }
    Ok(())
}

/// The kernel resolves every undefined symbol of the table, used or not: an unused one would pin
/// another module or fail the load.
fn imports_used(judge: &Judge, object: &Object<'_>) -> Result<(), ImageError> {
    let mut used = vec![false; object.symbols.len()];
    for index in 0..object.sections.len() {
        for relocation in object.relocations(index)? {
            if let Some(used) = used.get_mut(relocation.symbol) {
                *used = true;
            }
        }
    }
    for (symbol, used) in object.symbols.iter().zip(used).skip(1) {
        judge.that(used || symbol.place != Place::Undefined, || {
            format!("it imports {} and does not use it", symbol.name_text())
        })?;
    }
    Ok(())
}

fn exports(
    judge: &Judge,
    object: &Object<'_>,
    header: &Header,
    wanted: Keeper<'_>,
) -> Result<(), ImageError> {
    let size = |name: &str| object.section(name).map_or(0, |(_, section)| section.size);
    let count = if wanted.trial { 0 } else { header.sections.len() as u64 };
    let entry = wanted.layout.entry_size(object.ident.class) as u64;
    let sizes = [("__ksymtab", entry), ("__kcrctab", 4), ("__kflagstab", 1)];
    for (name, each) in sizes {
        let expected = count.saturating_mul(each);
        judge.that(size(name) == expected, || format!("{name} has {} bytes, not {expected}", size(name)))?;
    }
    let strings =
        object.section("__ksymtab_strings").map(|(_, section)| section.data.to_vec()).unwrap_or_default();
    let names: Vec<&[u8]> = strings.split(|byte| *byte == 0).filter(|name| !name.is_empty()).collect();
    judge.that(names.is_sorted(), || "its exports are not sorted by name".into())?;
    judge.that(names.len() as u64 == count, || format!("it exports {} names, not {count}", names.len()))
}
