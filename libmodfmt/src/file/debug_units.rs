// SPDX-License-Identifier: MIT OR Apache-2.0
//! The compilation units that define persistent variables, found by the relocations of `.debug_info`: the
//! description of a variable has one with its address.

use std::ops::Range;

use super::read_at::ReadAt;
use crate::elf::{ByteOrder, Object, Place};
use crate::old_slots;
use crate::persist::PersistentSection;

/// The size of a 64-bit relocation with addend, in bytes.
pub(super) const RELOCATION: usize = 24;

/// How much of the table of relocations is read at a time, in relocations.
pub(super) const CHUNK: usize = 1 << 14;

/// The most units. The kernel itself has some 5,000.
const MAX_UNITS: usize = 1 << 16;

/// The newest version of units, and the oldest.
const VERSIONS: Range<u16> = 2..6;

/// A unit that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Where it is in `.debug_info`, in bytes.
    pub(super) info: Range<usize>,
    /// Where its relocations are in their section, in bytes.
    pub(super) relocations: Range<usize>,
}

/// What the symbols of relocations are, as bits: several of a unit are put together.
mod target {
    /// Persistent data, or a slot for an old address.
    pub(super) const PERSISTENT: u8 = 1;
    /// `.debug_info`
    pub(super) const UNIT: u8 = 2;
    pub(super) const ABBREVIATIONS: u8 = 4;
}

/// The units with a relocation to persistent data, in their order. `info` and `table` are where the section
/// `.debug_info`, number `index`, and its relocations are in the file.
///
/// `None` if they refer to other units, or if this is not what compilers and linkers write: every unit refers to
/// its abbreviations by a relocation, unless a tool has resolved those within debug information.
pub(super) fn wanted_units(
    object: &Object<'_>,
    index: usize,
    info: &Range<usize>,
    table: &Range<usize>,
    read: &impl ReadAt,
) -> Option<Vec<Unit>> {
    let order = object.ident.order;
    let targets = object.symbols.iter().map(|symbol| target_of(object, index, symbol.place)).collect();
    let mut search = Search::new(units(order, info, read)?, targets);
    let mut buffer = vec![0; CHUNK.checked_mul(RELOCATION)?];
    let mut at = table.start;
    while at < table.end {
        let length = buffer.len().min(table.end.checked_sub(at)?);
        let chunk = buffer.get_mut(..length)?;
        read(at as u64, chunk)?;
        let (relocations, rest) = chunk.as_chunks::<RELOCATION>();
        if !rest.is_empty() {
            return None;
        }
        match order {
            ByteOrder::Little => search.relocations(relocations, u64::from_le_bytes)?,
            ByteOrder::Big => search.relocations(relocations, u64::from_be_bytes)?,
        }
        at = at.checked_add(length)?;
    }
    search.close_unit(search.next)?;
    Some(search.wanted)
}

/// The way through the relocations, which are in the order of the units.
struct Search {
    units: Vec<Range<usize>>,
    /// By symbol.
    targets: Vec<u8>,
    /// Number of the current unit.
    unit: usize,
    /// Where it ends, in bytes.
    end: u64,
    /// Where its relocations begin, and where the next one is, in bytes.
    start: usize,
    next: usize,
    /// The place that the last one changes.
    last: u64,
    /// What the current unit's relocations lead to.
    seen: u8,
    wanted: Vec<Unit>,
}

impl Search {
    fn new(units: Vec<Range<usize>>, targets: Vec<u8>) -> Self {
        let end = units.first().map_or(0, |unit| unit.end as u64);
        Self { units, end, targets, unit: 0, start: 0, next: 0, last: 0, seen: 0, wanted: Vec::new() }
    }

    /// The next relocations. There are millions of them, so that what changes with each is kept in registers.
    fn relocations(&mut self, relocations: &[[u8; RELOCATION]], word: impl Fn([u8; 8]) -> u64) -> Option<()> {
        let (mut last, mut seen, mut end) = (self.last, self.seen, self.end);
        for (number, relocation) in relocations.iter().enumerate() {
            let (words, _) = relocation.as_chunks::<8>();
            let [place, info, _addend] = words else { return None };
            let (place, symbol) = (word(*place), word(*info) >> 32);
            if place < last {
                return None;
            }
            last = place;
            if place >= end {
                let next = number.checked_mul(RELOCATION)?.checked_add(self.next)?;
                self.seen = seen;
                while place >= self.end {
                    self.close_unit(next)?;
                    self.end = self.units.get(self.unit)?.end as u64;
                }
                (seen, end) = (0, self.end);
            }
            seen |= *self.targets.get(usize::try_from(symbol).ok()?)?;
        }
        (self.last, self.seen) = (last, seen);
        self.next = relocations.len().checked_mul(RELOCATION)?.checked_add(self.next)?;
        Some(())
    }

    /// All relocations of the current unit have been seen; those behind it are at `next`.
    fn close_unit(&mut self, next: usize) -> Option<()> {
        if self.seen & target::PERSISTENT != 0 {
            if self.seen & target::UNIT != 0 || self.seen & target::ABBREVIATIONS == 0 {
                return None;
            }
            let info = self.units.get(self.unit)?.clone();
            self.wanted.push(Unit { info, relocations: self.start..next });
        }
        self.seen = 0;
        self.start = next;
        self.unit = self.unit.checked_add(1)?;
        Some(())
    }
}

/// Where the units are in the section, from one header to the next.
fn units(order: ByteOrder, info: &Range<usize>, read: &impl ReadAt) -> Option<Vec<Range<usize>>> {
    let mut units = Vec::new();
    let mut at = 0_usize;
    while at < info.len() {
        let mut header = [0; 6];
        read(info.start.checked_add(at)? as u64, &mut header)?;
        let [a, b, c, d, version @ ..] = header;
        // With DWARF of 64 bits, which compilers do not write unasked, the length is 0xffffffff.
        let end = at.checked_add(4)?.checked_add(order.u32([a, b, c, d]) as usize)?;
        if end > info.len() || !VERSIONS.contains(&order.u16(version)) || units.len() >= MAX_UNITS {
            return None;
        }
        units.push(at..end);
        at = end;
    }
    Some(units)
}

fn target_of(object: &Object<'_>, info: usize, place: Place) -> u8 {
    let Place::Section(section) = place else { return 0 };
    let name = object.sections.get(section).map(|section| &*section.name).unwrap_or_default();
    let is_persistent =
        PersistentSection::from_name(name).is_some() || *name == *old_slots::SECTION.as_bytes();
    match () {
        () if section == info => target::UNIT,
        () if is_persistent => target::PERSISTENT,
        () if *name == *b".debug_abbrev" => target::ABBREVIATIONS,
        () => 0,
    }
}
