// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line program of a unit.

use std::cell::RefCell;

use gimli::{DebugLine, DebugLineOffset, Reader};

use super::debug_sections::DebugSections;
use super::error::DwarfError;
use super::line_rows::LineRows;
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

/// Rows and files of a unit.
#[derive(Debug, Default)]
pub(super) struct LineProgram {
    /// None if the unit has no program.
    rows: Option<RefCell<LineRows>>,
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
        let slice = sections.slice(&bytes);
        let program = DebugLine::from(slice);
        let address_size = root.header.encoding.address_size;
        let program = program.program(DebugLineOffset(0), address_size, None, None).map_err(error)?;
        let header = program.header();
        let files = header.file_names().iter();
        let files = files.map(|file| (StringRef::of(&file.path_name()), file.directory_index())).collect();
        let folders = header.include_directories().iter().map(StringRef::of).collect();
        let version = header.version();
        let rows = LineRows::new(header, header.raw_program_buf().slice().to_vec());
        Ok(Self { rows: Some(RefCell::new(rows)), version, files, folders })
    }

    /// The place of an address of the image.
    pub(super) fn find(&self, address: u64) -> Option<SourcePlace> {
        let row = self.rows.as_ref()?.borrow_mut().find(address)?;
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
