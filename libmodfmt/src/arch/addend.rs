// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addends, wherever they are: in the relocation (`RELA`), or in the bytes that it changes (`REL`).
//!
//! Where they are in the bytes, they are as wide as the relocation's field: a word, or 16 bits of an
//! instruction (arm), or in two instructions 16 bits each, of which the upper one counts together with the
//! signed lower one (32-bit mips, `R_MIPS_HI16` and `R_MIPS_LO16`).

use std::vec;

use super::relocation_type;
use crate::elf::{ElfError, Ident, Machine, Object, Relocation, RelocationTables, SectionKind};

const R_MIPS_HI16: u32 = 5;
const R_MIPS_LO16: u32 = 6;

/// Where an addend is in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Word32,
    Word64,
    /// `MOVW` and `MOVT` of arm: bits 0 to 11 and 16 to 19.
    ArmImmediate,
    /// The same of Thumb: `imm4:i:imm3:imm8` in two halfwords.
    ThumbImmediate,
    /// The upper half of a mips address.
    MipsHigh,
    /// The lower half, which is signed.
    MipsLow,
}

impl Field {
    fn of(machine: Machine, kind: u32) -> Option<Self> {
        match (machine, kind) {
            (Machine::ARM, 43..=46) => Some(Self::ArmImmediate),
            (Machine::ARM, 47..=50) => Some(Self::ThumbImmediate),
            (Machine::MIPS, R_MIPS_HI16) => Some(Self::MipsHigh),
            (Machine::MIPS, R_MIPS_LO16) => Some(Self::MipsLow),
            _ => match relocation_type(machine, kind).filter(|known| known.is_plain_store())?.size {
                4 => Some(Self::Word32),
                8 => Some(Self::Word64),
                _ => None,
            },
        }
    }
}

/// The addend in the bytes at a place, by the relocation's type; `None` if they are too few, or if such a
/// relocation has none there that is known. Of `R_MIPS_HI16` it is the part that is in these bytes.
#[must_use]
pub fn stored_addend(ident: Ident, kind: u32, place: &[u8]) -> Option<i64> {
    let order = ident.order;
    let word = || place.first_chunk().map(|bytes| order.u32(*bytes));
    Some(match Field::of(ident.machine, kind)? {
        Field::Word32 => word()?.cast_signed().into(),
        Field::Word64 => order.u64(*place.first_chunk()?).cast_signed(),
        Field::ArmImmediate => {
            let word = word()?;
            sign_extended((word >> 4 & 0xf000) | (word & 0xfff))
        }
        Field::ThumbImmediate => {
            let [a, b, c, d] = *place.first_chunk()?;
            let (first, second) = (u32::from(order.u16([a, b])), u32::from(order.u16([c, d])));
            let (upper, lower) = ((first & 0xf) << 12 | (first & 0x400) << 1, (second & 0x7000) >> 4);
            sign_extended(upper | lower | (second & 0xff))
        }
        Field::MipsHigh => i64::from(word()? & 0xffff) << 16,
        Field::MipsLow => sign_extended(word()? & 0xffff),
    })
}

/// Writes an addend into the bytes at a place. `None`, and nothing is written, if it does not fit, or if such
/// a relocation has none there. Of the mips halves each takes its part of the whole addend.
pub fn store_addend(ident: Ident, kind: u32, place: &mut [u8], addend: i64) -> Option<()> {
    let order = ident.order;
    match Field::of(ident.machine, kind)? {
        Field::Word32 => {
            // An address, or a distance that may be negative.
            let word = u32::try_from(addend).or_else(|_| i32::try_from(addend).map(i32::cast_unsigned));
            *place.first_chunk_mut()? = order.bytes32(word.ok()?);
        }
        Field::Word64 => *place.first_chunk_mut()? = order.bytes64(addend.cast_unsigned()),
        Field::ArmImmediate => {
            let value = halfword(addend)?;
            let place = place.first_chunk_mut()?;
            let opcode = order.u32(*place) & !0x000f_0fff;
            *place = order.bytes32(opcode | (value & 0xf000) << 4 | (value & 0xfff));
        }
        Field::ThumbImmediate => {
            let value = halfword(addend)?;
            let [a, b, c, d] = place.first_chunk_mut()?;
            let first = u32::from(order.u16([*a, *b])) & !0x040f | value >> 12 | (value & 0x800) >> 1;
            let second = u32::from(order.u16([*c, *d])) & !0x70ff | (value & 0x700) << 4 | (value & 0xff);
            [*a, *b] = order.bytes16(u16::try_from(first).ok()?);
            [*c, *d] = order.bytes16(u16::try_from(second).ok()?);
        }
        Field::MipsHigh => set_lower_half(ident, place, upper_half(addend)?)?,
        Field::MipsLow => set_lower_half(ident, place, u32::try_from(addend & 0xffff).ok()?)?,
    }
    Some(())
}

