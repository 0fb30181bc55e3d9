// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbol table.

use super::{Cursor, Image, ImageError};
use object::elf;
use std::rc::Rc;

/// Largest table, 24 bytes a symbol: the kernel's file has 3 MB.
const LIMIT: u64 = 256 << 20;

/// One symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawSymbol {
    pub(crate) value: u64,
    pub(crate) size: u64,
    /// Offset in the table of names.
    pub(crate) name: u32,
    /// Index of its section; 0 if it is undefined or absolute.
    pub(crate) section: u32,
    /// `STT_...`
    pub(crate) kind: u8,
    pub(crate) weak: bool,
}

/// All symbols, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct RawSymbols {
    pub(crate) symbols: Vec<RawSymbol>,
    /// Names, each with a NUL behind it.
    pub(crate) names: Rc<Vec<u8>>,
}

impl RawSymbols {
    pub(super) fn read(image: &Image) -> Result<Self, ImageError> {
        let table = image.sections.iter().position(|section| section.kind == elf::SHT_SYMTAB.0);
        let Some((index, section)) = table.and_then(|index| Some((index, image.sections.get(index)?))) else {
            return Ok(Self::default());
        };
        let bytes = image.read_raw(index, 0, LIMIT)?;
        let names = image.read_raw(section.link as usize, 0, LIMIT)?;
        let many = image.sections.iter().position(|section| section.kind == elf::SHT_SYMTAB_SHNDX.0);
        let many = match many {
            Some(index) => image.read_raw(index, 0, LIMIT)?,
            None => Vec::new(),
        };
        let mut many = Cursor::new(&many, image.ident);
        let size = if image.ident.is_64 { 24 } else { 16 };
        let symbols = bytes.chunks_exact(size).map(|bytes| {
            let extended = many.word();
            symbol(Cursor::new(bytes, image.ident), image.ident.is_64, extended).unwrap_or_default()
        });
        Ok(Self { symbols: symbols.collect(), names: Rc::new(names) })
    }
}

impl RawSymbols {
    /// The value of the symbol of this name, which ends with its NUL: for one name, an index is not worth its making.
    pub(crate) fn address_of(&self, name: &[u8]) -> Option<u64> {
        let has = |symbol: &&RawSymbol| {
            self.names.get(symbol.name as usize..).is_some_and(|names| names.starts_with(name))
        };
        self.symbols.iter().find(has).map(|symbol| symbol.value)
    }
}

fn symbol(mut fields: Cursor<'_>, is_64: bool, extended: Option<u32>) -> Option<RawSymbol> {
    let name = fields.word()?;
    let (info, section, value, size);
    if is_64 {
        info = fields.byte()?;
        fields.byte()?; // visibility
        section = fields.half()?;
        value = fields.wide()?;
        size = fields.wide()?;
    } else {
        value = fields.wide()?;
        size = fields.wide()?;
        info = fields.byte()?;
        fields.byte()?; // visibility
        section = fields.half()?;
    }
    let section = match section {
        0xffff => extended.unwrap_or(0),
        0xff00.. => 0,
        index => u32::from(index),
    };
    Some(RawSymbol { value, size, name, section, kind: info & 15, weak: info >> 4 == 2 })
}
