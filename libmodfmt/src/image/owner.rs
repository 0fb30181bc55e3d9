// SPDX-License-Identifier: MIT OR Apache-2.0
//! The owner image: the owner's file, bound to a keeper's symbols.

use super::{Base, ImageError, check, input_check};
use crate::arch::{Arch, RelocationType};
use crate::elf::{Object, Place, SectionKind, Symbol, flags};
use crate::module::Module;
use crate::persist::Inventory;
use crate::versions::{ExtendedVersions, Versions};

/// Makes the owner image. `bases` are the keeper's symbols to bind to. Every persistent section of
/// the file needs one; a missing one is the caller's mistake and reported as an error.
///
/// # Errors
/// A use of persistent data cannot be moved, a name is taken, or a table is full.
pub fn owner(module: &Module<'_>, inventory: &Inventory, bases: &[Base]) -> Result<Vec<u8>, ImageError> {
    let arch = Arch::of(module.object.ident)?;
    input_check::check(&module.object, arch)?;
    let mut object = module.object.clone();
    let mut rebase = Rebase { inventory, arch, targets: Vec::new() };
    for (role, index) in &inventory.indexes {
        let base = bases.iter().find(|base| base.role == *role).ok_or_else(|| ImageError::Check {
            image: "owner",
            what: format!("no base symbol for {}", role.section_name()),
        })?;
        if object.symbols.iter().any(|symbol| &*symbol.name == base.symbol.as_bytes()) {
            return Err(ImageError::NameTaken { symbol: base.symbol.clone() });
        }
        object.symbols.push(Symbol::undefined(&base.symbol));
        rebase.targets.push((*index, object.symbols.len().saturating_sub(1)));
    }
    rebase.apply(&mut object)?;
    empty_sections(&mut object, inventory);
    add_versions(&mut object, bases)?;
    let image = object.write()?;
    check::owner(&image, module, inventory, bases)?;
    Ok(image)
}

/// Turns "persistent section + offset" into "base symbol + offset".
struct Rebase<'a> {
    inventory: &'a Inventory,
    arch: &'a Arch,
    /// Section index and the index of its base symbol.
    targets: Vec<(usize, usize)>,
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
            if !loaded || self.inventory.role_of(target).is_some() {
                continue;
            }
            self.table(object, table, target)?;
        }
        Ok(())
    }

    fn table(&self, object: &mut Object<'_>, table: usize, target: usize) -> Result<(), ImageError> {
        let mut relocations = object.relocations(table)?;
        let mut changed = false;
        for relocation in &mut relocations {
            let Some(symbol) = object.symbols.get(relocation.symbol) else { continue };
            let Place::Section(index) = symbol.place else { continue };
            let Some((_, base)) = self.targets.iter().find(|(section, _)| *section == index) else {
                continue;
            };
            if !self.arch.relocation(relocation.kind).is_some_and(RelocationType::is_plain_store) {
                return Err(ImageError::Relocation {
                    section: object.section_name(target),
                    offset: relocation.offset,
                    relocation: self.arch.relocation_name(relocation.kind),
                    variable: match &*symbol.name {
                        [] => object.section_name(index),
                        _ => symbol.name_text(),
                    },
                });
            }
            let addend =
                i64::try_from(symbol.value).ok().and_then(|value| relocation.addend.checked_add(value));
            relocation.addend = addend.ok_or_else(|| ImageError::Addend {
                section: object.section_name(target),
                offset: relocation.offset,
            })?;
            relocation.symbol = *base;
            changed = true;
        }
        if changed {
            object.set_relocations(table, &relocations)?;
        }
        Ok(())
    }
}

/// Empties the persistent sections, which are not loaded any more. They stay, so that no index changes.
fn empty_sections(object: &mut Object<'_>, inventory: &Inventory) {
    for (_, index) in &inventory.indexes {
        let tables: Vec<usize> = object.relocation_sections_of(*index).map(|(table, _)| table).collect();
        for table in tables {
            if let Some(section) = object.sections.get_mut(table) {
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

/// Kernels with CONFIG_MODVERSIONS expect a version for every import; Debian's refuse one without.
fn add_versions(object: &mut Object<'_>, bases: &[Base]) -> Result<(), ImageError> {
    let ident = object.ident;
    if let Some((index, section)) = object.section("__versions") {
        let data = section.data.to_vec();
        let mut versions = Versions::parse(&data, ident.class, ident.order)?;
        for base in bases {
            versions.push(base.symbol.as_bytes(), base.crc)?;
        }
        let data = versions.into_bytes().into_owned();
        if let Some(section) = object.sections.get_mut(index) {
            section.set_data(data);
        }
    }
    let crcs = object.section("__version_ext_crcs").map(|(index, section)| (index, section.data.to_vec()));
    let names = object.section("__version_ext_names").map(|(index, section)| (index, section.data.to_vec()));
    if let (Some((crcs_index, crcs)), Some((names_index, names))) = (crcs, names) {
        let mut versions = ExtendedVersions::parse(&crcs, &names, ident.order)?;
        for base in bases {
            versions.push(base.symbol.as_bytes(), base.crc)?;
        }
        let (crcs, names) = versions.into_bytes();
        if let Some(section) = object.sections.get_mut(crcs_index) {
            section.set_data(crcs);
        }
        if let Some(section) = object.sections.get_mut(names_index) {
            section.set_data(names);
        }
    }
    Ok(())
}