/// The upper half of a mips address, to which the lower one is added with its sign.
fn upper_half(addend: i64) -> Option<u32> {
    u32::try_from(addend.checked_add(0x8000)? >> 16 & 0xffff).ok()
}

fn set_lower_half(ident: Ident, place: &mut [u8], half: u32) -> Option<()> {
    let place = place.first_chunk_mut()?;
    *place = ident.order.bytes32(ident.order.u32(*place) & 0xffff_0000 | half);
    Some(())
}

/// The lower 16 bits, as a signed number.
fn sign_extended(halfword: u32) -> i64 {
    let bits = u16::try_from(halfword & 0xffff).unwrap_or_default();
    bits.cast_signed().into()
}

/// A signed number of 16 bits.
fn halfword(addend: i64) -> Option<u32> {
    Some(i16::try_from(addend).ok()?.cast_unsigned().into())
}

/// The relocations of a table, with their addends.
///
/// # Errors
/// Those of [`Object::relocations`].
pub fn relocations(object: &Object<'_>, table: usize) -> Result<Vec<Relocation>, ElfError> {
    Ok(each_relocation(object, table)?.collect())
}

/// The relocations of [`relocations`], one after the other.
///
/// # Errors
/// Those of [`Object::relocations`].
pub fn each_relocation<'o>(
    object: &'o Object<'_>,
    table: usize,
) -> Result<impl Iterator<Item = Relocation> + 'o, ElfError> {
    let entries = object.each_relocation(table)?;
    let section = object.sections.get(table).filter(|section| section.kind == SectionKind::REL);
    let Some(target) = section.map(|section| section.info as usize) else {
        return Ok(Each::AsTheyAre(entries));
    };
    let bytes = object.sections.get(target).map(|section| &*section.data).unwrap_or_default();
    let mut all: Vec<Relocation> = entries.collect();
    for relocation in &mut all {
        let place = usize::try_from(relocation.offset).ok().and_then(|start| bytes.get(start..));
        let addend = place.and_then(|place| stored_addend(object.ident, relocation.kind, place));
        relocation.addend = addend.unwrap_or_default();
    }
    if object.ident.machine == Machine::MIPS {
        join_halves(&mut all);
    }
    Ok(Each::Collected(all.into_iter()))
}

/// All relocations of section `target`, with their addends.
///
/// # Errors
/// Those of [`Object::relocations`].
pub fn relocations_of(
    object: &Object<'_>,
    tables: &RelocationTables,
    target: usize,
) -> Result<Vec<Relocation>, ElfError> {
    let mut all = Vec::new();
    for table in tables.of_section(target) {
        all.extend(each_relocation(object, *table)?);
    }
    Ok(all)
}

/// Relocations as they are in the table, or with addends that were read.
enum Each<I> {
    AsTheyAre(I),
    Collected(vec::IntoIter<Relocation>),
}

impl<I: Iterator<Item = Relocation>> Iterator for Each<I> {
    type Item = Relocation;

    #[inline]
    fn next(&mut self) -> Option<Relocation> {
        match self {
            Self::AsTheyAre(entries) => entries.next(),
            Self::Collected(entries) => entries.next(),
        }
    }
}

/// Gives each upper half of an address the whole addend: it belongs to the next lower half (System V ABI, MIPS
/// supplement).
fn join_halves(relocations: &mut [Relocation]) {
    let mut lower = 0;
    for relocation in relocations.iter_mut().rev() {
        match relocation.kind {
            R_MIPS_LO16 => lower = relocation.addend,
            R_MIPS_HI16 => relocation.addend = wrapped(relocation.addend.saturating_add(lower)),
            _ => {}
        }
    }
}

/// The addend that is read where this one was written by [`store_addend`]: as much of it as counts.
#[must_use]
pub fn wrapped_addend(ident: Ident, kind: u32, addend: i64) -> i64 {
    match Field::of(ident.machine, kind) {
        Some(Field::Word32 | Field::MipsHigh) => wrapped(addend),
        Some(Field::MipsLow) => sign_extended(u32::try_from(addend & 0xffff).unwrap_or_default()),
        _ => addend,
    }
}

