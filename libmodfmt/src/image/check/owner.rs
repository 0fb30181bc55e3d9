// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of an owner image.

use std::collections::{BTreeMap, HashMap};

use super::{Judge, Target, base_in_file, relocations, target};
use crate::arch::{Arch, each_relocation, wrapped_addend};
use crate::elf::{Ident, Object, Place, Relocation, RelocationForm, Section};
use crate::image::old_places::OldPlaces;
use crate::image::{Base, Bindings, ImageError, data_relocations, got_entry};
use crate::module::Module;
use crate::persist::{Inventory, PersistentSection};
use crate::versions::{ExtendedVersions, Versions};

pub(in crate::image) fn owner(
    image: &[u8],
    file: &Module<'_>,
    inventory: &Inventory,
    bindings: &Bindings,
    old: &OldPlaces<'_>,
) -> Result<(), ImageError> {
    let judge = Judge("owner");
    let module = Module::parse(image)?;
    let object = &module.object;
    judge.that(module.name == inventory.header.owner, || format!("it calls itself {}", module.name))?;
    relocations(&judge, object)?;
    for section in &object.sections {
        let mark = PersistentSection::from_name(&section.name);
        let gone = mark.is_none() || section.size == 0;
        judge.that(gone, || format!("{} is still in it", section.name_text()))?;
    }
    same_uses(&judge, (&file.object, object), inventory, bindings, old)?;
    let bases = bindings.bases(&old.bases());
    let mut places: HashMap<&[u8], Vec<Place>> =
        bases.iter().map(|base| (base.symbol.as_bytes(), Vec::new())).collect();
    for symbol in &object.symbols {
        if let Some(places) = places.get_mut(&*symbol.name) {
            places.push(symbol.place);
        }
    }
    for base in &bases {
        let found = places.get(base.symbol.as_bytes()).map(Vec::as_slice).unwrap_or_default();
        judge.that(found == [Place::Undefined], || format!("{} is defined as {found:?}", base.symbol))?;
    }
    versions(&judge, object, &bases)
}

