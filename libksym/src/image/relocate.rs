// SPDX-License-Identifier: MIT OR Apache-2.0
//! Applies the relocations of the bytes that are read, and no others.
//!
//! A large module has millions of them. Assemblers write them in the order of their places: one
//! pass over the table proves that and notes where every 2048th one is, and from then on only the
//! few around a range are read. A table in another order is sorted in memory.

use super::relocation_kind::{Kind, kind};
use super::{Cursor, Image, ImageError};
use gimli::RunTimeEndian;
use object::elf;

/// Entries between two notes.
const STRIDE: usize = 2048;

/// The relocations of one section.
#[derive(Debug, Default)]
pub(super) struct Relocations {
    section: String,
    /// Index of the section that holds them; `None` if there are none.
    table: Option<usize>,
    /// Bytes an entry.
    entry: usize,
    has_addend: bool,
    /// Place of every `STRIDE`th entry.
    notes: Vec<u64>,
    /// All of them, if the table is not in order.
    sorted: Option<Vec<Entry>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    offset: u64,
    symbol: u32,
    kind: u32,
    addend: i64,
}

impl Relocations {
    pub(super) fn of(image: &Image, target: usize) -> Result<Self, ImageError> {
        let is_table = |kind: u32| kind == elf::SHT_RELA.0 || kind == elf::SHT_REL.0;
        let found = image.sections.iter().enumerate().find(|(_, section)| {
            is_table(section.kind) && section.info as usize == target && section.file_size() > 0
        });
        let section = image.sections.get(target).map(|section| section.name.clone()).unwrap_or_default();
        let Some((table, header)) = found else { return Ok(Self { section, ..Self::default() }) };
        let has_addend = header.kind == elf::SHT_RELA.0;
        let word = if image.ident.is_64 { 8 } else { 4 };
        let entry = if has_addend { 3 * word } else { 2 * word };
        let mut this = Self { section, table: Some(table), entry, has_addend, ..Self::default() };
        if !this.note(image)? {
            let mut all = this.entries(image, 0, u64::MAX)?;
            all.sort_by_key(|entry| entry.offset);
            this.sorted = Some(all);
        }
        Ok(this)
    }

    /// Fills the notes; false if the entries are not in order.
    fn note(&mut self, image: &Image) -> Result<bool, ImageError> {
        let size = (self.entry * STRIDE) as u64;
        let (mut at, mut last) = (0_u64, 0);
        loop {
            let bytes = image.read_raw(self.table.unwrap_or(usize::MAX), at, size)?;
            if bytes.len() < self.entry {
                return Ok(true);
            }
            for (index, bytes) in bytes.chunks_exact(self.entry).enumerate() {
                let offset = Cursor::new(bytes, image.ident).wide().unwrap_or(u64::MAX);
                if offset < last {
                    return Ok(false);
                }
                last = offset;
                if index == 0 {
                    self.notes.push(offset);
                }
            }
            at = at.saturating_add(size);
        }
    }

    fn entries(&self, image: &Image, at: u64, size: u64) -> Result<Vec<Entry>, ImageError> {
        let bytes = image.read_raw(self.table.unwrap_or(usize::MAX), at, size)?;
        let entries = bytes.chunks_exact(self.entry).map_while(|bytes| self.entry(image, bytes));
        Ok(entries.collect())
    }

    #[expect(clippy::cast_possible_truncation, reason = "both halves of a word are wanted")]
    fn entry(&self, image: &Image, bytes: &[u8]) -> Option<Entry> {
        let mut fields = Cursor::new(bytes, image.ident);
        let offset = fields.wide()?;
        let info = fields.wide()?;
        let addend = if self.has_addend { fields.wide()? } else { 0 };
        let (symbol, kind) = match (image.ident.is_64, image.ident.machine, image.ident.endian) {
            (false, ..) => ((info >> 8) as u32, (info & 0xff) as u32),
            // mips64 has its own order of fields, which little endian turns around.
            (true, 8, RunTimeEndian::Little) => (info as u32, (info >> 56) as u32),
            (true, 8, RunTimeEndian::Big) => ((info >> 32) as u32, (info & 0xff) as u32),
            (true, 43, _) => ((info >> 32) as u32, (info & 0xff) as u32),
            (true, ..) => ((info >> 32) as u32, info as u32),
        };
        let addend =
            if image.ident.is_64 { addend.cast_signed() } else { (addend as u32).cast_signed().into() };
        Some(Entry { offset, symbol, kind, addend })
    }

