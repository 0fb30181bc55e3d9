// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of a keeper.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Judge, Target, base_in_file, imports_used, target, without_code};
use crate::arch::{Arch, relocations_of};
use crate::elf::{Object, Place, RelocationForm, RelocationTables, SectionKind, flags};
use crate::export;
use crate::image::applied_relocations::applied;
use crate::image::{Base, ImageError, KeeperOptions, data_relocations};
use crate::module::Module;
use crate::persist::{Header, Inventory, NOTE_SECTION, Unit, UnitPointer};

pub(in crate::image) fn keeper(
    image: &[u8],
    file: &Module<'_>,
    inventory: &Inventory,
    name: &str,
    wanted: KeeperOptions<'_>,
    wanted_header: &Header,
) -> Result<(), ImageError> {
    let judge = Judge("keeper");
    let module = Module::parse(image)?;
    let object = &module.object;
    without_code(&judge, file, &module, name)?;
    let note = object.section(NOTE_SECTION).map(|(_, section)| section.data.to_vec()).unwrap_or_default();
    let header = Header::from_note(&note, object.ident.order)?;
    judge.that(header == *wanted_header, || "its note differs from the inventory".into())?;
    let sections = Sections::of(object, &header);
    for unit in &header.units {
        let found = sections.get(object, unit).map(|found| (found.size, found.align.max(1), found.flags));
        let write = if unit.writable { flags::WRITE } else { 0 };
        let expected = (unit.room, unit.align, flags::ALLOC | write);
        judge
            .that(found == Some(expected), || format!("{} is {found:x?}, not {expected:x?}", unit.section))?;
    }
    same_data(&judge, &file.object, object, inventory, wanted, &sections)?;
    imports_used(&judge, object)?;
    exports(&judge, object, &header, wanted, &sections)
}

/// The sections of the units, by name.
struct Sections {
    by_name: HashMap<String, usize>,
    /// The base symbols by section.
    bases: HashMap<usize, Base>,
}

impl Sections {
    fn of(object: &Object<'_>, header: &Header) -> Self {
        let mut by_name = HashMap::new();
        for (index, section) in object.sections.iter().enumerate().skip(1) {
            by_name.entry(section.name_text()).or_insert(index);
        }
        let named = header.ordinals().filter_map(|(ordinal, unit)| {
            Some((*by_name.get(&unit.section)?, Base::of(header, ordinal, unit)))
        });
        let bases = named.collect();
        Self { by_name, bases }
    }

    fn index(&self, unit: &Unit) -> Option<usize> {
        self.by_name.get(&unit.section).copied()
    }

    fn get<'o, 'd>(&self, object: &'o Object<'d>, unit: &Unit) -> Option<&'o crate::elf::Section<'d>> {
        object.sections.get(self.index(unit)?)
    }
}

