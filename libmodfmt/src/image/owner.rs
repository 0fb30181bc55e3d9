// SPDX-License-Identifier: MIT OR Apache-2.0
//! The owner image: the owner's file, bound to a keeper's symbols.

use std::collections::HashMap;

use super::add_versions::add_versions;
use super::old_places::OldPlaces;
use super::{Bindings, ImageError, UnitBase, check, data_relocations, got_entry, input_check};
use crate::arch::{Arch, RelocationType, each_relocation};
use crate::elf::{Object, Place, Relocation, RelocationForm, RelocationTables, SectionKind, Symbol, flags};
use crate::module::Module;
use crate::persist::Inventory;

/// What an author can do about a use that cannot be changed because the variable is not where its section
/// begins: of an entry of the GOT, and of an addend that has no room.
const REMEDY_GOT: &str = ": make it static, or define it in a declaration of its own";
const REMEDY_ADDEND: &str = ": define it in a declaration of its own";

/// Makes the owner image. `bindings` say where each unit of the file is.
///
/// # Errors
/// A use of persistent data cannot be moved, a name is taken, or a table is full.
pub fn owner(module: &Module<'_>, inventory: &Inventory, bindings: &Bindings) -> Result<Vec<u8>, ImageError> {
    let arch = Arch::of(module.object.ident)?;
    input_check::check(&module.object, arch, |_| true)?;
    if bindings.units.len() != inventory.indexes.len() {
        let what =
            format!("{} units are bound, the file has {}", bindings.units.len(), inventory.indexes.len());
        return Err(ImageError::Check { image: "owner", what });
    }
    let mut object = module.object.clone();
    // Most of the file; neither written nor copied by the kernel then.
    object.clear_debug_sections();
    let old = OldPlaces::of(&module.object, inventory, bindings)?;
    let bases = bindings.bases(&old.bases());
    object.symbols.reserve_exact(bases.len());
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for base in &bases {
        by_name.insert(&base.symbol, object.symbols.len());
        object.symbols.push(Symbol::undefined(&base.symbol));
    }
    let taken =
        |symbol: &Symbol<'_>| str::from_utf8(&symbol.name).is_ok_and(|name| by_name.contains_key(name));
    if let Some(taken) = module.object.symbols.iter().find(|symbol| taken(symbol)) {
        return Err(ImageError::NameTaken { symbol: taken.name_text() });
    }
    let place = |unit: &UnitBase| Some((by_name.get(&*unit.base.symbol).copied()?, unit.offset));
    let mut targets = vec![None; object.sections.len()];
    for (index, unit) in inventory.indexes.iter().zip(&bindings.units) {
        if let Some(target) = targets.get_mut(*index) {
            *target = place(unit);
        }
    }
    let rebase = Rebase { inventory, arch, targets };
    rebase.apply(&mut object)?;
    old.fill(&mut object, &by_name)?;
    empty_sections(&mut object, inventory);
    add_versions(&mut object, bases.into_iter())?;
    let image = object.into_bytes()?;
    check::owner(&image, module, inventory, bindings, &old)?;
    Ok(image)
}

/// Turns "persistent section + offset" into "base symbol + offset".
struct Rebase<'a> {
    inventory: &'a Inventory,
    arch: &'a Arch,
    /// By section, where it is persistent: the index of its base symbol, and where it begins there.
    targets: Vec<Option<(usize, i64)>>,
}

