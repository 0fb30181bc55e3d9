// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line program of a unit.

use gimli::{ColumnType, DebugLine, DebugLineOffset, Reader};

use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;
use super::source_path;
use super::string_ref::StringRef;
use super::unit_root::UnitRoot;

/// A place in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SourcePlace {
    /// Number of the file in the unit's table.
    pub(super) file: Option<u64>,
    /// 0 if there is none.
    pub(super) line: u64,
    /// 0 if there is none.
    pub(super) column: u64,
}

/// The place of the addresses from this one up to the next row's.
#[derive(Clone, Copy, Debug)]
struct Row {
    address: u64,
    file: u32,
    line: u32,
    column: u32,
}

/// Rows that cover a range of addresses without a gap.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    start: u64,
    end: u64,
    first: usize,
    past: usize,
}

/// Rows and files of a unit.
#[derive(Debug, Default)]
pub(super) struct LineProgram {
    rows: Vec<Row>,
    sequences: Vec<Sequence>,
    version: u16,
    /// Name, and number in `folders`.
    files: Vec<(Option<StringRef>, u64)>,
    folders: Vec<Option<StringRef>>,
}

const SECTION: &str = ".debug_line";

/// Bytes of a unit length, in the 64-bit format.
const MAX_LENGTH_BYTES: u64 = 12;

impl LineProgram {
    pub(super) fn read(sections: &DebugSections, root: &UnitRoot) -> Result<Self, DwarfError> {
        let Some(offset) = root.lines else { return Ok(Self::default()) };
        let error = |source| DwarfError::Section { section: SECTION, offset, source };
        let start = sections.read(SECTION, offset, MAX_LENGTH_BYTES)?;
        let (size, format) = sections.slice(&start).read_initial_length().map_err(error)?;
        let size = (size as u64).saturating_add(u64::from(format.initial_length_size()));
        if size > sections.size(SECTION)?.saturating_sub(offset) {
            return Err(DwarfError::Field { section: SECTION, offset, field: "unit length", value: size });
        }
        let bytes = sections.read(SECTION, offset, size)?;
        Self::parse(sections.slice(&bytes), root.header.encoding.address_size).map_err(error)
    }

    fn parse(bytes: Slice<'_>, address_size: u8) -> gimli::Result<Self> {
        let program = DebugLine::from(bytes).program(DebugLineOffset(0), address_size, None, None)?;
        let header = program.header();
        let mut this = Self { version: header.version(), ..Self::default() };
        let files = header.file_names().iter();
        this.files = files.map(|file| (StringRef::of(&file.path_name()), file.directory_index())).collect();
        this.folders = header.include_directories().iter().map(StringRef::of).collect();
        let mut rows = program.rows();
        let mut first = 0;
        // If the program is damaged, the rows before that are still good.
        while let Ok(Some((_, row))) = rows.next_row() {
            if row.end_sequence() {
                this.end(first, row.address());
                first = this.rows.len();
                continue;
            }
            let column = match row.column() {
                ColumnType::LeftEdge => 0,
                ColumnType::Column(column) => column.get(),
            };
            let number = |number: u64| u32::try_from(number).unwrap_or(0);
            let made = Row {
                address: row.address(),
                file: number(row.file_index()),
                line: number(row.line().map_or(0, std::num::NonZero::get)),
                column: number(column),
            };
            // Of several rows at one address the last one counts.
            match this.rows.get_mut(first..).and_then(<[Row]>::last_mut) {
                Some(last) if last.address == made.address => *last = made,
                _ => this.rows.push(made),
            }
        }
        this.rows.truncate(first);
        this.sequences.sort_unstable_by_key(|sequence| sequence.start);
        Ok(this)
    }

    fn end(&mut self, first: usize, end: u64) {
        let past = self.rows.len();
        let rows = self.rows.get(first..).unwrap_or_default();
        if let Some(start) = rows.first().map(|row| row.address).filter(|&start| start != 0 && start < end)
            && rows.is_sorted_by_key(|row| row.address)
        {
            self.sequences.push(Sequence { start, end, first, past });
        }
    }

    /// The place of an address of the image.
    pub(super) fn find(&self, address: u64) -> Option<SourcePlace> {
        let past = self.sequences.partition_point(|sequence| sequence.start <= address);
        let before = self.sequences.get(..past).unwrap_or_default();
        let sequence = before.iter().rev().find(|sequence| address < sequence.end)?;
        let rows = self.rows.get(sequence.first..sequence.past)?;
        let row = rows.partition_point(|row| row.address <= address).checked_sub(1)?;
        let row = rows.get(row)?;
        Some(SourcePlace { file: Some(row.file.into()), line: row.line.into(), column: row.column.into() })
    }

    /// The path of a file by its number.
    pub(super) fn path(
        &self,
        sections: &DebugSections,
        root: &UnitRoot,
        file: u64,
    ) -> Result<Option<String>, DwarfError> {
        let text =
            |text: &Option<StringRef>| text.as_ref().map(|text| text.read(sections, &root.bases)).transpose();
        let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        // Up to DWARF 4 files and folders are counted from 1, and 0 means those of the unit itself.
        let (name, folder) = if self.version >= 5 {
            let Some((name, folder)) = self.files.get(at(file)) else { return Ok(None) };
            (text(name)?, self.folders.get(at(*folder)).map(text).transpose()?.flatten())
        } else if file == 0 {
            (text(&root.name)?, None)
        } else {
            let Some((name, folder)) = self.files.get(at(file.saturating_sub(1))) else { return Ok(None) };
            let folder = folder.checked_sub(1).and_then(|folder| self.folders.get(at(folder)));
            (text(name)?, folder.map(text).transpose()?.flatten())
        };
        let Some(name) = name else { return Ok(None) };
        if name.starts_with('/') {
            return Ok(Some(source_path::join(&[&name])));
        }
        let folder = folder.unwrap_or_default();
        if folder.starts_with('/') {
            return Ok(Some(source_path::join(&[&folder, &name])));
        }
        let root_folder = text(&root.comp_dir)?.unwrap_or_default();
        // Folder 0 of DWARF 5 is the compilation directory.
        if folder == root_folder {
            return Ok(Some(source_path::join(&[&folder, &name])));
        }
        Ok(Some(source_path::join(&[&root_folder, &folder, &name])))
    }
}