    /// The entries whose place is in `start..end`, and some more.
    fn around(&self, image: &Image, start: u64, end: u64) -> Result<Vec<Entry>, ImageError> {
        if let Some(sorted) = &self.sorted {
            let first = sorted.partition_point(|entry| entry.offset < start);
            let past = sorted.partition_point(|entry| entry.offset < end);
            return Ok(sorted.get(first..past).unwrap_or_default().to_vec());
        }
        let first = self.notes.partition_point(|&offset| offset < start).saturating_sub(1);
        let past = self.notes.partition_point(|&offset| offset < end);
        let stride = (self.entry * STRIDE) as u64;
        let count = past.saturating_sub(first) as u64;
        self.entries(image, (first as u64).saturating_mul(stride), count.saturating_mul(stride))
    }

    /// Changes `bytes`, which are those of the section from `start` on.
    pub(super) fn apply(&self, image: &Image, start: u64, bytes: &mut [u8]) -> Result<(), ImageError> {
        if self.table.is_none() {
            return Ok(());
        }
        let end = start.saturating_add(bytes.len() as u64);
        let symbols = image.symbols()?;
        for entry in self.around(image, start, end)? {
            let Some(at) = entry.offset.checked_sub(start).filter(|_| entry.offset < end) else { continue };
            let error = |reason: String| ImageError::Relocation {
                section: self.section.clone(),
                offset: entry.offset,
                reason,
            };
            let kind = kind(image.ident.machine, entry.kind);
            let width = match kind {
                Kind::None => continue,
                Kind::Unknown => return Err(error(format!("type {} is not known", entry.kind))),
                Kind::Store(width) | Kind::Add(width) | Kind::Subtract(width) => width,
            };
            let symbol = symbols.symbols.get(entry.symbol as usize);
            let symbol = symbol.ok_or_else(|| error(format!("there is no symbol {}", entry.symbol)))?;
            // Debug sections have address 0, so that a symbol's value is the offset in them.
            let base = image.sections.get(symbol.section as usize).map_or(0, |section| section.address);
            let value = base.wrapping_add(symbol.value).wrapping_add_signed(entry.addend);
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            // A place that the end of the bytes cuts is read in full when it is needed.
            let Some(place) = at.checked_add(width).and_then(|end| bytes.get_mut(at..end)) else { continue };
            let old = number(place, image.ident.endian);
            let new = match kind {
                Kind::Add(_) => old.wrapping_add(value),
                Kind::Subtract(_) => old.wrapping_sub(value),
                _ if self.has_addend => value,
                _ => old.wrapping_add(value),
            };
            store(place, image.ident.endian, new);
        }
        Ok(())
    }
}

fn number(place: &[u8], endian: RunTimeEndian) -> u64 {
    let join = |number, &byte: &u8| number << 8 | u64::from(byte);
    match endian {
        RunTimeEndian::Little => place.iter().rev().fold(0, join),
        RunTimeEndian::Big => place.iter().fold(0, join),
    }
}

fn store(place: &mut [u8], endian: RunTimeEndian, number: u64) {
    let size = place.len();
    match endian {
        RunTimeEndian::Little => place.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from),
        RunTimeEndian::Big => {
            let bytes = number.to_be_bytes();
            let from = bytes.get(8_usize.saturating_sub(size)..).unwrap_or_default();
            place.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
    }
}
