// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tables that the header of a unit leads to: abbreviations and files.
//!
//! They are read for each unit. A linker gives each unit tables of its own, but a damaged file may say that
//! thousands of units share one, or that each begins a little further on in one. Reading them all could take
//! gigabytes for a megabyte of file, so that no more is read than such tables could have together.

use std::collections::HashMap;
use std::sync::Arc;

use gimli::{Abbreviations, AttributeValue, Reader as _, Section as _, UnitHeader, UnitType};

use super::relocate::Reader;

/// Most attributes of an entry. Compilers write some twenty; values may take no room in the file, so that
/// each entry of one byte could have any number.
const MAX_ATTRIBUTES: u32 = 64;

/// dwz moves what units have in common to partial units, which share a line table with one of them.
const UNITS_PER_LINE_TABLE: usize = 4;

/// Reads units, as long as their tables are not larger than the sections that they are in.
pub(super) struct UnitTables<'d, 'a> {
    dwarf: &'d gimli::Dwarf<Reader<'a>>,
    /// By offset.
    abbreviations: HashMap<usize, Arc<Abbreviations>>,
    abbreviation_bytes_left: usize,
    line_bytes_left: usize,
}

impl<'d, 'a> UnitTables<'d, 'a> {
    pub(super) fn new(dwarf: &'d gimli::Dwarf<Reader<'a>>) -> Self {
        Self {
            dwarf,
            abbreviations: HashMap::new(),
            abbreviation_bytes_left: dwarf.debug_abbrev.reader().len(),
            line_bytes_left: dwarf.debug_line.reader().len().saturating_mul(UNITS_PER_LINE_TABLE),
        }
    }

    /// The unit, unless it cannot be read. Type units are left out: nothing refers to them in a way that is
    /// followed.
    pub(super) fn unit(&mut self, header: UnitHeader<Reader<'a>>) -> Option<gimli::Unit<Reader<'a>>> {
        if matches!(header.type_(), UnitType::Type { .. } | UnitType::SplitType { .. }) {
            return None;
        }
        let abbreviations = self.abbreviations(&header)?;
        let mut cursor = header.entries(&abbreviations);
        let root = cursor.next_dfs().ok()??;
        if let Some(AttributeValue::DebugLineRef(offset)) = root.attr_value(gimli::DW_AT_stmt_list) {
            let bytes = self.line_program_bytes(offset.0)?;
            self.line_bytes_left = self.line_bytes_left.checked_sub(bytes)?;
        }
        gimli::Unit::new_with_abbreviations(self.dwarf, header, Arc::clone(&abbreviations)).ok()
    }

    fn abbreviations(&mut self, header: &UnitHeader<Reader<'a>>) -> Option<Arc<Abbreviations>> {
        let offset = header.debug_abbrev_offset().0;
        if let Some(known) = self.abbreviations.get(&offset) {
            return Some(Arc::clone(known));
        }
        let mut rest = self.dwarf.debug_abbrev.reader().clone();
        rest.skip(offset).ok()?;
        rest.truncate(self.abbreviation_bytes_left.min(rest.len())).ok()?;
        self.abbreviation_bytes_left = self.abbreviation_bytes_left.checked_sub(table_bytes(rest)?)?;
        let read = Arc::new(header.abbreviations(&self.dwarf.debug_abbrev).ok()?);
        self.abbreviations.insert(offset, Arc::clone(&read));
        Some(read)
    }

    /// The size of a line program with its header, by its own word.
    fn line_program_bytes(&self, offset: usize) -> Option<usize> {
        let mut rest = self.dwarf.debug_line.reader().clone();
        let before = rest.len();
        rest.skip(offset).ok()?;
        let (length, _) = rest.read_initial_length().ok()?;
        let header = before.checked_sub(offset)?.checked_sub(rest.len())?;
        length.checked_add(header)
    }
}

/// The size of a table of abbreviations; `None` if it does not end, or has more attributes than
/// [`MAX_ATTRIBUTES`] in one.
fn table_bytes(mut input: Reader<'_>) -> Option<usize> {
    let before = input.len();
    while input.read_uleb128().ok()? != 0 {
        input.skip_leb128().ok()?;
        input.read_u8().ok()?;
        for attribute in 0.. {
            let (name, form) = (input.read_uleb128().ok()?, input.read_uleb128().ok()?);
            if (name, form) == (0, 0) {
                break;
            }
            if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                input.skip_leb128().ok()?;
            }
            if attribute >= MAX_ATTRIBUTES {
                return None;
            }
        }
    }
    before.checked_sub(input.len())
}
