// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading: bytes to [`Object`].

use std::sync::Arc;

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::pod;
use object::read::elf::{FileHeader, SectionHeader, Sym};

use super::check;
use super::strings::StringTable;
use super::{
    Binding, ByteOrder, Class, ElfError, Ident, Machine, Object, Place, Section, SectionKind, Symbol,
    SymbolKind,
};

impl<'d> Object<'d> {
    /// Reads a relocatable ELF file of either class and byte order. The data stays borrowed.
    ///
    /// # Errors
    /// [`ElfError`] names the header, field or range that is invalid. A section that lies outside the file or
    /// shares bytes with another is refused, and so is a symbol in a section that does not exist.
    pub fn parse(data: &'d [u8]) -> Result<Self, ElfError> {
        let ident: &[u8; 16] = data.first_chunk().ok_or(ElfError::NotElf)?;
        if !ident.starts_with(b"\x7fELF") {
            return Err(ElfError::NotElf);
        }
        let [_, _, _, _, class, order, version, ..] = *ident;
        let order = match order {
            1 => ByteOrder::Little,
            2 => ByteOrder::Big,
            other => return Err(undefined("EI_DATA", other)),
        };
        if version != 1 {
            return Err(undefined("EI_VERSION", version));
        }
        match class {
            1 => Reader::<FileHeader32<Endianness>>::new(data, order, Class::Elf32)?.object(),
            2 => Reader::<FileHeader64<Endianness>>::new(data, order, Class::Elf64)?.object(),
            other => Err(undefined("EI_CLASS", other)),
        }
    }
}

impl Object<'static> {
    /// Reads the first `size` bytes of `file` as [`Object::parse`] does. The data is shared with it.
    pub(crate) fn parse_shared(file: &Arc<Vec<u8>>, size: usize) -> Result<Self, ElfError> {
        let object = Object::parse(file.get(..size).unwrap_or_default())?;
        let section = |section: Section<'_>| {
            let Section { name, kind, flags, align, entry_size, link, info, size, data, offset } = section;
            let (name, data) = (name.share(file), data.share(file));
            Section { name, kind, flags, align, entry_size, link, info, size, data, offset }
        };
        let symbol = |symbol: Symbol<'_>| {
            let Symbol { name, binding, kind, other, place, value, size } = symbol;
            Symbol { name: name.share(file), binding, kind, other, place, value, size }
        };
        Ok(Self {
            ident: object.ident,
            flags: object.flags,
            sections: object.sections.into_iter().map(section).collect(),
            symbols: object.symbols.into_iter().map(symbol).collect(),
        })
    }
}

fn undefined(field: &'static str, value: u8) -> ElfError {
    ElfError::Ident { field, value: u64::from(value) }
}

/// The part of `data` that a header claims, or the error that says what it claimed.
pub(super) fn range(
    data: &[u8],
    offset: u64,
    size: u64,
    what: impl FnOnce() -> String,
) -> Result<&[u8], ElfError> {
    let part = || {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        data.get(start..end)
    };
    part().ok_or_else(|| ElfError::OutOfFile { what: what(), offset, size, file_size: data.len() as u64 })
}

struct Reader<'d, H: FileHeader<Endian = Endianness>> {
    data: &'d [u8],
    endian: Endianness,
    ident: Ident,
    header: &'d H,
}

impl<'d, H: FileHeader<Endian = Endianness>> Reader<'d, H> {
    fn new(data: &'d [u8], order: ByteOrder, class: Class) -> Result<Self, ElfError> {
        let endian = order.endianness();
        let (header, _) = pod::from_bytes::<H>(data).map_err(|()| ElfError::OutOfFile {
            what: "the ELF header".into(),
            offset: 0,
            size: size_of::<H>() as u64,
            file_size: data.len() as u64,
        })?;
        let kind = header.e_type(endian).0;
        if kind != elf::ET_REL.0 {
            return Err(ElfError::NotRelocatable { value: kind });
        }
        let machine = Machine(header.e_machine(endian).0);
        Ok(Self { data, endian, ident: Ident { class, order, machine }, header })
    }

