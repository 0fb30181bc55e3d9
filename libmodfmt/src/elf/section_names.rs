// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names and sizes of the sections of a file, without reading more than its section table.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::pod;
use object::read::elf::{FileHeader, SectionHeader};

use super::SectionKind;

/// The largest section table or name table that is read, in bytes. No module comes near.
const MAX_TABLE_BYTES: u64 = 16 << 20;

/// The names of all sections of an ELF file. `read` returns the given number of bytes at an offset of
/// the file, or `None`.
///
/// Returns `None` if this is not an ELF file or its section table is broken. Reading the whole file
/// with [`Object::parse`](super::Object::parse) tells what is wrong.
///
/// ```
/// use libmodfmt::elf::section_names;
///
/// let file = b"\x7fELF, and nothing else";
/// let read = |offset: u64, size: usize| {
///     let start = usize::try_from(offset).ok()?;
///     file.get(start..start.checked_add(size)?).map(<[u8]>::to_vec)
/// };
/// assert_eq!(section_names(read), None);
/// ```
pub fn section_names(read: impl FnMut(u64, usize) -> Option<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    Some(section_table(read)?.into_iter().map(|section| section.name).collect())
}

/// A section, as the section table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionEntry {
    /// Its name.
    pub name: Vec<u8>,
    /// `sh_type`
    pub kind: SectionKind,
    /// `sh_info`
    pub info: u32,
    /// Where its data are in the file, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
    /// It takes room in memory when the module is loaded.
    pub is_allocated: bool,
}

/// The sections of an ELF file; otherwise as [`section_names`].
pub fn section_table(mut read: impl FnMut(u64, usize) -> Option<Vec<u8>>) -> Option<Vec<SectionEntry>> {
    let ident = read(0, 16)?;
    if !ident.starts_with(b"\x7fELF") {
        return None;
    }
    match ident.get(4)? {
        1 => entries::<FileHeader32<Endianness>>(&mut read),
        2 => entries::<FileHeader64<Endianness>>(&mut read),
        _ => None,
    }
}

fn entries<H: FileHeader<Endian = Endianness>>(
    read: &mut impl FnMut(u64, usize) -> Option<Vec<u8>>,
) -> Option<Vec<SectionEntry>> {
    let start = read(0, size_of::<H>())?;
    let (header, _) = pod::from_bytes::<H>(&start).ok()?;
    let endian = header.endian().ok()?;
    let offset: u64 = header.e_shoff(endian).into();
    let entry = size_of::<H::SectionHeader>();
    if usize::from(header.e_shentsize(endian)) != entry {
        return None;
    }
    let first = read(offset, entry)?;
    let (first, _) = pod::from_bytes::<H::SectionHeader>(&first).ok()?;
    let count = match u64::from(header.e_shnum(endian)) {
        0 => first.sh_size(endian).into(),
        count => count,
    };
    let strings = match u32::from(header.e_shstrndx(endian).0) {
        0xffff => first.sh_link(endian),
        index => index,
    };
    let size = count.checked_mul(entry as u64).filter(|size| *size <= MAX_TABLE_BYTES)?;
    let table = read(offset, usize::try_from(size).ok()?)?;
    let (headers, _) =
        pod::slice_from_bytes::<H::SectionHeader>(&table, usize::try_from(count).ok()?).ok()?;
    let strings = headers.get(strings as usize)?;
    let size: u64 = strings.sh_size(endian).into();
    let names = read(
        strings.sh_offset(endian).into(),
        usize::try_from(size).ok().filter(|_| size <= MAX_TABLE_BYTES)?,
    )?;
    let name = |header: &H::SectionHeader| {
        let tail = names.get(header.sh_name(endian) as usize..).unwrap_or_default();
        let end = tail.iter().position(|byte| *byte == 0).unwrap_or(tail.len());
        tail.get(..end).unwrap_or_default().to_vec()
    };
    let entry = |header: &H::SectionHeader| SectionEntry {
        name: name(header),
        kind: SectionKind(header.sh_type(endian).0),
        info: header.sh_info(endian),
        offset: header.sh_offset(endian).into(),
        size: header.sh_size(endian).into(),
        is_allocated: header.sh_flags(endian).0 & elf::SHF_ALLOC.0 != 0,
    };
    Some(headers.iter().map(entry).collect())
}
