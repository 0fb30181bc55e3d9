// SPDX-License-Identifier: MIT OR Apache-2.0
//! The keeper image: the owner's file minus its code.

use std::collections::HashSet;

use super::add_versions::add_versions;
use super::applied_relocations::applied;
use super::keeper_exports::KeeperExports;
use super::skeleton::Skeleton;
use super::symbols::{KeeperSymbols, SectionMap};
use super::{Base, ImageError, KeeperOptions, check, data_relocations, discard_mark, input_check};
use crate::arch::{Arch, relocations_of};
use crate::elf::{Object, Relocation, RelocationTables, Section, SectionKind, flags};
use crate::export::CrcForm;
use crate::module::Module;
use crate::persist::{Header, Inventory, NOTE_SECTION, Unit, UnitPointer, UnitValue, keeper_of_generation};

/// Makes the keeper image of a module.
///
/// # Errors
/// The processor is not supported, or the file is broken. Whether the data may be kept is not checked
/// here: see [`crate::persist::Refusals`].
pub fn keeper(
    module: &Module<'_>,
    inventory: &Inventory,
    wanted: KeeperOptions<'_>,
) -> Result<Vec<u8>, ImageError> {
    let nothing = || ImageError::Check { image: "keeper", what: "it would hold nothing".to_owned() };
    let header = wanted.bindings.generation.as_ref().ok_or_else(nothing)?;
    let arch = Arch::of(module.object.ident)?;
    // Of the owner's code there is nothing in it.
    let new_units: HashSet<usize> = wanted.bindings.new_units.iter().copied().collect();
    let is_new = |section| inventory.unit_of(section).is_some_and(|unit| new_units.contains(&unit));
    input_check::check(&module.object, arch, is_new)?;
    if wanted.layout.crc == CrcForm::Relative {
        return Err(ImageError::RelativeVersions);
    }
    let name = keeper_of_generation(&module.name, header.generation);
    let skeleton = Skeleton { module, arch, name };
    let build = Build { inventory, skeleton: &skeleton, header, wanted };
    let image = build.image()?.write()?;
    check::keeper(&image, module, inventory, &skeleton.name, wanted, header)?;
    Ok(image)
}

struct Build<'a, 'd> {
    inventory: &'a Inventory,
    skeleton: &'a Skeleton<'a, 'd>,
    header: &'a Header,
    wanted: KeeperOptions<'a>,
}

