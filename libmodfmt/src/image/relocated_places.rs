// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes that relocations overwrite. A large module has hundreds of thousands of them, so that what is
//! known of a type is looked up once.

use crate::arch::Arch;
use crate::elf::{Ident, Machine, Relocation, Section, SectionKind};

/// How many types have a place in the table. All types of today's processors have.
const TYPES: usize = 512;

/// The places that relocations of a processor may change.
pub(super) struct RelocatedPlaces {
    /// By type: the bytes that it changes.
    widths: [u8; TYPES],
    must_be_zero: bool,
}

/// What is wrong with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrongPlace {
    /// Not in the bytes of the section.
    Outside,
    NotZero,
}

impl RelocatedPlaces {
    pub(super) fn of(ident: Ident, arch: &Arch) -> Self {
        // Of an unknown type a byte.
        let width = |kind: usize| {
            let known = u32::try_from(kind).ok().and_then(|kind| arch.relocation(kind));
            known.map_or(1, |known| u8::try_from(known.size).unwrap_or(u8::MAX))
        };
        // The x86-64 loader refuses to relocate bytes that are not zero (arch/x86/kernel/module.c, 4.15 and
        // later). Elsewhere the instruction itself may be there, or an addend.
        Self { widths: std::array::from_fn(width), must_be_zero: ident.machine == Machine::X86_64 }
    }

    /// Whether a relocation of `section` stays inside of it, on bytes that the kernel lets it change.
    #[inline]
    pub(super) fn check(&self, section: &Section<'_>, relocation: &Relocation) -> Result<(), WrongPlace> {
        let kind = usize::try_from(relocation.kind).unwrap_or(usize::MAX);
        let width = self.widths.get(kind).copied().unwrap_or(1);
        let end = relocation.offset.checked_add(width.into());
        if section.kind == SectionKind::NOBITS || end.is_none_or(|end| end > section.size) {
            return Err(WrongPlace::Outside);
        }
        if self.must_be_zero && !is_zero(&section.data, relocation.offset, width.into()) {
            return Err(WrongPlace::NotZero);
        }
        Ok(())
    }
}

/// Whether the `size` bytes at `offset` are there and zero.
#[inline]
fn is_zero(data: &[u8], offset: u64, size: usize) -> bool {
    let Some(rest) = usize::try_from(offset).ok().and_then(|start| data.get(start..)) else { return false };
    match size {
        4 => rest.first_chunk() == Some(&[0; 4]),
        8 => rest.first_chunk() == Some(&[0; 8]),
        _ => rest.get(..size).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::flags;

    #[test]
    fn a_place_is_inside_and_zero() {
        let arch = Arch::of(Ident::X86_64).unwrap();
        let places = RelocatedPlaces::of(Ident::X86_64, arch);
        let mut data = vec![0; 16];
        data[3] = 1;
        let mut section = Section::with_data(".text", SectionKind::PROGBITS, flags::ALLOC, 1, data);
        let at = |kind, offset| Relocation { offset, symbol: 0, kind, addend: 0 };
        assert_eq!(places.check(&section, &at(1, 8)), Ok(()));
        assert_eq!(places.check(&section, &at(2, 12)), Ok(()));
        assert_eq!(places.check(&section, &at(1, 9)), Err(WrongPlace::Outside), "8 bytes");
        assert_eq!(places.check(&section, &at(2, u64::MAX)), Err(WrongPlace::Outside));
        assert_eq!(places.check(&section, &at(2, 0)), Err(WrongPlace::NotZero));
        assert_eq!(places.check(&section, &at(12, 2)), Err(WrongPlace::NotZero), "2 bytes");
        assert_eq!(places.check(&section, &at(9999, 3)), Err(WrongPlace::NotZero), "an unknown type");
        assert_eq!(places.check(&section, &at(0, 3)), Ok(()), "none changes nothing");
        section.kind = SectionKind::NOBITS;
        assert_eq!(places.check(&section, &at(1, 8)), Err(WrongPlace::Outside));
    }
}
