// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loads a module, and the keeper and owner images that are made from it, as the kernel would, and compares
//! the memory byte by byte: code and data of the owner image are the module's, and the keeper's data is the
//! module's persistent data.

use std::collections::HashMap;

use libmodfmt::elf::Machine;
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::{ModuleFile, Persistent};
use libmodfmt::image::Bindings;
use thiserror::Error;

use crate::loader::{LoadError, Loaded, bytes_at, load};

/// Bytes of a decompressed module.
const LIMIT: u64 = 1 << 20;
/// Where modules are loaded, and the first address of each file's.
const MODULE: u64 = 0xffff_ffff_c000_0000;
const KEEPER: u64 = 0xffff_ffff_d000_0000;
/// Where the kernel's own symbols are.
const KERNEL: u64 = 0xffff_ffff_8100_0000;
/// Bytes between neighbours, so that what leaves a section does not hit the next one unnoticed.
const GAP: u64 = 0x1000;
/// Bytes of an entry of `__ksymtab` in kernel 6.1: value, name, namespace, each a 32-bit distance from
/// itself.
const EXPORT_BYTES: usize = 12;
/// The tables that the owner image appends to.
const VERSIONS: &[u8] = b"__versions";
const EXTENDED_CRCS: &[u8] = b"__version_ext_crcs";
const EXTENDED_NAMES: &[u8] = b"__version_ext_names";

/// What came of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is not a module.
    NotAModule,
    /// It is a module of another processor.
    OtherMachine,
    /// It has no persistent data.
    NoPersistentData,
    /// Its data cannot be kept.
    Refused,
    /// The kernel would not load it, nor one of the images.
    NotLoadable,
    /// The memory of the images is that of the module.
    Compared {
        /// So many bytes were compared.
        bytes: usize,
    },
}

/// What is wrong with an image: in memory it is not the module.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Difference(String);

/// Makes the images of a module file and compares them with it.
///
/// # Errors
/// [`Difference`]: they are not the same in memory.
pub fn compare(data: &[u8]) -> Result<Outcome, Difference> {
    let file = ModuleFile::new(data, LIMIT);
    let Ok(module) = file.module() else { return Ok(Outcome::NotAModule) };
    if module.object.ident.machine != Machine::X86_64 {
        return Ok(Outcome::OtherMachine);
    }
    let Ok(persistent) = file.persistent() else { return Ok(Outcome::Refused) };
    let Some(persistent) = persistent else { return Ok(Outcome::NoPersistentData) };
    if !persistent.refusals().is_ok_and(|refusals| refusals.reasons.is_empty()) {
        return Ok(Outcome::Refused);
    }
    let layout = ExportLayout::for_release(Machine::X86_64, Release::new(6, 1));
    let bindings = Bindings::first(persistent.header());
    let keeper = persistent.keeper(&layout, &bindings);
    let owner = persistent.owner(&bindings);
    let (Ok(keeper), Ok(owner)) = (keeper, owner) else { return Ok(Outcome::Refused) };
    let image = file.unsigned_image().expect("it was parsed");
    compare_memory(image, &keeper, &owner, &new_units(&persistent, &bindings))
}

/// The section of each unit of the keeper, in its order.
fn new_units(persistent: &Persistent<'_>, bindings: &Bindings) -> Vec<usize> {
    let sections = &persistent.inventory().indexes;
    bindings.new_units.iter().filter_map(|unit| sections.get(*unit).copied()).collect()
}

fn compare_memory(
    module: &[u8],
    keeper: &[u8],
    owner: &[u8],
    new_units: &[usize],
) -> Result<Outcome, Difference> {
    let keeper = load(keeper, &mut in_order(KEEPER), &kernel_symbol);
    let kept = keeper.iter().flatten().filter(|section| is_persistent(&section.name));
    let units: HashMap<usize, &Loaded> = new_units.iter().copied().zip(kept).collect();
    let mut others = in_order(MODULE);
    let mut addresses = HashMap::new();
    let mut place = |section: &Loaded| {
        let address = units.get(&section.index).map_or_else(|| others(section), |kept| kept.address);
        addresses.insert(section.index, address);
        address
    };
    let module = load(module, &mut place, &kernel_symbol);
    let exports = keeper.as_ref().map(|sections| exports(sections)).unwrap_or_default();
    let resolve = |name: &[u8]| exports.get(name).copied().or_else(|| kernel_symbol(name));
    let mut same_place = |section: &Loaded| addresses.get(&section.index).copied().unwrap_or(MODULE);
    let owner = load(owner, &mut same_place, &resolve);
    match (module, &keeper, owner) {
        (Ok(module), Ok(_), Ok(owner)) => {
            let mut bytes = 0;
            for section in &module {
                same(section, units.get(&section.index).copied(), &owner)?;
                bytes += section.bytes.len();
            }
            same_extended_versions(&module, &owner)?;
            Ok(Outcome::Compared { bytes })
        }
        (Ok(_), keeper, owner) => Err(Difference(format!(
            "the module can be loaded, its images cannot: keeper {:?}, owner {:?}",
            keeper.as_ref().err(),
            owner.err()
        ))),
        (Err(error), Ok(_), Ok(_)) if error != LoadError::TooLarge => {
            Err(Difference(format!("the images can be loaded, the module cannot: {error}")))
        }
        (Err(_), ..) => Ok(Outcome::NotLoadable),
    }
}