    fn object(&self) -> Result<Object<'d>, ElfError> {
        let headers = self.section_headers()?;
        let names = self.section_names(headers)?;
        let mut sections = Vec::with_capacity(headers.len());
        for (index, header) in headers.iter().enumerate() {
            sections.push(self.section(index, header, &names)?);
        }
        check::links(&sections)?;
        let table = size_of_val(headers) as u64;
        let header = size_of::<H>() as u64;
        let tables = [
            (0, header, "the ELF header"),
            (self.header.e_shoff(self.endian).into(), table, "the section table"),
        ];
        check::overlap(&sections, &tables)?;
        let symbols = self.symbols(&sections)?;
        let object =
            Object { ident: self.ident, flags: self.header.e_flags(self.endian).0, sections, symbols };
        Ok(object)
    }

    fn section_headers(&self) -> Result<&'d [H::SectionHeader], ElfError> {
        let place = || String::from("ELF header");
        let offset: u64 = self.header.e_shoff(self.endian).into();
        let entry = u64::from(self.header.e_shentsize(self.endian));
        let wanted = size_of::<H::SectionHeader>() as u64;
        if offset == 0 {
            return Err(ElfError::Field {
                place: place(),
                field: "e_shoff",
                value: 0,
                why: "a module has a section table",
            });
        }
        if entry != wanted {
            return Err(ElfError::Field {
                place: place(),
                field: "e_shentsize",
                value: entry,
                why: "not the size of a section header",
            });
        }
        let table = |count: u64| {
            let size = count.saturating_mul(wanted);
            let bytes = range(self.data, offset, size, || String::from("the section table"))?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            pod::slice_from_bytes::<H::SectionHeader>(bytes, count).map(|(headers, _)| headers).map_err(
                |()| ElfError::OutOfFile {
                    what: "the section table".into(),
                    offset,
                    size,
                    file_size: self.data.len() as u64,
                },
            )
        };
        // With 0xff00 sections or more, the count is in the size field of section 0.
        let count = match u64::from(self.header.e_shnum(self.endian)) {
            0 => table(1)?.first().map_or(0, |first| first.sh_size(self.endian).into()),
            count => count,
        };
        if count == 0 {
            return Err(ElfError::Field {
                place: place(),
                field: "e_shnum",
                value: 0,
                why: "a module has sections",
            });
        }
        table(count)
    }

    fn section_names(&self, headers: &'d [H::SectionHeader]) -> Result<StringTable<'d>, ElfError> {
        let mut index = u32::from(self.header.e_shstrndx(self.endian).0);
        if index == u32::from(elf::SHN_XINDEX.0) {
            index = headers.first().map_or(0, |first| first.sh_link(self.endian));
        }
        let field = |why| ElfError::Field {
            place: "ELF header".into(),
            field: "e_shstrndx",
            value: u64::from(index),
            why,
        };
        let header = headers.get(index as usize).ok_or_else(|| field("no such section"))?;
        if header.sh_type(self.endian) != elf::SHT_STRTAB {
            return Err(field("not a string table"));
        }
        let what = || String::from("the section name table");
        let (offset, size) = (header.sh_offset(self.endian), header.sh_size(self.endian));
        range(self.data, offset.into(), size.into(), what).map(StringTable::new)
    }

    fn section(
        &self,
        index: usize,
        header: &H::SectionHeader,
        names: &StringTable<'d>,
    ) -> Result<Section<'d>, ElfError> {
        let endian = self.endian;
        if index == 0 {
            return Ok(Section::null());
        }
        let name = names.get(header.sh_name(endian)).ok_or_else(|| ElfError::Field {
            place: format!("section {index}"),
            field: "sh_name",
            value: u64::from(header.sh_name(endian)),
            why: "outside of the section name table, or without an end",
        })?;
        let place = || format!("section {index} ({})", String::from_utf8_lossy(name));
        let kind = SectionKind(header.sh_type(endian).0);
        let size = header.sh_size(endian).into();
        let offset = header.sh_offset(endian).into();
        let align: u64 = header.sh_addralign(endian).into();
        if align > 1 && !align.is_power_of_two() {
            return Err(ElfError::Field {
                place: place(),
                field: "sh_addralign",
                value: align,
                why: "not a power of two",
            });
        }
        let flags = header.sh_flags(endian).0;
        if kind == SectionKind::NULL && size != 0 && flags & elf::SHF_ALLOC.0 != 0 {
            // The kernel copies such a section without asking whether it lies in the file.
            return Err(ElfError::Field {
                place: place(),
                field: "sh_type",
                value: 0,
                why: "a section that is loaded has a type",
            });
        }
        let data = match kind {
            SectionKind::NOBITS | SectionKind::NULL => &[],
            _ => range(self.data, offset, size, place)?,
        };
        Ok(Section {
            name: name.into(),
            kind,
            flags,
            align,
            entry_size: header.sh_entsize(endian).into(),
            link: header.sh_link(endian),
            info: header.sh_info(endian),
            size,
            data: data.into(),
            offset,
        })
    }

    fn symbols(&self, sections: &[Section<'d>]) -> Result<Vec<Symbol<'d>>, ElfError> {
        let mut tables =
            sections.iter().enumerate().filter(|(_, section)| section.kind == SectionKind::SYMTAB);
        let Some((index, table)) = tables.next() else {
            return Ok(vec![Symbol::null()]);
        };
        if let Some((second, _)) = tables.next() {
            return Err(ElfError::Twice { what: "symbol tables", first: index, second });
        }
        let place = || format!("section {index} ({})", table.name_text());
        let strings = match sections.get(table.link as usize) {
            Some(section) if section.kind == SectionKind::STRTAB => StringTable::new(section.data.borrowed()),
            _ => {
                return Err(ElfError::Field {
                    place: place(),
                    field: "sh_link",
                    value: u64::from(table.link),
                    why: "not a string table",
                });
            }
        };
        let data = table.data.borrowed();
        let entry = size_of::<<H as FileHeader>::Sym>();
        if table.entry_size != entry as u64 || !data.len().is_multiple_of(entry) || data.is_empty() {
            return Err(ElfError::Field {
                place: place(),
                field: "sh_size",
                value: table.size,
                why: "not a whole number of symbols",
            });
        }
        let (raw, _) =
            pod::slice_from_bytes::<<H as FileHeader>::Sym>(data, data.len() / entry).map_err(|()| {
                ElfError::Field {
                    place: place(),
                    field: "sh_size",
                    value: table.size,
                    why: "not a whole number of symbols",
                }
            })?;
        let wide = self.wide_indexes(index, sections);
        let mut symbols = Vec::with_capacity(raw.len());
        for (number, symbol) in raw.iter().enumerate() {
            symbols.push(self.symbol(number, symbol, &strings, &wide, sections.len())?);
        }
        Ok(symbols)
    }

    /// The section indexes of symbols that do not fit in 16 bits (`SHT_SYMTAB_SHNDX`).
    fn wide_indexes(&self, symtab: usize, sections: &[Section<'d>]) -> Vec<u32> {
        sections
            .iter()
            .find(|section| section.kind == SectionKind::SYMTAB_SHNDX && section.link as usize == symtab)
            .map(|section| {
                section.data.as_chunks::<4>().0.iter().map(|bytes| self.ident.order.u32(*bytes)).collect()
            })
            .unwrap_or_default()
    }

    fn symbol(
        &self,
        number: usize,
        symbol: &H::Sym,
        strings: &StringTable<'d>,
        wide: &[u32],
        sections: usize,
    ) -> Result<Symbol<'d>, ElfError> {
        let endian = self.endian;
        let field =
            |field, value, why| ElfError::Field { place: format!("symbol {number}"), field, value, why };
        let name = strings.get(symbol.st_name(endian)).ok_or_else(|| {
            field(
                "st_name",
                u64::from(symbol.st_name(endian)),
                "outside of the string table, or without an end",
            )
        })?;
        let index = symbol.st_shndx(endian).0;
        let in_section = |index: u32| match index as usize {
            index if index < sections => Ok(Place::Section(index)),
            _ => Err(field("st_shndx", u64::from(index), "no such section")),
        };
        let place = match index {
            0 => Place::Undefined,
            0xfff1 => Place::Absolute,
            0xfff2 => Place::Common,
            0xffff => in_section(wide.get(number).copied().unwrap_or(u32::MAX))?,
            reserved @ 0xff00.. => Place::Reserved(reserved),
            index => in_section(u32::from(index))?,
        };
        Ok(Symbol {
            name: name.into(),
            binding: Binding::from_bits(symbol.st_bind().0),
            kind: SymbolKind(symbol.st_type().0),
            other: symbol.st_other().0,
            place,
            value: symbol.st_value(endian).into(),
            size: symbol.st_size(endian).into(),
        })
    }
}
