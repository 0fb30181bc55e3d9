// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file header and the section table.

use super::store::Store;
use super::{Cursor, Ident, ImageError, Section};
use gimli::RunTimeEndian;
use std::path::Path;

const TYPE_RELOCATABLE: u16 = 1;

/// Fields of the header that lead to the section table.
struct Table {
    offset: u64,
    count: u64,
    entry: u64,
    names: u64,
}

pub(super) fn read(path: &Path, store: &Store) -> Result<(Ident, Vec<Section>), ImageError> {
    let size = store.size().min(64);
    let bytes = store.read(0, size).ok_or(ImageError::NotElf)?;
    let (ident, table) = file_header(&bytes).ok_or(ImageError::NotElf)?;
    if table.offset == 0 {
        return Ok((ident, Vec::new()));
    }
    let sections = section_table(store, ident, table)?;
    let _ = path;
    Ok((ident, sections))
}

fn file_header(bytes: &[u8]) -> Option<(Ident, Table)> {
    let is_64 = match bytes.first_chunk::<6>()? {
        [0x7f, b'E', b'L', b'F', 1, _] => false,
        [0x7f, b'E', b'L', b'F', 2, _] => true,
        _ => return None,
    };
    let endian = match bytes.get(5)? {
        1 => RunTimeEndian::Little,
        2 => RunTimeEndian::Big,
        _ => return None,
    };
    let mut ident = Ident { is_64, endian, machine: 0, relocatable: false };
    let mut fields = Cursor::new(bytes.get(16..)?, ident);
    ident.relocatable = fields.half()? == TYPE_RELOCATABLE;
    ident.machine = fields.half()?;
    fields.word()?; // version
    fields.wide()?; // entry
    fields.wide()?; // program headers
    let offset = fields.wide()?;
    fields.word()?; // flags
    fields.skip(6)?; // own size, size and count of program headers
    let entry = u64::from(fields.half()?);
    let count = u64::from(fields.half()?);
    let names = u64::from(fields.half()?);
    Some((ident, Table { offset, count, entry, names }))
}

fn section_table(store: &Store, ident: Ident, table: Table) -> Result<Vec<Section>, ImageError> {
    let Table { offset, mut count, entry, mut names } = table;
    let field = |field, value| ImageError::Header { field, value };
    if entry < if ident.is_64 { 64 } else { 40 } {
        return Err(field("section entry size", entry));
    }
    // More than 65,279 sections: the first one's header has the numbers.
    if count == 0 || names == 0xffff {
        let first = store.read(offset, entry).ok_or(field("section table offset", offset))?;
        let (first, _) = section(&first, ident).ok_or(field("section entry size", entry))?;
        count = if count == 0 { first.size } else { count };
        names = if names == 0xffff { u64::from(first.link) } else { names };
    }
    let size = count.checked_mul(entry).ok_or(field("section count", count))?;
    let bytes = store.read(offset, size).ok_or(field("section count", count))?;
    let entry = usize::try_from(entry).map_err(|_| field("section entry size", entry))?;
    let mut sections: Vec<_> = bytes.chunks_exact(entry).filter_map(|bytes| section(bytes, ident)).collect();
    let strings = usize::try_from(names).ok().and_then(|names| sections.get(names));
    let strings = strings.map(|(section, _)| (section.offset, section.file_size()));
    let strings = match strings {
        None => Vec::new(),
        Some((offset, size)) => store.read(offset, size).ok_or(field("section name table", names))?,
    };
    for (section, name) in &mut sections {
        let start = usize::try_from(*name).unwrap_or(usize::MAX);
        let name = strings.get(start..).and_then(|rest| rest.split(|&byte| byte == 0).next());
        section.name = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
    }
    Ok(sections.into_iter().map(|(section, _)| section).collect())
}

/// A header, and where its name is.
fn section(bytes: &[u8], ident: Ident) -> Option<(Section, u32)> {
    let mut fields = Cursor::new(bytes, ident);
    let name = fields.word()?;
    let section = Section {
        name: String::new(),
        kind: fields.word()?,
        flags: fields.wide()?,
        address: fields.wide()?,
        offset: fields.wide()?,
        size: fields.wide()?,
        link: fields.word()?,
        info: fields.word()?,
        align: fields.wide()?,
    };
    Some((section, name))
}
