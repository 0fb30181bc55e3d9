// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of a keeper.

use super::{Judge, relocations, role_in, target};
use crate::arch::Arch;
use crate::elf::{Object, Place, flags};
use crate::export::{self, Target};
use crate::image::{Base, ImageError, KeeperOptions};
use crate::module::{Module, THIS_MODULE, name_position};
use crate::persist::{Header, Inventory, NOTE_SECTION, PersistentSection};

pub(in crate::image) fn keeper(
    image: &[u8],
    file: &Module<'_>,
    inventory: &Inventory,
    name: &str,
    wanted: KeeperOptions<'_>,
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
    this_module(&judge, file, &module)?;

    let note = object.section(NOTE_SECTION).map(|(_, section)| section.data.to_vec()).unwrap_or_default();
    let header = Header::from_note(&note, object.ident.order)?;
    judge.that(header == inventory.header, || "its note differs from the inventory".into())?;
    for section in &header.sections {
        let name = section.role.section_name();
        let found = object.section(name).map(|(_, found)| (found.size, found.align.max(1), found.flags));
        let expected = (section.size, section.align, flags::ALLOC | flags::WRITE);
        judge.that(found == Some(expected), || format!("{name} is {found:x?}, not {expected:x?}"))?;
    }
    same_data(&judge, &file.object, object, inventory)?;
    imports_used(&judge, object)?;
    exports(&judge, object, &header, wanted)
}

/// The `struct module` is the owner's, with the name where the owner's was.
fn this_module(judge: &Judge, file: &Module<'_>, image: &Module<'_>) -> Result<(), ImageError> {
    let part = |module: &Module<'_>| {
        let (_, section) = module.object.section(THIS_MODULE)?;
        let mut data = section.data.to_vec();
        let start = name_position(&data, &module.name, module.object.ident.class)?;
        let end = start.checked_add(file.name.len().max(image.name.len()))?;
        data.get_mut(start..end)?.fill(0);
        Some((start, data, section.align, section.flags))
    };
    let (before, after) = (part(file), part(image));
    judge.that(before.is_some() && before == after, || format!("{THIS_MODULE} differs in more than the name"))
}

/// The initial values and what they point to are the file's.
fn same_data(
    judge: &Judge,
    file: &Object<'_>,
    image: &Object<'_>,
    inventory: &Inventory,
) -> Result<(), ImageError> {
    let role_here = |index: usize| {
        image.sections.get(index).and_then(|section| PersistentSection::from_name(&section.name))
    };
    for (role, index) in &inventory.indexes {
        let name = role.section_name();
        let Some((new, after)) = image.section(name) else { continue };
        let before = file.sections.get(*index).map(|section| (section.kind, &section.data));
        judge.that(before == Some((after.kind, &after.data)), || format!("{name} has other bytes"))?;
        let (before, after) = (file.relocations_of(*index)?, image.relocations_of(new)?);
        judge.that(before.len() == after.len(), || format!("{name} has {} relocations", after.len()))?;
        for (before, after) in before.iter().zip(&after) {
            let same = (before.offset, before.kind) == (after.offset, after.kind)
                && target(file, before, role_in(inventory)) == target(image, after, role_here);
            judge.that(same, || format!("{name}+{:#x} points to something else", after.offset))?;
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

/// The tables are read as the kernel reads them: each base symbol is the start of its section, under
/// its name and version, for every module.
fn exports(
    judge: &Judge,
    object: &Object<'_>,
    header: &Header,
    wanted: KeeperOptions<'_>,
) -> Result<(), ImageError> {
    let data =
        |name: &str| object.section(name).map(|(_, section)| section.data.to_vec()).unwrap_or_default();
    let mut bases = if wanted.trial { Vec::new() } else { Base::all(header) };
    bases.sort_by(|a, b| a.symbol.as_bytes().cmp(b.symbol.as_bytes()));
    let table = wanted.layout.entry_size(object.ident.class).saturating_mul(bases.len());
    for (name, expected) in [("__ksymtab", table), ("__kflagstab", bases.len()), ("__ksymtab_gpl", 0)] {
        let size = data(name).len();
        judge.that(size == expected, || format!("{name} has {size} bytes, not {expected}"))?;
    }
    let crcs: Vec<u8> = bases.iter().flat_map(|base| object.ident.order.bytes32(base.crc)).collect();
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
    for (base, found) in bases.iter().zip(&found) {
        let value =
            object.section(base.role.section_name()).map(|(section, _)| Target { section, offset: 0 });
        let same = found.name == base.symbol.as_bytes()
            && (found.value, found.namespace, found.gpl_only) == (value, None, false);
        judge.that(value.is_some() && same, || format!("{} is exported as {found:x?}", base.symbol))?;
    }
    Ok(())
}