/// A sum as a signed number of 32 bits.
fn wrapped(sum: i64) -> i64 {
    u32::try_from(sum & 0xffff_ffff).unwrap_or_default().cast_signed().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::{ByteOrder, Class, RelocationForm, Section, Symbol, flags};

    const fn of(machine: Machine) -> Ident {
        Ident { class: Class::Elf32, order: ByteOrder::Little, machine }
    }

    #[test]
    fn an_addend_is_where_the_assembler_puts_it() {
        // movw r3, #0x1234; movt r3, #0xfff0; movw.w r3, #0x1234 and movt of Thumb.
        let instructions: [(u32, [u8; 4], i64); 4] = [
            (43, 0xe301_3234_u32.to_le_bytes(), 0x1234),
            (44, 0xe34f_3ff0_u32.to_le_bytes(), -16),
            (47, [0x41, 0xf2, 0x34, 0x23], 0x1234),
            (48, [0xcf, 0xf6, 0xf0, 0x73], -16),
        ];
        for (kind, bytes, addend) in instructions {
            assert_eq!(stored_addend(of(Machine::ARM), kind, &bytes), Some(addend), "{kind}");
            let mut other = bytes;
            for new in [0, 1, -1, 0x7fff, -0x8000, addend] {
                store_addend(of(Machine::ARM), kind, &mut other, new).unwrap();
                assert_eq!(stored_addend(of(Machine::ARM), kind, &other), Some(new), "{kind}");
            }
            assert_eq!(other, bytes, "the rest of the instruction stays");
            assert_eq!(store_addend(of(Machine::ARM), kind, &mut other, 0x8000), None);
            assert_eq!(other, bytes);
        }
        let mut word = (-4_i32).to_le_bytes();
        assert_eq!(stored_addend(of(Machine::I386), 2, &word), Some(-4));
        store_addend(of(Machine::I386), 1, &mut word, 0x8000_0000).unwrap();
        assert_eq!(word, [0, 0, 0, 0x80]);
        assert_eq!(store_addend(of(Machine::I386), 1, &mut word, 1 << 32), None);
        assert_eq!(stored_addend(of(Machine::I386), 1, &word[..3]), None, "too few bytes");
        assert_eq!(stored_addend(of(Machine::I386), 4, &word), None, "a branch");
    }

    #[test]
    fn halves_of_mips_belong_together() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let ident = Ident { order, ..of(Machine::MIPS) };
            // lui $2,1; lui $3,1; lw $2,-0x7ffc($2); lw $3,-0x7ff8($3)
            let words = [0x3c02_0001_u32, 0x3c03_0001, 0x8c42_8004, 0x8c63_8008];
            let code = words.iter().flat_map(|word| order.bytes32(*word)).collect();
            let mut object = Object::new(ident, 0);
            let section = Section::with_data(".text", SectionKind::PROGBITS, flags::ALLOC, 4, code);
            object.sections.push(section);
            object.symbols = vec![Symbol::null(), Symbol::undefined("base")];
            let kinds = [R_MIPS_HI16, R_MIPS_HI16, R_MIPS_LO16, R_MIPS_LO16];
            let offsets = [0, 4, 8, 12];
            let all: Vec<Relocation> = (kinds.iter().zip(offsets))
                .map(|(kind, offset)| Relocation { offset, symbol: 1, kind: *kind, addend: 0 })
                .collect();
            let symtab = object.symtab().unwrap();
            let text = object.section(".text").unwrap().0;
            let table = object.add_relocations(text, symtab, RelocationForm::Rel, &all).unwrap();
            let addends = |object: &Object<'_>| -> Vec<i64> {
                relocations(object, table).unwrap().iter().map(|relocation| relocation.addend).collect()
            };
            assert_eq!(addends(&object), [0x8004, 0x8004, -0x7ffc, -0x7ff8]);
            for relocation in relocations(&object, table).unwrap() {
                let at = usize::try_from(relocation.offset).unwrap();
                object.sections[text].data.edit(|code| {
                    store_addend(ident, relocation.kind, &mut code[at..], relocation.addend - 0x10).unwrap();
                });
            }
            assert_eq!(addends(&object), [0x7ff4, 0x7ff4, 0x7ff4, 0x7ff8]);
            assert_eq!(object.sections[text].data[..4], order.bytes32(0x3c02_0000), "no carry any more");
        }
    }
}
