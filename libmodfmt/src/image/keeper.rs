// SPDX-License-Identifier: MIT OR Apache-2.0
//! The keeper image: the owner's file minus its code.

use super::keeper_exports::KeeperExports;
use super::symbols::{KeeperSymbols, SectionMap};
use super::{Base, ImageError, KeeperOptions, check, input_check};
use crate::arch::Arch;
use crate::elf::{Object, Relocation, Section, SectionKind, flags};
use crate::module::{MODINFO, Module, ModuleError, THIS_MODULE, name_position};
use crate::persist::{Inventory, NOTE_SECTION, keeper_name, trial_name};

/// Keys of `.modinfo` that describe the owner's code, parameters or place in the tree. `staging`,
/// `test` and `livepatch` would taint the kernel a second time, in the keeper's name.
const DROPPED_KEYS: [&str; 13] = [
    "alias",
    "parm",
    "parmtype",
    "depends",
    "softdep",
    "weakdep",
    "srcversion",
    "firmware",
    "staging",
    "test",
    "livepatch",
    "name",
    "version",
];

/// The version tables. They are copied whole: the keeper imports a subset of what the owner does.
const VERSION_SECTIONS: [&str; 3] = ["__versions", "__version_ext_crcs", "__version_ext_names"];

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
    let name = if wanted.trial { trial_name(&module.name) } else { keeper_name(&module.name) };
    let arch = Arch::of(module.object.ident)?;
    input_check::check(&module.object, arch)?;
    let build = Build { module, inventory, arch, name };
    let image = build.image(wanted)?.write()?;
    check::keeper(&image, module, inventory, &build.name, wanted)?;
    Ok(image)
}

struct Build<'a, 'd> {
    module: &'a Module<'d>,
    inventory: &'a Inventory,
    arch: &'static Arch,
    name: String,
}

impl<'d> Build<'_, 'd> {
    fn image(&self, wanted: KeeperOptions<'_>) -> Result<Object<'d>, ImageError> {
        let owner = &self.module.object;
        let mut image = Object::new(owner.ident, owner.flags);
        image.sections.push(self.modinfo()?);
        let mut map = SectionMap::new();
        let mut used = Vec::new();
        for (_, index) in &self.inventory.indexes {
            map.insert(*index, self.copy(&mut image, *index));
            used.extend(owner.relocations_of(*index)?);
        }
        let note = self.inventory.header.to_note(owner.ident.order);
        image.sections.push(Section::with_data(NOTE_SECTION, SectionKind::NOTE, flags::ALLOC, 4, note));
        for name in VERSION_SECTIONS.iter().chain(self.arch.mandatory_sections) {
            if let Some((index, _)) = owner.section(name) {
                self.copy(&mut image, index);
            }
        }
        image.sections.push(self.this_module()?);

        let bases = Base::all(&self.inventory.header);
        let exports =
            if wanted.trial { None } else { Some(KeeperExports::add(&mut image, &bases, wanted.layout)) };
        let own: Vec<usize> = exports.iter().map(|exports| exports.strings).collect();
        let symbols = KeeperSymbols::of(owner, &map, &own, &used);
        image.symbols.clone_from(&symbols.table);
        let symtab = image.symtab()?;

        for (_, index) in &self.inventory.indexes {
            let relocations = self.relocations(*index, &map, &symbols)?;
            if let (Some(new), false) = (map.get(index), relocations.is_empty()) {
                image.add_relocations(*new, symtab, self.arch.form, &relocations)?;
            }
        }
        if let Some(exports) = exports {
            let targets: Vec<Option<usize>> = self
                .inventory
                .indexes
                .iter()
                .map(|(_, index)| map.get(index).and_then(|new| symbols.of_section(*new)))
                .collect();
            let relocations = exports.relocations(self.arch, wanted.layout, &targets, &symbols);
            image.add_relocations(exports.table, symtab, self.arch.form, &relocations)?;
        }
        Ok(image)
    }

    fn copy(&self, image: &mut Object<'d>, index: usize) -> usize {
        if let Some(section) = self.module.object.sections.get(index) {
            let flags = section.flags & !flags::RETAIN;
            image.sections.push(Section { flags, link: 0, info: 0, ..section.clone() });
        }
        image.sections.len().saturating_sub(1)
    }

    fn modinfo(&self) -> Result<Section<'d>, ImageError> {
        let modinfo = self.module.modinfo()?.without(&DROPPED_KEYS).with("name", &self.name)?.encode();
        Ok(Section::with_data(MODINFO, SectionKind::PROGBITS, flags::ALLOC, 1, modinfo))
    }

    /// The owner's `struct module` with the keeper's name, and neither init nor exit: those are
    /// relocations, which are left out. Its size and everything else that the build put there stay.
    fn this_module(&self) -> Result<Section<'d>, ImageError> {
        let owner = &self.module.object;
        let missing = ModuleError::Missing { section: THIS_MODULE };
        let (_, section) = owner.section(THIS_MODULE).ok_or(missing)?;
        let mut data = section.data.to_vec();
        let old = &self.module.name;
        let name_error = || ModuleError::Name { wanted: Some(old.clone()), size: section.size };
        let start = name_position(&data, old, owner.ident.class).ok_or_else(name_error)?;
        // The array has MODULE_NAME_LEN bytes; names are bounded to fit it on every class.
        let longest = self.name.len().max(old.len());
        let place =
            start.checked_add(longest).and_then(|end| data.get_mut(start..end)).ok_or_else(name_error)?;
        place.fill(0);
        for (to, from) in place.iter_mut().zip(self.name.bytes()) {
            *to = from;
        }
        Ok(Section { data: data.into(), link: 0, info: 0, ..section.clone() })
    }

    fn relocations(
        &self,
        index: usize,
        map: &SectionMap,
        symbols: &KeeperSymbols<'_>,
    ) -> Result<Vec<Relocation>, ImageError> {
        let owner = &self.module.object;
        let translate = |relocation: &Relocation| {
            symbols.translate(owner, map, relocation).ok_or_else(|| ImageError::Relocation {
                section: owner.section_name(index),
                offset: relocation.offset,
                relocation: self.arch.relocation_name(relocation.kind),
                variable: owner.section_name(index),
            })
        };
        owner.relocations_of(index)?.iter().map(translate).collect()
    }
}