impl<'a> Build<'a, '_> {
    fn image(&self) -> Result<Object<'a>, ImageError> {
        let owner = &self.skeleton.module.object;
        let arch = self.skeleton.arch;
        let layout = self.wanted.layout;
        let tables = RelocationTables::of(owner);
        let mut image = Object::new(owner.ident, owner.flags);
        image.sections.push(self.skeleton.modinfo()?);
        let mut map = SectionMap::new();
        let mut used = Vec::new();
        // Of each new unit: its section in the file, and here.
        let mut sections = Vec::new();
        for (unit, index) in self.header.units.iter().zip(&self.wanted.bindings.new_units) {
            let Some(old) = self.inventory.indexes.get(*index).copied() else { continue };
            let Some(section) = owner.sections.get(old) else { continue };
            let value = self.wanted.bindings.value(*index);
            image.sections.push(with_room(section, unit, value));
            let new = image.sections.len().saturating_sub(1);
            map.insert(old, new);
            sections.push((old, new, value));
            used.extend(applied(relocations_of(owner, &tables, old)?, value));
        }
        let note = self.header.to_note(owner.ident.order);
        let note_index = image.sections.len();
        image.sections.push(Section::with_data(NOTE_SECTION, SectionKind::NOTE, flags::ALLOC, 4, note));
        self.skeleton.add_required_sections(&mut image);
        image.sections.push(self.skeleton.this_module()?);

        let exports = KeeperExports::add(&mut image, &Base::all(self.header), layout);
        // Without units the note is what is exported.
        let note_symbol = if sections.is_empty() { Some(note_index) } else { None };
        let own: Vec<usize> = [exports.strings].into_iter().chain(note_symbol).collect();
        let mut symbols = KeeperSymbols::of(owner, &map, &own, &used);
        let imported = symbols.add_bases(owner, self.inventory, self.wanted.bindings, &used);
        image.symbols.clone_from(&symbols.table);
        let symtab = image.symtab()?;
        add_versions(&mut image, imported.iter())?;
        if !imported.is_empty() {
            image.sections.push(discard_mark::section(self.skeleton.module, self.header.generation)?);
        }

        for (old, new, value) in &sections {
            let mut relocations = self.relocations(&tables, (*old, *value), &map, &symbols)?;
            relocations.extend(self.pointers(*value, &map, &symbols));
            relocations.sort_by_key(|relocation| relocation.offset);
            if !relocations.is_empty() {
                data_relocations::add(&mut image, (*new, symtab), arch, &relocations)?;
            }
        }
        let exported = sections.iter().map(|(_, new, _)| *new).chain(note_symbol);
        let targets: Vec<Option<usize>> = exported.map(|section| symbols.of_section(section)).collect();
        let relocations = exports.relocations(arch, (layout, owner.ident.class), &targets, &symbols);
        data_relocations::add(&mut image, (exports.table, symtab), arch, &relocations)?;
        Ok(image)
    }

    fn relocations(
        &self,
        tables: &RelocationTables,
        (index, value): (usize, Option<&UnitValue>),
        map: &SectionMap,
        symbols: &KeeperSymbols<'_>,
    ) -> Result<Vec<Relocation>, ImageError> {
        let owner = &self.skeleton.module.object;
        let translate = |relocation: &Relocation| {
            symbols.translate(owner, map, relocation).ok_or_else(|| ImageError::Relocation {
                section: owner.section_name(index),
                offset: relocation.offset,
                relocation: self.skeleton.arch.relocation_name(relocation.kind),
                variable: owner.section_name(index),
                remedy: "",
            })
        };
        applied(relocations_of(owner, tables, index)?, value).iter().map(translate).collect()
    }

    /// Pointers in a value made from kept bytes to others that are made so: the kernel places both.
    fn pointers(
        &self,
        value: Option<&UnitValue>,
        map: &SectionMap,
        symbols: &KeeperSymbols<'_>,
    ) -> Vec<Relocation> {
        let pointers = value.map(|value| &*value.pointers).unwrap_or_default();
        let symbol = |unit: usize| symbols.of_section(*map.get(self.inventory.indexes.get(unit)?)?);
        // Most pointers of a unit lead to the same one.
        let mut last = None;
        let relocation = |pointer: &UnitPointer| {
            let symbol = match last {
                Some((unit, symbol)) if unit == pointer.unit => symbol,
                _ => symbol(pointer.unit)?,
            };
            last = Some((pointer.unit, symbol));
            let addend = i64::try_from(pointer.target).ok()?;
            Some(Relocation {
                offset: pointer.offset,
                symbol,
                kind: self.skeleton.arch.absolute_word,
                addend,
            })
        };
        pointers.iter().filter_map(relocation).collect()
    }
}

/// A section of the file as a unit of the keeper: with its name, with the value made from kept bytes if there
/// is one, and zeros after its bytes.
fn with_room<'d>(section: &Section<'d>, unit: &Unit, value: Option<&'d UnitValue>) -> Section<'d> {
    // To the kernel, the linker's flag for a retained section means read-only after init.
    let flags = section.flags & !flags::RETAIN;
    let mut copy = Section { flags, link: 0, info: 0, align: unit.align, ..section.clone() };
    copy.name = unit.section.as_bytes().to_vec().into();
    let size = usize::try_from(unit.room).unwrap_or_default();
    if let Some(value) = value {
        copy.kind = SectionKind::PROGBITS;
        copy.data = value.bytes.as_slice().into();
    }
    if copy.kind == SectionKind::NOBITS {
        copy.size = unit.room;
    } else if size > copy.data.len() {
        let mut data = Vec::with_capacity(size);
        data.extend_from_slice(&copy.data);
        data.resize(size, 0);
        copy.set_data(data);
    } else {
        copy.size = copy.data.len() as u64;
    }
    copy
}
