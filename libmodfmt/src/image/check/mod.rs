// SPDX-License-Identifier: MIT OR Apache-2.0
//! The strict checks that every image passes before it is returned.
//!
//! Kernels before 5.10 hardly check what they load: a wrong offset would be an oops. So the bytes are
//! parsed again, and everything that the kernel relies on is compared with the file that the image
//! was made from.

mod keeper;
mod owner;
#[cfg(test)]
mod tests;

use super::ImageError;
use super::zero_bytes::{is_zero, places_must_be_zero};
use crate::arch::Arch;
use crate::elf::{Object, Place, Relocation, SectionKind};
use crate::persist::{Inventory, PersistentSection};

pub(super) use keeper::keeper;
pub(super) use owner::owner;

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
    let arch = Arch::of(object.ident)?;
    for (index, table) in object.sections.iter().enumerate().filter(|(_, section)| section.is_relocation()) {
        let Some(target) = object.sections.get(table.info as usize).filter(|target| target.is_alloc()) else {
            continue;
        };
        for relocation in object.relocations(index)? {
            let width = arch.relocation(relocation.kind).map_or(1, |known| known.size);
            let place = || format!("{}+{:#x}", target.name_text(), relocation.offset);
            let end = relocation.offset.checked_add(width);
            let inside = end.is_some_and(|end| end <= target.size);
            judge.that(inside && target.kind != SectionKind::NOBITS, || {
                format!("a relocation of {} lies outside", place())
            })?;
            let zero = !places_must_be_zero(object.ident) || is_zero(&target.data, relocation.offset, width);
            judge.that(zero, || format!("{} is relocated and not zero", place()))?;
        }
    }
    Ok(())
}

/// What a relocation refers to, whichever symbol it uses.
#[derive(Debug, PartialEq, Eq)]
enum Target<'a> {
    /// A place in the persistent data.
    Kept(PersistentSection, i128),
    /// A symbol, plus something.
    Symbol(&'a [u8], Place, i64),
}

fn target<'a>(
    object: &'a Object<'_>,
    relocation: &Relocation,
    role_of: impl Fn(usize) -> Option<PersistentSection>,
) -> Option<Target<'a>> {
    let symbol = object.symbols.get(relocation.symbol)?;
    let role = match symbol.place {
        Place::Section(section) => role_of(section),
        _ => None,
    };
    Some(match role {
        Some(role) => Target::Kept(role, i128::from(symbol.value) + i128::from(relocation.addend)),
        None => Target::Symbol(&symbol.name, symbol.place, relocation.addend),
    })
}

/// Which persistent section a section of the original file is.
fn role_in(inventory: &Inventory) -> impl Fn(usize) -> Option<PersistentSection> {
    |index| inventory.role_of(index)
}