/// The initial values and what they point to are the file's.
fn same_data(
    judge: &Judge,
    file: &Object<'_>,
    image: &Object<'_>,
    inventory: &Inventory,
    wanted: KeeperOptions<'_>,
    sections: &Sections,
) -> Result<(), ImageError> {
    let form = Arch::of(file.ident)?.form;
    let (old_tables, new_tables) = (RelocationTables::of(file), RelocationTables::of(image));
    let imported: HashMap<&[u8], &str> = wanted
        .bindings
        .units
        .iter()
        .map(|unit| (unit.base.symbol.as_bytes(), unit.base.symbol.as_str()))
        .collect();
    let here = |place: &Place, symbol: &[u8]| match place {
        Place::Section(section) => Some((sections.bases.get(section)?.symbol.as_str(), 0)),
        Place::Undefined => imported.get(symbol).map(|base| (*base, 0)),
        _ => None,
    };
    let Some(header) = &wanted.bindings.generation else { return Ok(()) };
    for (unit, index) in header.units.iter().zip(&wanted.bindings.new_units) {
        let name = &unit.section;
        let old = inventory.indexes.get(*index).copied().unwrap_or_default();
        let (Some(before), Some(new)) = (file.sections.get(old), sections.index(unit)) else { continue };
        let Some(after) = image.sections.get(new) else { continue };
        let value = wanted.bindings.value(*index);
        let kind = if value.is_some() { SectionKind::PROGBITS } else { before.kind };
        let bytes = value.map_or(&*before.data, |value| &value.bytes);
        let found = relocations_of(image, &new_tables, new)?;
        // Addends that are in the bytes are compared below.
        let bytes = match form {
            RelocationForm::Rela => Cow::Borrowed(bytes),
            RelocationForm::Rel => {
                let mut bytes = bytes.to_vec();
                let stored =
                    found.iter().filter_map(|it| data_relocations::store(image.ident, &mut bytes, it));
                let stored = stored.count();
                judge.that(stored == found.len(), || format!("{name} has addends outside"))?;
                Cow::Owned(bytes)
            }
        };
        let same_bytes = kind == after.kind
            && (kind == SectionKind::NOBITS
                || after.data.strip_prefix(&*bytes).is_some_and(|rest| rest.iter().all(|byte| *byte == 0)));
        judge.that(same_bytes, || format!("{name} has other bytes"))?;
        let before = applied(relocations_of(file, &old_tables, old)?, value);
        let pointers = value.map(|value| &*value.pointers).unwrap_or_default();
        let mut pointers: Vec<&UnitPointer> = pointers.iter().collect();
        pointers.sort_by_key(|pointer| pointer.offset);
        let mut pointers = pointers.into_iter().peekable();
        let mut after = Vec::new();
        for found in found {
            // The image has them in this order.
            let Some(pointer) = pointers.next_if(|pointer| pointer.offset == found.offset) else {
                after.push(found);
                continue;
            };
            let base = wanted.bindings.units.get(pointer.unit).map(|unit| &*unit.base.symbol);
            let target = target(image, &found, here);
            let right = base.is_some_and(|base| target == Some(Target::Kept(base, pointer.target.into())));
            judge.that(right, || format!("{name}+{:#x} points to something else", pointer.offset))?;
        }
        let missing = pointers.count();
        judge.that(missing == 0, || format!("{name} lacks {missing} pointers"))?;
        judge.that(before.len() == after.len(), || format!("{name} has {} relocations", after.len()))?;
        for (before, after) in before.iter().zip(&after) {
            let same = (before.offset, before.kind) == (after.offset, after.kind)
                && target(file, before, base_in_file(inventory, wanted.bindings))
                    == target(image, after, here);
            judge.that(same, || format!("{name}+{:#x} points to something else", after.offset))?;
        }
    }
    Ok(())
}

/// The tables are read as the kernel reads them: each base symbol is the start of its section, under
/// its name and version, for every module.
fn exports(
    judge: &Judge,
    object: &Object<'_>,
    header: &Header,
    wanted: KeeperOptions<'_>,
    sections: &Sections,
) -> Result<(), ImageError> {
    let data =
        |name: &str| object.section(name).map(|(_, section)| section.data.to_vec()).unwrap_or_default();
    // Without units the note is exported.
    let note = Unit::new(NOTE_SECTION, 0, 1);
    let record = header.units.is_empty().then_some(&note);
    let mut bases: Vec<(Base, &Unit)> =
        Base::all(header).into_iter().zip(header.units.iter().chain(record)).collect();
    bases.sort_by(|(a, _), (b, _)| a.symbol.as_bytes().cmp(b.symbol.as_bytes()));
    let table = wanted.layout.entry_size(object.ident.class).saturating_mul(bases.len());
    for (name, expected) in [("__ksymtab", table), ("__kflagstab", bases.len()), ("__ksymtab_gpl", 0)] {
        let size = data(name).len();
        judge.that(size == expected, || format!("{name} has {size} bytes, not {expected}"))?;
    }
    let crcs: Vec<u8> = bases.iter().flat_map(|(base, _)| object.ident.order.bytes32(base.crc)).collect();
    judge.that(data("__kcrctab") == crcs, || "__kcrctab differs from the layout".into())?;
    judge.that(data("__kflagstab").iter().all(|flags| *flags == 0), || "__kflagstab has flags".into())?;
    let Some((index, _)) = object.section("__ksymtab") else { return Ok(()) };

    let arch = Arch::of(object.ident)?;
    let kind = if wanted.layout.is_relative() { arch.relative_32 } else { arch.absolute_word };
    let relocations = object.relocations_of(index)?;
    let right = relocations.len() == bases.len().saturating_mul(2)
        && relocations.iter().all(|relocation| relocation.kind == kind);
    judge.that(right, || format!("__ksymtab has the relocations {relocations:x?}"))?;
    let found = export::exports(object, wanted.layout)
        .map_err(|error| ImageError::Check { image: judge.0, what: error.to_string() })?;
    judge.that(found.len() == bases.len(), || format!("it exports {} symbols", found.len()))?;
    for ((base, unit), found) in bases.iter().zip(&found) {
        let value = sections.index(unit).map(|section| export::Target { section, offset: 0 });
        let same = found.name == base.symbol.as_bytes()
            && (found.value, found.namespace, found.gpl_only) == (value, None, false);
        judge.that(value.is_some() && same, || format!("{} is exported as {found:x?}", base.symbol))?;
    }
    Ok(())
}
