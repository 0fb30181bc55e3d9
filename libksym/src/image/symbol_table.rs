// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbol table of an ELF file.

use std::rc::Rc;

use libmodfmt::elf::{ByteOrder, Class, Ident};
use object::elf::{self, FileHeader32, FileHeader64, SectionType, SymbolType};
use object::read::elf::{FileHeader, Sym};
use object::{Endianness, U32, pod};

use super::error::ImageError;
use super::unrelocated::UnrelocatedImage;

/// The rest of a larger table is not read: with 24 bytes a symbol, that of a kernel has 3 MB.
const MAX_TABLE_BYTES: u64 = 256 << 20;

/// One symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ElfSymbol {
    pub(crate) value: u64,
    pub(crate) size: u64,
    /// Offset in the table of names.
    pub(crate) name: u32,
    /// Index of its section; 0 if it is undefined or absolute.
    pub(crate) section: u32,
    pub(crate) kind: SymbolType,
    pub(crate) is_weak: bool,
    pub(crate) is_global: bool,
}

/// All symbols, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct ElfSymbols {
    pub(crate) symbols: Vec<ElfSymbol>,
    /// Names, each terminated by a NUL.
    pub(crate) names: Rc<Vec<u8>>,
}

impl ElfSymbols {
    pub(super) fn read(file: &UnrelocatedImage) -> Result<Self, ImageError> {
        let find = |kind: SectionType| file.sections.iter().position(|section| section.kind == kind);
        let table = find(elf::SHT_SYMTAB);
        let Some((index, section)) = table.and_then(|index| Some((index, file.sections.get(index)?))) else {
            return Ok(Self::default());
        };
        let bytes = file.read(index, 0, MAX_TABLE_BYTES)?;
        let names = file.read(section.link as usize, 0, MAX_TABLE_BYTES)?;
        // Section indexes that do not fit into a symbol.
        let large_indexes = match find(elf::SHT_SYMTAB_SHNDX) {
            Some(index) => file.read(index, 0, MAX_TABLE_BYTES)?,
            None => Vec::new(),
        };
        let symbols = match file.ident.class {
            Class::Elf32 => decode::<FileHeader32<Endianness>>(file.ident, &bytes, &large_indexes),
            Class::Elf64 => decode::<FileHeader64<Endianness>>(file.ident, &bytes, &large_indexes),
        };
        Ok(Self { symbols, names: Rc::new(names) })
    }

    /// A symbol's name; invalid UTF-8 is replaced.
    pub(crate) fn name(&self, symbol: &ElfSymbol) -> String {
        let rest = self.names.get(symbol.name as usize..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
        String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned()
    }

    /// The value of the symbol of this name, which ends with its NUL. Looking for one name is faster
    /// than indexing all.
    pub(crate) fn address_of(&self, name: &[u8]) -> Option<u64> {
        let has_name = |symbol: &&ElfSymbol| {
            self.names.get(symbol.name as usize..).is_some_and(|names| names.starts_with(name))
        };
        self.symbols.iter().find(has_name).map(|symbol| symbol.value)
    }
}

fn decode<Elf>(ident: Ident, bytes: &[u8], large_indexes: &[u8]) -> Vec<ElfSymbol>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let endian = endianness(ident.order);
    let symbols: &[Elf::Sym] = entries(bytes);
    let large_indexes: &[U32<Endianness>] = entries(large_indexes);
    let decoded = symbols.iter().enumerate().map(|(number, symbol)| {
        let section = match symbol.st_shndx(endian) {
            elf::SHN_XINDEX => large_indexes.get(number).map_or(0, |index| index.get(endian)),
            index if index.is_reserved() => 0,
            index => u32::from(index.0),
        };
        ElfSymbol {
            value: symbol.st_value(endian).into(),
            size: symbol.st_size(endian).into(),
            name: symbol.st_name(endian),
            section,
            kind: symbol.st_type(),
            is_weak: symbol.st_bind() == elf::STB_WEAK,
            is_global: symbol.st_bind() == elf::STB_GLOBAL,
        }
    });
    decoded.collect()
}

/// The whole entries of a table; an incomplete one at the end is left out.
pub(super) fn entries<T: pod::Pod>(bytes: &[u8]) -> &[T] {
    let count = bytes.len().checked_div(size_of::<T>()).unwrap_or(0);
    pod::slice_from_bytes(bytes, count).map_or(&[], |(entries, _)| entries)
}

pub(super) fn endianness(order: ByteOrder) -> Endianness {
    match order {
        ByteOrder::Little => Endianness::Little,
        ByteOrder::Big => Endianness::Big,
    }
}
