// SPDX-License-Identifier: MIT OR Apache-2.0
//! The structures of a 64-bit little-endian ELF file (System V ABI), as many as loading takes.

use super::error::LoadError;

const EM_X86_64: u16 = 62;
const ET_REL: u16 = 1;
const SHT_NULL: u32 = 0;
const SECTION_HEADER_BYTES: usize = 64;

pub(super) struct Header {
    name: usize,
    pub(super) kind: u32,
    pub(super) flags: u64,
    offset: u64,
    pub(super) size: u64,
    pub(super) link: u32,
    pub(super) info: u32,
    pub(super) align: u64,
}

pub(super) struct ElfFile<'d> {
    data: &'d [u8],
    pub(super) sections: Vec<Header>,
    names: usize,
}

pub(super) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

pub(super) fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

impl<'d> ElfFile<'d> {
    pub(super) fn parse(data: &'d [u8]) -> Result<Self, LoadError> {
        if !data.starts_with(b"\x7fELF\x02\x01") {
            return Err(LoadError::OtherMachine);
        }
        let short = LoadError::Broken("the header is cut off");
        let half = |at| u16_at(data, at).ok_or(short.clone());
        if (half(16)?, half(18)?) != (ET_REL, EM_X86_64) {
            return Err(LoadError::OtherMachine);
        }
        let table = u64_at(data, 40).and_then(|at| usize::try_from(at).ok()).ok_or(short.clone())?;
        let (entry, count, names) = (half(58)?, half(60)?, half(62)?);
        if usize::from(entry) != SECTION_HEADER_BYTES {
            return Err(LoadError::Broken("section headers of another size"));
        }
        let mut sections = Vec::new();
        for index in 0..usize::from(count) {
            let start = table.checked_add(index * SECTION_HEADER_BYTES);
            let header = start.and_then(|start| data.get(start..)).and_then(header);
            sections.push(header.ok_or(LoadError::Broken("the section table is cut off"))?);
        }
        Ok(Self { data, sections, names: names.into() })
    }

    /// The bytes in the file.
    pub(super) fn bytes(&self, header: &Header) -> Result<&'d [u8], LoadError> {
        if header.kind == SHT_NULL && header.size == 0 {
            // The kernel does not look where it is.
            return Ok(&[]);
        }
        let range = usize::try_from(header.offset).ok().zip(usize::try_from(header.size).ok());
        let bytes = range.and_then(|(start, size)| self.data.get(start..start.checked_add(size)?));
        bytes.ok_or(LoadError::Broken("a section outside of the file"))
    }

    pub(super) fn name(&self, header: &Header) -> Result<&'d [u8], LoadError> {
        let names = self.sections.get(self.names).ok_or(LoadError::Broken("no section names"))?;
        text(self.bytes(names)?, header.name).ok_or(LoadError::Broken("a section name is cut off"))
    }
}

fn header(data: &[u8]) -> Option<Header> {
    Some(Header {
        name: u32_at(data, 0)? as usize,
        kind: u32_at(data, 4)?,
        flags: u64_at(data, 8)?,
        offset: u64_at(data, 24)?,
        size: u64_at(data, 32)?,
        link: u32_at(data, 40)?,
        info: u32_at(data, 44)?,
        align: u64_at(data, 48)?,
    })
}

/// The text at an offset of a string table, up to its NUL.
pub(super) fn text(table: &[u8], at: usize) -> Option<&[u8]> {
    let rest = table.get(at..)?;
    rest.get(..rest.iter().position(|byte| *byte == 0)?)
}
