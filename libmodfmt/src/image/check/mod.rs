// SPDX-License-Identifier: MIT OR Apache-2.0
//! The strict checks that every image passes before it is returned.
//!
//! Kernels before 5.10 hardly check what they load: a wrong offset would be an oops. So the bytes are
//! parsed again, and everything that the kernel relies on is compared with the file that the image
//! was made from.

mod hold;
mod keeper;
mod owner;
mod pending;
#[cfg(test)]
mod tests;

use super::relocated_places::{RelocatedPlaces, WrongPlace};
use super::{Bindings, ImageError};
use crate::arch::Arch;
use crate::elf::{Object, Place, Relocation, flags};
use crate::module::{Module, THIS_MODULE, name_position};
use crate::persist::Inventory;

pub(super) use hold::hold;
pub(super) use keeper::keeper;
pub(super) use owner::owner;
pub(super) use pending::pending;

/// Fails with the name of the image if a condition does not hold.
struct Judge(&'static str);

impl Judge {
    fn that(&self, holds: bool, what: impl FnOnce() -> String) -> Result<(), ImageError> {
        if holds { Ok(()) } else { Err(ImageError::Check { image: self.0, what: what() }) }
    }
}

/// Every relocation of a loaded section stays inside it, and what it overwrites is zero: the x86
/// loader refuses anything else (arch/x86/kernel/module.c, 4.15 and later).
fn relocations(judge: &Judge, object: &Object<'_>) -> Result<(), ImageError> {
    let places = RelocatedPlaces::of(object.ident, Arch::of(object.ident)?);
    for (index, table) in object.sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let Some(target) = object.sections.get(table.info as usize).filter(|target| target.is_alloc()) else {
            continue;
        };
        for relocation in object.each_relocation(index)? {
            let wrong = match places.check(target, &relocation) {
                Ok(()) => continue,
                Err(WrongPlace::Outside) => "is relocated and lies outside",
                Err(WrongPlace::NotZero) => "is relocated and not zero",
            };
            let what = format!("{}+{:#x} {wrong}", target.name_text(), relocation.offset);
            return Err(ImageError::Check { image: judge.0, what });
        }
    }
    Ok(())
}

/// What a relocation refers to, whichever symbol it uses.
#[derive(Debug, PartialEq, Eq)]
enum Target<'a> {
    /// A place in persistent data: a base symbol, and the distance from it.
    Kept(&'a str, i128),
    /// A symbol, plus something.
    Symbol(&'a [u8], Place, i64),
}

/// `base_of` has the base symbol of a persistent section, and where the section begins there.
fn target<'a>(
    object: &'a Object<'_>,
    relocation: &Relocation,
    base_of: impl Fn(&Place, &'a [u8]) -> Option<(&'a str, i64)>,
) -> Option<Target<'a>> {
    let symbol = object.symbols.get(relocation.symbol)?;
    Some(match base_of(&symbol.place, &symbol.name) {
        Some((base, start)) => {
            let distance = i128::from(symbol.value) + i128::from(relocation.addend) + i128::from(start);
            Target::Kept(base, distance)
        }
        None => Target::Symbol(&symbol.name, symbol.place, relocation.addend),
    })
}

/// The base symbol of a section of the original file.
fn base_in_file<'a>(
    inventory: &'a Inventory,
    bindings: &'a Bindings,
) -> impl Fn(&Place, &'a [u8]) -> Option<(&'a str, i64)> {
    |place, _| {
        let Place::Section(section) = place else { return None };
        let unit = bindings.units.get(inventory.unit_of(*section)?)?;
        Some((&unit.base.symbol, unit.offset))
    }
}

/// The kernel resolves every undefined symbol of the table, used or not: an unused one would pin
/// another module or fail the load.
fn imports_used(judge: &Judge, object: &Object<'_>) -> Result<(), ImageError> {
    let mut used = vec![false; object.symbols.len()];
    for index in 0..object.sections.len() {
        for relocation in object.each_relocation(index)? {
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

/// A module without code: nothing to execute, neither init nor exit, the owner's `struct module`.
fn without_code(judge: &Judge, file: &Module<'_>, image: &Module<'_>, name: &str) -> Result<(), ImageError> {
    let object = &image.object;
    let arch = Arch::of(object.ident)?;
    judge.that(image.name == name, || format!("it calls itself {}", image.name))?;
    relocations(judge, object)?;
    for section in &object.sections {
        // Where the processor demands a section for code, it has none: see the owner's.
        let is_demanded = arch.mandatory_sections.iter().any(|name| *section.name == *name.as_bytes());
        let is_code = section.flags & flags::EXEC != 0 && !is_demanded;
        judge.that(!is_code, || format!("{} is executable", section.name_text()))?;
    }
    let this = object.section(THIS_MODULE).map_or(usize::MAX, |(index, _)| index);
    judge.that(object.relocation_sections_of(this).next().is_none(), || "it has an init or exit".into())?;
    this_module(judge, file, image)
}
