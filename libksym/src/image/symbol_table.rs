// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbol table of an ELF file.

use std::rc::Rc;

use libmodfmt::elf::{ByteOrder, Class, Ident};
use memchr::memmem;
use object::elf::{self, FileHeader32, FileHeader64, SectionType, Sym32, Sym64, SymbolType};
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

/// All symbols, by their numbers. They stay as they are in the file, since most are looked at once at most.
#[derive(Debug)]
pub(crate) struct ElfSymbols {
    ident: Ident,
    table: Vec<u8>,
    /// Section indexes that do not fit into a symbol.
    large_indexes: Vec<u8>,
    /// Names, each terminated by a NUL.
    pub(crate) names: Rc<Vec<u8>>,
}

impl ElfSymbols {
    pub(super) fn read(file: &UnrelocatedImage) -> Result<Self, ImageError> {
        let find = |kind: SectionType| file.sections.iter().position(|section| section.kind == kind);
        let mut this =
            Self { ident: file.ident, table: Vec::new(), large_indexes: Vec::new(), names: Rc::default() };
        let table = find(elf::SHT_SYMTAB);
        let Some((index, section)) = table.and_then(|index| Some((index, file.sections.get(index)?))) else {
            return Ok(this);
        };
        this.table = file.read(index, 0, MAX_TABLE_BYTES)?;
        this.names = Rc::new(file.read(section.link as usize, 0, MAX_TABLE_BYTES)?);
        if let Some(index) = find(elf::SHT_SYMTAB_SHNDX) {
            this.large_indexes = file.read(index, 0, MAX_TABLE_BYTES)?;
        }
        Ok(this)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let size = match self.ident.class {
            Class::Elf32 => size_of::<Sym32<Endianness>>(),
            Class::Elf64 => size_of::<Sym64<Endianness>>(),
        };
        self.table.len().checked_div(size).unwrap_or(0)
    }

    /// The symbol of this number.
    pub(crate) fn get(&self, number: usize) -> Option<ElfSymbol> {
        match self.ident.class {
            Class::Elf32 => self.decode::<FileHeader32<Endianness>>(number),
            Class::Elf64 => self.decode::<FileHeader64<Endianness>>(number),
        }
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ElfSymbol> {
        (0..self.len()).filter_map(|number| self.get(number))
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
        let places: Vec<usize> = memmem::find_iter(&self.names, name).collect();
        let has_name = |symbol: &ElfSymbol| places.contains(&(symbol.name as usize));
        self.iter().find(has_name).map(|symbol| symbol.value)
    }

    #[inline]
    fn decode<Elf>(&self, number: usize) -> Option<ElfSymbol>
    where
        Elf: FileHeader<Endian = Endianness>,
    {
        let endian = endianness(self.ident.order);
        let symbol = entries::<Elf::Sym>(&self.table).get(number)?;
        let section = match symbol.st_shndx(endian) {
            elf::SHN_XINDEX => {
                let large = entries::<U32<Endianness>>(&self.large_indexes).get(number);
                large.map_or(0, |index| index.get(endian))
            }
            index if index.is_reserved() => 0,
            index => u32::from(index.0),
        };
        Some(ElfSymbol {
            value: symbol.st_value(endian).into(),
            size: symbol.st_size(endian).into(),
            name: symbol.st_name(endian),
            section,
            kind: symbol.st_type(),
            is_weak: symbol.st_bind() == elf::STB_WEAK,
            is_global: symbol.st_bind() == elf::STB_GLOBAL,
        })
    }
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
