// SPDX-License-Identifier: MIT OR Apache-2.0
//! Applies the relocations of the bytes that are read, and no others.
//!
//! A large module has millions of them. Assemblers write them in the order of their offsets: one pass
//! over the table verifies that and notes the offset of every 2048th entry; from then on only the few
//! around a range are read. A table in another order is sorted in memory.

use libmodfmt::arch::{Operation, relocation_type};
use libmodfmt::elf::ByteOrder;
use object::elf;

use super::error::ImageError;
use super::relocation::{Relocation, decode, offsets};
use super::symbol_table::ElfSymbols;
use super::unrelocated::UnrelocatedImage;

/// Entries between two noted offsets.
const STRIDE: usize = 2048;

/// The relocations of one section.
#[derive(Debug, Default)]
pub(super) struct Relocations {
    /// Name of the section that is relocated.
    section: String,
    /// Index of the section that has them; `None` if there are none.
    table: Option<usize>,
    /// Bytes an entry.
    entry_size: usize,
    /// `SHT_RELA`: else the addend is in the bytes that are relocated.
    has_addend: bool,
    /// Offset of every `STRIDE`th entry.
    noted: Vec<u64>,
    /// All of them, if the table is not in order.
    sorted: Option<Vec<Relocation>>,
}

impl Relocations {
    /// The relocations of a section.
    pub(super) fn of_section(file: &UnrelocatedImage, target: usize) -> Result<Self, ImageError> {
        let found = file.sections.iter().enumerate().find(|(_, section)| {
            matches!(section.kind, elf::SHT_RELA | elf::SHT_REL)
                && section.info as usize == target
                && section.file_size() > 0
        });
        let section = file.sections.get(target).map(|section| section.name.clone()).unwrap_or_default();
        let Some((table, header)) = found else { return Ok(Self { section, ..Self::default() }) };
        let has_addend = header.kind == elf::SHT_RELA;
        let words = if has_addend { 3 } else { 2 };
        let entry_size = words * file.ident.class.word_size();
        let mut this = Self { section, table: Some(table), entry_size, has_addend, ..Self::default() };
        if !this.note_offsets(file)? {
            let mut all = this.entries(file, 0, u64::MAX)?;
            all.sort_by_key(|entry| entry.offset);
            this.sorted = Some(all);
        }
        Ok(this)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_none()
    }

    /// Notes every `STRIDE`th offset; false if the entries are not in order.
    fn note_offsets(&mut self, file: &UnrelocatedImage) -> Result<bool, ImageError> {
        let size = (self.entry_size * STRIDE) as u64;
        let (mut at, mut last) = (0_u64, 0);
        loop {
            let bytes = self.bytes(file, at, size)?;
            let offsets = offsets(file.ident, self.has_addend, &bytes);
            let Some(&first) = offsets.first() else { return Ok(true) };
            self.noted.push(first);
            for offset in offsets {
                if offset < last {
                    return Ok(false);
                }
                last = offset;
            }
            at = at.saturating_add(size);
        }
    }

    fn bytes(&self, file: &UnrelocatedImage, at: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        file.read(self.table.unwrap_or(usize::MAX), at, size)
    }

    fn entries(&self, file: &UnrelocatedImage, at: u64, size: u64) -> Result<Vec<Relocation>, ImageError> {
        Ok(decode(file.ident, self.has_addend, &self.bytes(file, at, size)?))
    }

    /// The entries whose offset is in `start..end`, and maybe some more.
    pub(super) fn around(
        &self,
        file: &UnrelocatedImage,
        start: u64,
        end: u64,
    ) -> Result<Vec<Relocation>, ImageError> {
        if let Some(sorted) = &self.sorted {
            let first = sorted.partition_point(|entry| entry.offset < start);
            let past = sorted.partition_point(|entry| entry.offset < end);
            return Ok(sorted.get(first..past).unwrap_or_default().to_vec());
        }
        let first = self.noted.partition_point(|&offset| offset < start).saturating_sub(1);
        let past = self.noted.partition_point(|&offset| offset < end);
        let stride = (self.entry_size * STRIDE) as u64;
        let count = past.saturating_sub(first) as u64;
        self.entries(file, (first as u64).saturating_mul(stride), count.saturating_mul(stride))
    }

    /// Relocates `bytes`, which are those of the section from `start` on.
    pub(super) fn apply(
        &self,
        file: &UnrelocatedImage,
        symbols: &ElfSymbols,
        start: u64,
        bytes: &mut [u8],
    ) -> Result<(), ImageError> {
        let end = start.saturating_add(bytes.len() as u64);
        for entry in self.around(file, start, end)? {
            let Some(at) = entry.offset.checked_sub(start).filter(|_| entry.offset < end) else { continue };
            let error = |reason: String| ImageError::Relocation {
                section: self.section.clone(),
                offset: entry.offset,
                reason,
            };
            // Debug information has absolute values only.
            let known = relocation_type(file.ident.machine, entry.kind).filter(|known| !known.pc_relative);
            let (operation, size) = match known.map(|known| (known.operation, known.size)) {
                Some((Operation::None, _)) => continue,
                None | Some((Operation::Indirect | Operation::Instruction, _)) => {
                    return Err(error(format!("type {} is not known", entry.kind)));
                }
                Some(known) => known,
            };
            let symbol = symbols.get(entry.symbol as usize);
            let symbol = symbol.ok_or_else(|| error(format!("there is no symbol {}", entry.symbol)))?;
            // Debug sections have address 0, so a symbol's value is the offset in them.
            let base = file.sections.get(symbol.section as usize).map_or(0, |section| section.address);
            let value = base.wrapping_add(symbol.value).wrapping_add_signed(entry.addend);
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            // A place that the end of the bytes cuts is read as a whole when it is needed.
            let end_of_place = usize::try_from(size).ok().and_then(|size| at.checked_add(size));
            let Some(place) = end_of_place.and_then(|end| bytes.get_mut(at..end)) else { continue };
            let old = load(place, file.ident.order);
            let new = match operation {
                Operation::Add => old.wrapping_add(value),
                Operation::Subtract => old.wrapping_sub(value),
                _ if self.has_addend => value,
                _ => old.wrapping_add(value),
            };
            store(place, file.ident.order, new);
        }
        Ok(())
    }
}

fn load(place: &[u8], order: ByteOrder) -> u64 {
    let join = |number, &byte: &u8| number << 8 | u64::from(byte);
    match order {
        ByteOrder::Little => place.iter().rev().fold(0, join),
        ByteOrder::Big => place.iter().fold(0, join),
    }
}

fn store(place: &mut [u8], order: ByteOrder, number: u64) {
    let size = place.len();
    match order {
        ByteOrder::Little => place.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from),
        ByteOrder::Big => {
            let bytes = number.to_be_bytes();
            let from = bytes.get(8_usize.saturating_sub(size)..).unwrap_or_default();
            place.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
    }
}
