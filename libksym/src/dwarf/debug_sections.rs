// SPDX-License-Identifier: MIT OR Apache-2.0
//! The debug sections, read piece by piece.

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

/// Appended to a piece that was cut off. gimli takes the end of the bytes for the end of a table or list;
/// this byte is an incomplete LEB128 number and no kind of range, so the parser fails there instead.
const CUT_OFF: u8 = 0x80;

/// The sections of one file.
#[derive(Debug)]
pub(super) struct DebugSections {
    image: Rc<Image>,
    names: Vec<(&'static str, Option<usize>)>,
}

impl DebugSections {
    pub(super) fn new(image: Rc<Image>) -> Self {
        const NAMES: [&str; 11] = [
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
        ];
        let names = NAMES.iter().map(|&name| (name, image.find(name))).collect();
        Self { image, names }
    }

    fn index(&self, section: &str) -> Option<usize> {
        self.names.iter().find(|(name, _)| *name == section).and_then(|(_, index)| *index)
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
}
