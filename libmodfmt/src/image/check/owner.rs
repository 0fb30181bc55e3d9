// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of an owner image.

use super::{Judge, Target, relocations, role_in, target};
use crate::elf::{Object, Place, Section};
use crate::image::{Base, ImageError};
use crate::module::Module;
use crate::persist::{Inventory, PersistentSection};
use crate::versions::{ExtendedVersions, Versions};

pub(in crate::image) fn owner(
    image: &[u8],
    file: &Module<'_>,
    inventory: &Inventory,
    bases: &[Base],
) -> Result<(), ImageError> {
    let judge = Judge("owner");
    let module = Module::parse(image)?;
    let object = &module.object;
    judge.that(module.name == inventory.header.owner, || format!("it calls itself {}", module.name))?;
    relocations(&judge, object)?;
    for section in &object.sections {
        let role = PersistentSection::from_name(&section.name);
        let gone = role.is_none() || section.size == 0;
        judge.that(gone, || format!("{} is still in it", section.name_text()))?;
    }
    same_uses(&judge, &file.object, object, inventory, bases)?;
    for base in bases.iter().filter(|base| inventory.header.section(base.role).is_some()) {
        let named = object.symbols.iter().filter(|symbol| &*symbol.name == base.symbol.as_bytes());
        let places: Vec<Place> = named.map(|symbol| symbol.place).collect();
        judge.that(places == [Place::Undefined], || format!("{} is defined as {places:?}", base.symbol))?;
        versions(&judge, object, base)?;
    }
    Ok(())
}

/// Each relocation is the file's, except that one into a persistent section now refers to the same
/// distance from the base symbol. That may well be outside the section: for `table[i + 1000]` gcc
/// writes `table + 4000`, wherever the table ends.
fn same_uses(
    judge: &Judge,
    file: &Object<'_>,
    image: &Object<'_>,
    inventory: &Inventory,
    bases: &[Base],
) -> Result<(), ImageError> {
    judge
        .that(image.symbols.starts_with(&file.symbols), || "its symbols are not those of the file".into())?;
    for (table, section) in file.sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let changed = section.info as usize;
        if inventory.role_of(changed).is_some() {
            continue;
        }
        let loaded = file.sections.get(changed).is_some_and(Section::is_alloc);
        let (before, after) = (file.relocations(table)?, image.relocations(table)?);
        let name = section.name_text();
        judge.that(before.len() == after.len(), || format!("{name} has {} relocations", after.len()))?;
        for (before, after) in before.iter().zip(&after) {
            let same = match target(file, before, role_in(inventory)).filter(|_| loaded) {
                Some(Target::Kept(role, distance)) => {
                    let name = image.symbols.get(after.symbol).map(|symbol| &*symbol.name);
                    let base = bases.iter().find(|base| base.role == role);
                    name.is_some()
                        && name == base.map(|base| base.symbol.as_bytes())
                        && i128::from(after.addend) == distance
                        && (before.offset, before.kind) == (after.offset, after.kind)
                }
                _ => before == after,
            };
            judge.that(same, || format!("{name}: the use at {:#x} is not the file's", before.offset))?;
        }
    }
    Ok(())
}

/// Every version table of the image has the version of the base symbol.
fn versions(judge: &Judge, object: &Object<'_>, base: &Base) -> Result<(), ImageError> {
    let name = base.symbol.as_bytes();
    let right = |table: &str, crc: Option<u32>| {
        judge.that(crc == Some(base.crc), || format!("{} has the version {crc:x?} in {table}", base.symbol))
    };
    if let Some((_, section)) = object.section("__versions") {
        let versions = Versions::parse(&section.data, object.ident.class, object.ident.order)?;
        right("__versions", versions.get(name))?;
    }
    let extended = (object.section("__version_ext_crcs"), object.section("__version_ext_names"));
    if let (Some((_, crcs)), Some((_, names))) = extended {
        let versions = ExtendedVersions::parse(&crcs.data, &names.data, object.ident.order)?;
        right("__version_ext_crcs", versions.get(name))?;
    }
    Ok(())
}
