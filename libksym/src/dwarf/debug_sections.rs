// SPDX-License-Identifier: MIT OR Apache-2.0
//! The debug sections, read piece by piece.

use std::cell::RefCell;
use std::rc::Rc;

use gimli::{EndianSlice, RunTimeEndian};
use libmodfmt::elf::ByteOrder;

use super::error::DwarfError;
use crate::image::Image;

/// What gimli reads from.
pub(super) type Slice<'d> = EndianSlice<'d, RunTimeEndian>;

/// Nothing whose end only its parser finds is larger: a table of abbreviations, a list of ranges, a
/// string.
const MAX_PIECE_BYTES: u64 = 4 << 20;

/// Pieces of less than this are parsed from a window of the section that is read at once: lists of ranges and
/// names of files are next to each other, and reading each by itself takes longer than parsing it.
const WINDOW_BYTES: u64 = 4 << 10;
/// A section that is not larger is one window.
const MAX_WHOLE_BYTES: u64 = 128 << 10;

/// Appended to a piece that was cut off. gimli takes the end of the bytes for the end of a table or list;
/// this byte is an incomplete LEB128 number and no kind of range, so the parser fails there instead.
const CUT_OFF: u8 = 0x80;

/// The sections of one file.
#[derive(Debug)]
pub(super) struct DebugSections {
    image: Rc<Image>,
    sections: Vec<DebugSection>,
}

/// One section.
#[derive(Debug)]
struct DebugSection {
    name: &'static str,
    /// Its number in the image, if it has one.
    index: Option<usize>,
    window: RefCell<Window>,
}

/// Bytes of a section that were read last.
#[derive(Debug, Default)]
struct Window {
    offset: u64,
    /// With [`CUT_OFF`] at the end, unless the section ends there.
    bytes: Vec<u8>,
}

impl Window {
    /// The window's bytes from an offset in the section on; `None` if the window has too few of them.
    fn from(&self, offset: u64, least: u64) -> Option<&[u8]> {
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        self.bytes.get(start..).filter(|bytes| bytes.len() as u64 >= least)
    }
}

impl DebugSections {
    pub(super) fn new(image: Rc<Image>) -> Self {
        const NAMES: [&str; 15] = [
            ".debug_info",
            ".debug_abbrev",
            ".debug_aranges",
            ".debug_line",
            ".debug_str",
            ".debug_line_str",
            ".debug_rnglists",
            ".debug_ranges",
            ".debug_addr",
            ".debug_str_offsets",
            ".debug_types",
            ".debug_loclists",
            ".debug_loc",
            ".debug_frame",
            ".eh_frame",
        ];
        let section = |&name| DebugSection { name, index: image.find(name), window: RefCell::default() };
        let sections = NAMES.iter().map(section).collect();
        Self { image, sections }
    }

    fn find(&self, name: &str) -> Option<&DebugSection> {
        self.sections.iter().find(|section| section.name == name)
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.find(name).and_then(|section| section.index)
    }

    pub(super) fn endian(&self) -> RunTimeEndian {
        match self.image.byte_order() {
            ByteOrder::Little => RunTimeEndian::Little,
            ByteOrder::Big => RunTimeEndian::Big,
        }
    }

    pub(super) fn slice<'d>(&self, bytes: &'d [u8]) -> Slice<'d> {
        EndianSlice::new(bytes, self.endian())
    }

    pub(super) fn size(&self, section: &'static str) -> Result<u64, DwarfError> {
        match self.index(section) {
            None => Ok(0),
            Some(index) => Ok(self.image.size(index)?),
        }
    }

    /// Where a section is in the image.
    pub(super) fn address(&self, section: &'static str) -> Option<u64> {
        Some(self.image.sections().get(self.index(section)?)?.address)
    }

    /// At most `size` bytes of a section from `offset` on, relocated; none if the section is missing.
    pub(super) fn read(&self, section: &'static str, offset: u64, size: u64) -> Result<Vec<u8>, DwarfError> {
        match self.index(section) {
            None => Ok(Vec::new()),
            Some(index) => Ok(self.image.read(index, offset, size)?),
        }
    }

    /// Parses something whose end only its parser finds: from `first` bytes, and from more if they end
    /// too early.
    pub(super) fn parse_at<T>(
        &self,
        section: &'static str,
        offset: u64,
        first: u64,
        mut parse: impl FnMut(Slice<'_>) -> gimli::Result<T>,
    ) -> Result<T, DwarfError> {
        if first < WINDOW_BYTES
            && let Some(Ok(value)) = self.parse_in_window(section, offset, first, &mut parse)?
        {
            return Ok(value);
        }
        let mut size = first;
        loop {
            let mut bytes = self.read(section, offset, size)?;
            let ended = (bytes.len() as u64) < size || size >= MAX_PIECE_BYTES;
            if !ended {
                bytes.push(CUT_OFF);
            }
            match parse(self.slice(&bytes)) {
                Ok(value) => return Ok(value),
                Err(_) if !ended => size = size.saturating_mul(8),
                Err(source) => return Err(DwarfError::Section { section, offset, source }),
            }
        }
    }

    /// Parses what is at an offset from a window of the section, which is read anew if the offset is not in
    /// it. `None` if there is nothing to read; what the parser says of a window may be due to where that
    /// ends.
    fn parse_in_window<T>(
        &self,
        name: &'static str,
        offset: u64,
        least: u64,
        parse: &mut impl FnMut(Slice<'_>) -> gimli::Result<T>,
    ) -> Result<Option<gimli::Result<T>>, DwarfError> {
        let Some(section) = self.find(name) else { return Ok(None) };
        let size = self.size(name)?;
        let least = least.min(size.saturating_sub(offset));
        if least == 0 {
            return Ok(None);
        }
        let mut window = section.window.borrow_mut();
        if window.from(offset, least).is_none() {
            let offset = if size <= MAX_WHOLE_BYTES { 0 } else { offset };
            let wanted = if size <= MAX_WHOLE_BYTES { MAX_WHOLE_BYTES } else { WINDOW_BYTES };
            let mut bytes = self.read(name, offset, wanted)?;
            if offset.saturating_add(bytes.len() as u64) < size {
                bytes.push(CUT_OFF);
            }
            *window = Window { offset, bytes };
        }
        Ok(window.from(offset, least).map(|bytes| parse(self.slice(bytes))))
    }
}