impl Rebase<'_> {
    fn apply(&self, object: &mut Object<'_>) -> Result<(), ImageError> {
        for table in 0..object.sections.len() {
            let Some(section) = object.sections.get(table).filter(|section| section.is_relocation()) else {
                continue;
            };
            let target = section.info as usize;
            // Sections that are not loaded (debug information) keep referring to the file's symbols.
            let loaded = object.sections.get(target).is_some_and(crate::elf::Section::is_alloc);
            if !loaded || self.inventory.unit_of(target).is_some() {
                continue;
            }
            self.table(object, table, target)?;
        }
        Ok(())
    }

    fn table(&self, object: &mut Object<'_>, table: usize, target: usize) -> Result<(), ImageError> {
        // Few of the file's relocations lead to persistent data, so that the others are not copied.
        let uses = each_relocation(object, table)?.enumerate();
        let uses = uses.filter_map(|(number, relocation)| {
            let Place::Section(section) = object.symbols.get(relocation.symbol)?.place else { return None };
            let (base, start) = self.targets.get(section).copied().flatten()?;
            Some((number, relocation, section, base, start))
        });
        let mut changed = Vec::new();
        for (number, relocation, section, base, start) in uses.collect::<Vec<_>>() {
            let new = self.rebased(object, (target, &relocation), (section, start))?;
            if self.arch.form == RelocationForm::Rel && new.addend != relocation.addend {
                self.store(object, target, &new, section)?;
            }
            changed.push((number, Relocation { symbol: base, ..new }));
        }
        if !changed.is_empty() {
            object.replace_relocations(table, &changed)?;
        }
        Ok(())
    }

    /// A relocation of section `target` that leads to the persistent section `index`, which begins `start` bytes
    /// after its base symbol. The symbol is not changed here.
    fn rebased(
        &self,
        object: &mut Object<'_>,
        (target, relocation): (usize, &Relocation),
        (index, start): (usize, i64),
    ) -> Result<Relocation, ImageError> {
        let too_far = |object: &Object<'_>| ImageError::Addend {
            section: object.section_name(target),
            offset: relocation.offset,
        };
        let value = object.symbols.get(relocation.symbol).map_or(0, |symbol| symbol.value);
        let distance = i64::try_from(value).ok().and_then(|value| value.checked_add(start));
        let distance = distance.ok_or_else(|| too_far(object))?;
        let entry = self.arch.got_entry.filter(|entry| entry.relocation == relocation.kind);
        match entry {
            Some(entry) => {
                let section = object.sections.get_mut(target);
                let new = section.and_then(|section| got_entry::rebase(entry, relocation, distance, section));
                new.ok_or_else(|| self.refused(object, (target, relocation), index, REMEDY_GOT))
            }
            None if self.arch.relocation(relocation.kind).is_some_and(RelocationType::may_be_rebased) => {
                let addend = relocation.addend.checked_add(distance);
                Ok(Relocation { addend: addend.ok_or_else(|| too_far(object))?, ..*relocation })
            }
            None => Err(self.refused(object, (target, relocation), index, "")),
        }
    }

    /// Writes the addend of a relocation into the bytes that it changes.
    fn store(
        &self,
        object: &mut Object<'_>,
        target: usize,
        relocation: &Relocation,
        index: usize,
    ) -> Result<(), ImageError> {
        let ident = object.ident;
        let mut is_stored = false;
        if let Some(section) = object.sections.get_mut(target) {
            section.data.edit(|data| is_stored = data_relocations::store(ident, data, relocation).is_some());
        }
        if is_stored { Ok(()) } else { Err(self.refused(object, (target, relocation), index, REMEDY_ADDEND)) }
    }

    /// A use of the persistent section `index` that cannot be moved.
    fn refused(
        &self,
        object: &Object<'_>,
        (target, relocation): (usize, &Relocation),
        index: usize,
        remedy: &'static str,
    ) -> ImageError {
        ImageError::Relocation {
            section: object.section_name(target),
            offset: relocation.offset,
            relocation: self.arch.relocation_name(relocation.kind),
            variable: match object.symbols.get(relocation.symbol).map(|symbol| &*symbol.name) {
                None | Some([]) => object.section_name(index),
                Some(name) => String::from_utf8_lossy(name).into_owned(),
            },
            remedy,
        }
    }
}

/// Empties the persistent sections, which are not loaded any more. They stay, so that no index changes.
fn empty_sections(object: &mut Object<'_>, inventory: &Inventory) {
    let tables = RelocationTables::of(object);
    for index in &inventory.indexes {
        for table in tables.of_section(*index) {
            if let Some(section) = object.sections.get_mut(*table) {
                section.clear();
            }
        }
        if let Some(section) = object.sections.get_mut(*index) {
            section.kind = SectionKind::PROGBITS;
            section.flags &= !flags::ALLOC;
            section.set_data(Vec::new());
        }
    }
}
