// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file header and the section headers.

use libmodfmt::elf::{ByteOrder, Class, Ident, Machine};
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endianness, pod};

use super::error::ImageError;
use super::file_bytes::FileBytes;
use super::section::Section;

/// What the headers say.
pub(super) struct Header {
    pub(super) ident: Ident,
    /// `ET_REL`
    pub(super) is_relocatable: bool,
    pub(super) sections: Vec<Section>,
}

pub(super) fn read(file: &FileBytes) -> Result<Header, ImageError> {
    let size = file.size().min(size_of::<FileHeader64<Endianness>>() as u64);
    let start = file.read(0, size).ok_or(ImageError::NotElf)?;
    // EI_CLASS
    match start.get(4).copied().map(elf::FileClass) {
        Some(elf::ELFCLASS32) => of_class::<FileHeader32<Endianness>>(file, &start, Class::Elf32),
        Some(elf::ELFCLASS64) => of_class::<FileHeader64<Endianness>>(file, &start, Class::Elf64),
        _ => Err(ImageError::NotElf),
    }
}

fn of_class<Elf>(file: &FileBytes, start: &[u8], class: Class) -> Result<Header, ImageError>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let header = Elf::parse(start).map_err(|_| ImageError::NotElf)?;
    let endian = header.endian().map_err(|_| ImageError::NotElf)?;
    let order = match endian {
        Endianness::Little => ByteOrder::Little,
        Endianness::Big => ByteOrder::Big,
    };
    Ok(Header {
        ident: Ident { class, order, machine: Machine(header.e_machine(endian).0) },
        is_relocatable: header.e_type(endian) == elf::ET_REL,
        sections: section_table(file, header, endian)?,
    })
}

fn section_table<Elf>(file: &FileBytes, header: &Elf, endian: Endianness) -> Result<Vec<Section>, ImageError>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let error = |field, value| ImageError::Header { field, value };
    let offset: u64 = header.e_shoff(endian).into();
    if offset == 0 {
        return Ok(Vec::new());
    }
    let entry = usize::from(header.e_shentsize(endian));
    if entry < size_of::<Elf::SectionHeader>() {
        return Err(error("section entry size", entry as u64));
    }
    let mut count = u64::from(header.e_shnum(endian));
    let mut names = u32::from(header.e_shstrndx(endian).0);
    // More than 65,279 sections: the first one's header has the numbers.
    if count == 0 || names == u32::from(elf::SHN_XINDEX.0) {
        let first = file.read(offset, entry as u64).ok_or(error("section table offset", offset))?;
        let first = parse::<Elf>(&first).ok_or(error("section entry size", entry as u64))?;
        count = if count == 0 { first.sh_size(endian).into() } else { count };
        names = if names == u32::from(elf::SHN_XINDEX.0) { first.sh_link(endian) } else { names };
    }
    let size = count.checked_mul(entry as u64).ok_or(error("section count", count))?;
    let bytes = file.read(offset, size).ok_or(error("section count", count))?;
    let headers: Vec<_> = bytes.chunks_exact(entry).filter_map(parse::<Elf>).collect();
    let mut sections: Vec<_> = headers.iter().map(|header| section::<Elf>(header, endian)).collect();
    let strings = match sections.get(names as usize) {
        None => Vec::new(),
        Some(section) => {
            file.read(section.offset, section.file_size()).ok_or(error("section name table", names.into()))?
        }
    };
    for (section, header) in sections.iter_mut().zip(&headers) {
        let rest = strings.get(header.sh_name(endian) as usize..).unwrap_or_default();
        let name = rest.split(|&byte| byte == 0).next().unwrap_or_default();
        section.name = String::from_utf8_lossy(name).into_owned();
    }
    Ok(sections)
}

fn parse<Elf: FileHeader>(bytes: &[u8]) -> Option<&Elf::SectionHeader> {
    pod::from_bytes(bytes).ok().map(|(header, _)| header)
}

/// A section without its name.
fn section<Elf>(header: &Elf::SectionHeader, endian: Endianness) -> Section
where
    Elf: FileHeader<Endian = Endianness>,
{
    Section {
        name: String::new(),
        kind: header.sh_type(endian),
        flags: header.sh_flags(endian),
        address: header.sh_addr(endian).into(),
        offset: header.sh_offset(endian).into(),
        size: header.sh_size(endian).into(),
        link: header.sh_link(endian),
        info: header.sh_info(endian),
        align: header.sh_addralign(endian).into(),
    }
}