/// Each relocation is the file's, except that one into a persistent section now refers to the same
/// distance from the base symbol. That may well be outside the section: for `table[i + 1000]` gcc
/// writes `table + 4000`, wherever the table ends.
fn same_uses(
    judge: &Judge,
    (file, image): (&Object<'_>, &Object<'_>),
    inventory: &Inventory,
    bindings: &Bindings,
    old: &OldPlaces<'_>,
) -> Result<(), ImageError> {
    let arch = Arch::of(file.ident)?;
    let entries = arch.got_entry;
    // Few of many relocations do.
    let base_of = base_in_file(inventory, bindings);
    let leads_to_kept: Vec<bool> =
        file.symbols.iter().map(|symbol| base_of(&symbol.place, &symbol.name).is_some()).collect();
    let mut all_addends: BTreeMap<usize, Vec<Relocation>> = BTreeMap::new();
    judge
        .that(image.symbols.starts_with(&file.symbols), || "its symbols are not those of the file".into())?;
    for (table, section) in file.sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let changed = section.info as usize;
        if inventory.unit_of(changed).is_some() {
            continue;
        }
        let loaded = file.sections.get(changed).is_some_and(Section::is_alloc);
        if !loaded && image.sections.get(table).is_some_and(|table| table.size == 0) {
            // Of debug information, which is left out.
            continue;
        }
        let Some(old_code) = file.sections.get(changed) else { continue };
        let name = section.name_text();
        let filled: Vec<_> = old.filled.iter().filter(|(slot, _)| slot.section == changed).collect();
        for (slot, place) in &filled {
            let found = each_relocation(image, table)?.find(|found| found.offset == slot.offset);
            let right = found.is_some_and(|found| {
                let symbol = image.symbols.get(found.symbol).map(|symbol| &*symbol.name);
                symbol == Some(place.base.symbol.as_bytes()) && found.addend == place.offset
            });
            judge.that(right, || format!("{name}: the word at {:#x} is not the old place", slot.offset))?;
        }
        let is_slot = |found: &Relocation| filled.iter().any(|(slot, _)| slot.offset == found.offset);
        if !filled.is_empty() {
            let slots = each_relocation(image, table)?.filter(is_slot).count();
            judge.that(slots == filled.len(), || {
                format!("{name} changes {slots} words that are old places")
            })?;
        }
        let mut after = each_relocation(image, table)?.filter(|after| !is_slot(after));
        let mut addends: Vec<Relocation> = Vec::new();
        let wrong = |what: &str| ImageError::Check { image: judge.0, what: format!("{name} has {what}") };
        for before in each_relocation(file, table)? {
            let after = after.next().ok_or_else(|| wrong("too few relocations"))?;
            let (before, after) = (&before, &after);
            if !loaded || !leads_to_kept.get(before.symbol).copied().unwrap_or_default() {
                judge.that(before == after, || {
                    format!("{name}: the use at {:#x} is not the file's", before.offset)
                })?;
                continue;
            }
            let same = match target(file, before, base_in_file(inventory, bindings)) {
                Some(Target::Kept(base, distance)) => {
                    let of_base =
                        image.symbols.get(after.symbol).map(|symbol| &*symbol.name) == Some(base.as_bytes());
                    let same = match entries.filter(|entry| entry.relocation == before.kind) {
                        Some(entry) => {
                            let Some(new) = image.sections.get(changed) else { continue };
                            let distance = distance - i128::from(before.addend);
                            got_entry::is_rebased(entry, (before, old_code), (after, new), distance)
                        }
                        None => {
                            if arch.form == RelocationForm::Rel {
                                addends.push(*after);
                            }
                            is_distance(file.ident, arch.form, after, distance)
                                && (before.offset, before.kind) == (after.offset, after.kind)
                        }
                    };
                    of_base && same
                }
                _ => before == after,
            };
            judge.that(same, || format!("{name}: the use at {:#x} is not the file's", before.offset))?;
        }
        if after.next().is_some() {
            return Err(wrong("too many relocations"));
        }
        if arch.form == RelocationForm::Rel && loaded {
            addends.extend(each_relocation(image, table)?.filter(is_slot));
            all_addends.entry(changed).or_default().extend(addends);
        }
    }
    // What else has changed in the bytes: nothing but the addends that were compared.
    for (section, addends) in all_addends {
        let (Some(old), Some(new)) = (file.sections.get(section), image.sections.get(section)) else {
            continue;
        };
        judge.that(is_same_code(file.ident, old, &new.data, &addends), || {
            format!("{} differs in more than addends", old.name_text())
        })?;
    }
    Ok(())
}

/// Whether the addend of a relocation is a distance: as much of it as counts, where it is in the bytes.
fn is_distance(ident: Ident, form: RelocationForm, after: &Relocation, distance: i128) -> bool {
    match form {
        RelocationForm::Rela => i128::from(after.addend) == distance,
        RelocationForm::Rel => i64::try_from(distance)
            .is_ok_and(|distance| after.addend == wrapped_addend(ident, after.kind, distance)),
    }
}

/// Whether a section has the file's bytes, but for these addends.
fn is_same_code(ident: Ident, old: &Section<'_>, new: &[u8], addends: &[Relocation]) -> bool {
    let mut bytes = old.data.to_vec();
    let are_stored = addends.iter().all(|it| data_relocations::store(ident, &mut bytes, it).is_some());
    are_stored && bytes == new
}

/// Every version table of the image has the version of each base symbol.
fn versions(judge: &Judge, object: &Object<'_>, bases: &[&Base]) -> Result<(), ImageError> {
    let all_right = |table: &str, found: HashMap<&[u8], u32>| {
        bases.iter().try_for_each(|base| {
            let crc = found.get(base.symbol.as_bytes()).copied();
            judge.that(crc == Some(base.crc), || {
                format!("{} has the version {crc:x?} in {table}", base.symbol)
            })
        })
    };
    if let Some((_, section)) = object.section("__versions") {
        let versions = Versions::parse(&section.data, object.ident.class, object.ident.order)?;
        all_right("__versions", versions.iter().map(|version| (version.name, version.crc)).collect())?;
    }
    let extended = (object.section("__version_ext_crcs"), object.section("__version_ext_names"));
    if let (Some((_, crcs)), Some((_, names))) = extended {
        let versions = ExtendedVersions::parse(&crcs.data, &names.data, object.ident.order)?;
        let found = versions.iter().map(|version| (version.name, version.crc)).collect();
        all_right("__version_ext_crcs", found)?;
    }
    Ok(())
}
