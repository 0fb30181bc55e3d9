// SPDX-License-Identifier: MIT OR Apache-2.0
//! One relocation: both forms, both classes, and the two processors with formats of their own.

use libmodfmt::elf::{ByteOrder, Class, Ident};
use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, Rel, Rela};

use super::symbol_table::{endianness, entries};

/// A relocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relocation {
    /// The place that is changed: offset in the section.
    pub(super) offset: u64,
    /// Index of the symbol.
    pub(super) symbol: u32,
    /// The processor's relocation type.
    pub(super) kind: u32,
    /// 0 in a table without addends.
    pub(super) addend: i64,
}

/// Decodes a part of a table (`SHT_RELA` if `has_addend`, else `SHT_REL`).
pub(super) fn decode(ident: Ident, has_addend: bool, bytes: &[u8]) -> Vec<Relocation> {
    match ident.class {
        Class::Elf32 => decode_class::<FileHeader32<Endianness>>(ident, has_addend, bytes),
        Class::Elf64 => decode_class::<FileHeader64<Endianness>>(ident, has_addend, bytes),
    }
}

/// The offsets alone, which is faster.
pub(super) fn offsets(ident: Ident, has_addend: bool, bytes: &[u8]) -> Vec<u64> {
    match ident.class {
        Class::Elf32 => offsets_class::<FileHeader32<Endianness>>(ident, has_addend, bytes),
        Class::Elf64 => offsets_class::<FileHeader64<Endianness>>(ident, has_addend, bytes),
    }
}

fn offsets_class<Elf>(ident: Ident, has_addend: bool, bytes: &[u8]) -> Vec<u64>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let endian = endianness(ident.order);
    if has_addend {
        entries::<Elf::Rela>(bytes).iter().map(|entry| entry.r_offset(endian).into()).collect()
    } else {
        entries::<Elf::Rel>(bytes).iter().map(|entry| entry.r_offset(endian).into()).collect()
    }
}

fn decode_class<Elf>(ident: Ident, has_addend: bool, bytes: &[u8]) -> Vec<Relocation>
where
    Elf: FileHeader<Endian = Endianness>,
{
    const MIPS: u16 = elf::EM_MIPS.0;
    const SPARC_V9: u16 = elf::EM_SPARCV9.0;
    let endian = endianness(ident.order);
    let is_64 = ident.class == Class::Elf64;
    // mips64 has its own order of fields, which little endian turns around.
    let is_mips64el = is_64 && ident.machine.0 == MIPS && ident.order == ByteOrder::Little;
    // Both have more than the type in the word of the type.
    let mask = if is_64 && matches!(ident.machine.0, MIPS | SPARC_V9) { 0xff } else { u32::MAX };
    if has_addend {
        let decoded = entries::<Elf::Rela>(bytes).iter().map(|entry| Relocation {
            offset: entry.r_offset(endian).into(),
            symbol: entry.r_sym(endian, is_mips64el),
            kind: entry.r_type(endian, is_mips64el).0 & mask,
            addend: entry.r_addend(endian).into(),
        });
        decoded.collect()
    } else {
        let decoded = entries::<Elf::Rel>(bytes).iter().map(|entry| Relocation {
            offset: entry.r_offset(endian).into(),
            symbol: entry.r_sym(endian),
            kind: entry.r_type(endian).0 & mask,
            addend: 0,
        });
        decoded.collect()
    }
}

#[cfg(test)]
mod tests {
    use libmodfmt::elf::Machine;

    use super::*;

    fn only(machine: u16, order: ByteOrder, bytes: &[u8]) -> (u64, u32, u32, i64) {
        let ident = Ident { class: Class::Elf64, order, machine: Machine(machine) };
        let [one] = decode(ident, true, bytes)[..] else { panic!("one") };
        (one.offset, one.symbol, one.kind, one.addend)
    }

    #[test]
    fn formats_of_processors() {
        let expected = (0x10, 7, 18, -2);
        // Offset, symbol, ssym, type3, type2, type, addend.
        let fields = [0x10_u64.to_be_bytes(), [0, 0, 0, 7, 0, 0, 0, 18], (-2_i64).to_be_bytes()];
        assert_eq!(only(8, ByteOrder::Big, &fields.concat()), expected, "mips64");
        let fields = [0x10_u64.to_le_bytes(), [7, 0, 0, 0, 0, 0, 0, 18], (-2_i64).to_le_bytes()];
        assert_eq!(only(8, ByteOrder::Little, &fields.concat()), expected, "mips64el");
        // sparc64 has more data above the type.
        let fields = [0x10_u64.to_be_bytes(), [0, 0, 0, 7, 0, 0, 9, 18], (-2_i64).to_be_bytes()];
        assert_eq!(only(43, ByteOrder::Big, &fields.concat()), expected, "sparc64");
        let fields = [0x10_u64.to_le_bytes(), [18, 0, 0, 0, 7, 0, 0, 0], (-2_i64).to_le_bytes()];
        assert_eq!(only(62, ByteOrder::Little, &fields.concat()), expected, "x86-64");
    }
}