/// Compares one section of the module with what takes its place.
fn same(section: &Loaded, kept: Option<&Loaded>, owner: &[Loaded]) -> Result<(), Difference> {
    let name = String::from_utf8_lossy(&section.name);
    let judge =
        |holds: bool, what: &str| if holds { Ok(()) } else { Err(Difference(format!("{name}: {what}"))) };
    // Tables of the file format are written anew. No compiler marks them as part of the module.
    if section.is_table {
        return Ok(());
    }
    if is_persistent(&section.name) && !section.bytes.is_empty() {
        judge(kept.is_some_and(|kept| kept.bytes.starts_with(&section.bytes)), "the keeper's bytes differ")?;
        return judge(kept.is_some_and(|kept| kept.align >= section.align), "the keeper's alignment differs");
    }
    let own = owner.iter().find(|own| own.index == section.index);
    let place = |section: &Loaded| (section.name.clone(), section.address, section.align);
    judge(own.map(place) == Some(place(section)), "the owner's place differs")?;
    let bytes = own.map(|own| &*own.bytes).unwrap_or_default();
    match &*section.name {
        EXTENDED_NAMES => Ok(()),
        VERSIONS | EXTENDED_CRCS => judge(bytes.starts_with(&section.bytes), "the owner's versions differ"),
        _ => judge(bytes == section.bytes, "the owner's bytes differ"),
    }
}

/// The names of the extended version table, one for each version, are the module's, and others follow.
fn same_extended_versions(module: &[Loaded], owner: &[Loaded]) -> Result<(), Difference> {
    let count = find(module, EXTENDED_CRCS).len() / 4;
    let names = |sections| -> Vec<Vec<u8>> {
        find(sections, EXTENDED_NAMES).split(|byte| *byte == 0).take(count).map(<[u8]>::to_vec).collect()
    };
    if names(module) == names(owner) {
        Ok(())
    } else {
        Err(Difference("the owner's names of versions differ".into()))
    }
}

fn find<'s>(sections: &'s [Loaded], name: &[u8]) -> &'s [u8] {
    sections.iter().find(|section| section.name == name).map(|section| &*section.bytes).unwrap_or_default()
}

fn is_persistent(name: &[u8]) -> bool {
    let rest = |mark: &&[u8]| name.strip_prefix(*mark);
    let rest = [&b".data..persistent"[..], b".bss..persistent"].iter().find_map(rest);
    // With another letter behind it, it is a section of somebody else.
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
}

/// Places sections one after the other.
fn in_order(start: u64) -> impl FnMut(&Loaded) -> u64 {
    let mut next = start;
    move |section| {
        let align = section.align.clamp(16, 1 << 21).next_power_of_two();
        let address = next.next_multiple_of(align);
        next = address.saturating_add(section.bytes.len() as u64).saturating_add(GAP);
        address
    }
}

/// Every other symbol is one of the kernel, at an address that its name gives.
fn kernel_symbol(name: &[u8]) -> Option<u64> {
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    Some(KERNEL + (hash & 0xff_fff0))
}

/// What a keeper exports, read from its memory as the kernel reads it.
fn exports(sections: &[Loaded]) -> HashMap<Vec<u8>, u64> {
    let mut found = HashMap::new();
    let Some(table) = sections.iter().find(|section| section.name == b"__ksymtab") else { return found };
    for at in (0..table.bytes.len()).step_by(EXPORT_BYTES) {
        let target = |field: usize| {
            let distance = i32::from_le_bytes(*table.bytes.get(at + field..)?.first_chunk()?);
            Some((table.address + (at + field) as u64).wrapping_add_signed(distance.into()))
        };
        let name = target(4).and_then(|address| bytes_at(sections, address));
        let name =
            name.and_then(|bytes| bytes.split(|byte| *byte == 0).next()).expect("an export has a name");
        found.insert(name.to_vec(), target(0).expect("an export has a value"));
    }
    found
}

#[cfg(test)]
mod tests {
    use libmodfmt::elf::Object;
    use modtest::module::{DATA, Make, R_64};

    use super::*;

    fn images(file: &ModuleFile) -> (Vec<u8>, Vec<u8>, Vec<usize>) {
        let persistent = file.persistent().unwrap().unwrap();
        let layout = ExportLayout::for_release(Machine::X86_64, Release::new(6, 1));
        let bindings = Bindings::first(persistent.header());
        let keeper = persistent.keeper(&layout, &bindings).unwrap();
        (keeper, persistent.owner(&bindings).unwrap(), new_units(&persistent, &bindings))
    }

    /// The judge itself must notice a wrong addend, in either image.
    #[test]
    fn a_wrong_addend_is_noticed() {
        let plain = crate::mutants::made_up().swap_remove(0);
        let (keeper, owner, units) = images(&ModuleFile::new(plain.clone(), LIMIT));
        assert!(matches!(compare_memory(&plain, &keeper, &owner, &units), Ok(Outcome::Compared { .. })));
        for (image, section) in [(&keeper, DATA), (&owner, ".text")] {
            let mut object = Object::parse(image).unwrap();
            let target = object.section(section).unwrap().0;
            let table = object.relocation_sections_of(target).next().unwrap().0;
            let mut relocations = object.relocations(table).unwrap();
            relocations[0].addend += 8;
            object.set_relocations(table, &relocations).unwrap();
            let wrong = object.write().unwrap();
            let judged = match section {
                DATA => compare_memory(&plain, &wrong, &owner, &units),
                _ => compare_memory(&plain, &keeper, &wrong, &units),
            };
            assert!(judged.is_err(), "{section}");
        }
    }

    #[test]
    fn what_points_into_the_owner_is_refused() {
        let mut make = Make::typical("foo");
        make.relocate(DATA, 0, R_64, ".text", 0);
        assert_eq!(compare(&make.build()), Ok(Outcome::Refused));
        assert_eq!(compare(b"no module"), Ok(Outcome::NotAModule));
    }
}
