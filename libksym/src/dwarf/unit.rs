// SPDX-License-Identifier: MIT OR Apache-2.0
//! One unit: what the compiler made of one source file.

use super::functions::{self, Function};
use super::header::Header;
use super::lines::{Lines, Place};
use super::root::Root;
use super::sections::{Sections, Slice};
use super::value::{Reference, Values};
use super::{Dwarf, DwarfError, inline};
use crate::answer::Frame;
use gimli::{Abbreviations, EntriesRaw, UnitOffset};
use std::cell::OnceCell;

/// A chain of references of entries that is longer goes round in circles.
const CHAIN: usize = 16;

/// A unit that was read.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) root: Root,
    bytes: Vec<u8>,
    abbrevs: Abbreviations,
    functions: OnceCell<Vec<Function>>,
    lines: OnceCell<Lines>,
}

impl Unit {
    pub(super) fn read(sections: &Sections, offset: u64) -> Result<Self, DwarfError> {
        let header = Header::read(sections, offset)?;
        let bytes = sections.read(".debug_info", offset, header.size)?;
        let abbrevs = Root::abbrevs(sections, &header)?;
        let root = Root::parse(header, sections.slice(&bytes), &abbrevs);
        let root = root.map_err(|source| DwarfError::Section { section: ".debug_info", offset, source })?;
        Ok(Self { root, bytes, abbrevs, functions: OnceCell::new(), lines: OnceCell::new() })
    }

    /// About how many bytes it takes in memory.
    pub(super) fn weight(&self) -> usize {
        self.bytes.len().saturating_mul(2)
    }

    /// The entries from an offset in the unit on.
    pub(super) fn entries(&self, sections: &Sections, offset: usize) -> EntriesRaw<'_, Slice<'_>> {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        EntriesRaw::new(sections.slice(rest), self.root.header.encoding, &self.abbrevs, UnitOffset(offset))
    }

    /// Wraps an error in the place where it is.
    pub(super) fn error(&self, source: gimli::Error) -> DwarfError {
        DwarfError::Section { section: ".debug_info", offset: self.root.header.offset, source }
    }

    /// The functions at an address, the innermost first.
    pub(super) fn frames(&self, dwarf: &Dwarf, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let sections = &dwarf.sections;
        let functions = match self.functions.get() {
            Some(functions) => functions,
            None => {
                let functions = functions::read(self, sections)?;
                self.functions.get_or_init(|| functions)
            }
        };
        let lines = match self.lines.get() {
            Some(lines) => lines,
            None => {
                let lines = Lines::read(sections, &self.root)?;
                self.lines.get_or_init(|| lines)
            }
        };
        let place = lines.find(address);
        let Some(function) = functions::at(functions, address) else {
            let frame = place.map(|place| self.frame(sections, lines, None, place)).transpose()?;
            return Ok(frame.into_iter().collect());
        };
        let chain = inline::chain(self, sections, function, address)?;
        let mut frames = Vec::with_capacity(chain.len());
        let mut place = place.unwrap_or_default();
        for scope in chain.iter().rev() {
            let name = self.name(dwarf, Reference::Unit(scope.entry), 0)?;
            frames.push(self.frame(sections, lines, name, place)?);
            place = scope.call;
        }
        Ok(frames)
    }

    fn frame(
        &self,
        sections: &Sections,
        lines: &Lines,
        function: Option<String>,
        place: Place,
    ) -> Result<Frame, DwarfError> {
        let number = |number: u64| u32::try_from(number).ok().filter(|&number| number != 0);
        let file = place.file.map(|file| lines.path(sections, &self.root, file)).transpose()?.flatten();
        Ok(Frame { function, file, line: number(place.line), column: number(place.column) })
    }

    /// Name of the function that an entry is, or is an instance of.
    fn name(&self, dwarf: &Dwarf, entry: Reference, depth: usize) -> Result<Option<String>, DwarfError> {
        if depth > CHAIN {
            return Ok(None);
        }
        let entry = match entry {
            Reference::Unit(entry) => entry,
            Reference::Info(offset) => {
                let start = self.root.header.offset;
                match offset.checked_sub(start).filter(|&entry| entry < self.root.header.size) {
                    Some(entry) => usize::try_from(entry).unwrap_or(usize::MAX),
                    None => return self.foreign_name(dwarf, offset, depth),
                }
            }
        };
        let mut entries = self.entries(&dwarf.sections, entry);
        let abbrev = entries.read_abbreviation().map_err(|source| self.error(source))?;
        let Some(abbrev) = abbrev else { return Ok(None) };
        let values = Values::read(&mut entries, abbrev).map_err(|source| self.error(source))?;
        match (values.linkage_name.or(values.name), values.origin) {
            (Some(name), _) => name.read(&dwarf.sections, &self.root).map(Some),
            (None, Some(origin)) => self.name(dwarf, origin, depth.saturating_add(1)),
            (None, None) => Ok(None),
        }
    }

    /// As [`Self::name`], of an entry in another unit (link-time optimisation).
    fn foreign_name(&self, dwarf: &Dwarf, entry: u64, depth: usize) -> Result<Option<String>, DwarfError> {
        let size = dwarf.sections.size(".debug_info")?;
        let mut offset = 0;
        while offset < size && offset <= entry {
            let header = Header::read(&dwarf.sections, offset)?;
            let end = offset.saturating_add(header.size);
            if entry < end {
                return dwarf.unit(offset)?.name(dwarf, Reference::Info(entry), depth.saturating_add(1));
            }
            offset = end;
        }
        Ok(None)
    }
}
