// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header as an ELF note, which a keeper carries. docs/note-format.md is the reference.

use thiserror::Error;

use super::{Header, PersistentSection, SectionHeader, Variable};
use crate::elf::ByteOrder;
use crate::module_name::is_module_name;
use crate::note::{self, NoteSectionError};
use crate::types::{TypeId, TypeTable, TypeTableError};

/// Section of a keeper that holds the note, also its file name below `/sys/module/NAME/notes/`.
pub const NOTE_SECTION: &str = ".note.persist";
/// Name of the note.
pub const NOTE_NAME: &[u8] = b"persist";
/// Type of the note.
pub const NOTE_TYPE: u32 = 1;
/// The version that this crate writes. It reads all from 1 on.
pub const NOTE_VERSION: u16 = 2;

const FLAG_NAMED: u16 = 1;
/// Longest text of the format, in bytes.
const MAX_TEXT_BYTES: usize = 4096;
/// The largest number of sections or variables that a reader believes.
const MAX_COUNT: u32 = 1 << 20;

/// Why a note is not a header.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// The note section itself is broken.
    #[error(transparent)]
    Section(#[from] NoteSectionError),
    /// No note of that name and type.
    #[error("no note of name \"persist\" and type 1")]
    Missing,
    /// A later version of the format.
    #[error(
        "version {version} of the header note is not known (this program reads versions 1 to {NOTE_VERSION})"
    )]
    Version {
        /// The version found.
        version: u16,
    },
    /// The note ends inside a field, or a field has an impossible value.
    #[error("header note, offset {offset:#x}: {field} {why}")]
    Field {
        /// Offset in the note's description, in bytes.
        offset: usize,
        /// The field.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// The table of types is broken.
    #[error("header note: {0}")]
    Types(#[from] TypeTableError),
    /// The recorded layout hash is not that of the recorded variables.
    #[error("header note: the layout hash of {section} is {recorded:#x}, its variables give {computed:#x}")]
    Hash {
        /// The section.
        section: &'static str,
        /// The hash in the note.
        recorded: u64,
        /// The hash of the variables in the note.
        computed: u64,
    },
}

impl Header {
    /// The bytes of the whole note section.
    #[must_use]
    pub fn to_note(&self, order: ByteOrder) -> Vec<u8> {
        let mut out = Writer { order, data: Vec::new() };
        out.number16(NOTE_VERSION);
        out.number16(if self.named { FLAG_NAMED } else { 0 });
        out.text(&self.owner);
        out.bytes(&self.build_id);
        out.count(self.sections.len());
        for section in &self.sections {
            out.text(section.role.section_name());
            out.number64(section.size);
            out.number64(section.align);
            out.number64(section.layout_hash());
            out.count(section.variables.len());
            for variable in &section.variables {
                out.text(variable.file.as_deref().unwrap_or_default());
                out.text(variable.function.as_deref().unwrap_or_default());
                out.text(&variable.name);
                out.number64(variable.offset);
                out.number64(variable.size);
                out.number64(variable.align);
                out.text(variable.type_name.as_deref().unwrap_or_default());
                // 0 stands for a type that is not known.
                out.count(
                    variable.type_id.map_or(0, |id| usize::try_from(id.0).unwrap_or(0).saturating_add(1)),
                );
            }
        }
        let types = if self.types.is_empty() { Vec::new() } else { self.types.to_bytes() };
        out.count(types.len());
        out.data.extend(types);
        note::encode(NOTE_NAME, NOTE_TYPE, &out.data, order)
    }

    /// Reads a header from a note section.
    ///
    /// # Errors
    /// There is no such note, its version is unknown, a field is truncated or impossible, or the
    /// layout hash does not belong to the variables.
    pub fn from_note(section: &[u8], order: ByteOrder) -> Result<Self, NoteError> {
        for record in note::records(section, order) {
            let record = record?;
            if record.name == NOTE_NAME && record.kind == NOTE_TYPE {
                return Reader { order, data: record.description, at: 0, version: 0 }.header();
            }
        }
        Err(NoteError::Missing)
    }
}

struct Writer {
    order: ByteOrder,
    data: Vec<u8>,
}

impl Writer {
    fn number16(&mut self, number: u16) {
        self.data.extend(self.order.bytes16(number));
    }

    fn number64(&mut self, number: u64) {
        self.data.extend(self.order.bytes64(number));
    }

    fn count(&mut self, number: usize) {
        self.data.extend(self.order.bytes32(u32::try_from(number).unwrap_or(u32::MAX)));
    }

    /// A 16-bit length and the bytes, of which more are cut.
    fn bytes(&mut self, bytes: &[u8]) {
        let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.number16(size);
        self.data.extend_from_slice(bytes.get(..usize::from(size)).unwrap_or_default());
    }

    /// A text; what is more than [`MAX_TEXT_BYTES`] is cut, between two characters.
    fn text(&mut self, text: &str) {
        let end = (0..=text.len().min(MAX_TEXT_BYTES)).rev().find(|end| text.is_char_boundary(*end));
        self.bytes(text.get(..end.unwrap_or_default()).unwrap_or_default().as_bytes());
    }
}

struct Reader<'d> {
    order: ByteOrder,
    data: &'d [u8],
    at: usize,
    version: u16,
}

impl<'d> Reader<'d> {
    fn error(&self, field: &'static str, why: &'static str) -> NoteError {
        NoteError::Field { offset: self.at, field, why }
    }

    fn take(&mut self, size: usize, field: &'static str) -> Result<&'d [u8], NoteError> {
        let end = self.at.checked_add(size);
        let part = end.and_then(|end| self.data.get(self.at..end));
        let part = part.ok_or_else(|| self.error(field, "runs past the end of the note"))?;
        self.at = end.unwrap_or(self.at);
        Ok(part)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], NoteError> {
        let part = self.take(N, field)?;
        part.first_chunk::<N>().copied().ok_or_else(|| self.error(field, "is too short"))
    }

    fn number16(&mut self, field: &'static str) -> Result<u16, NoteError> {
        Ok(self.order.u16(self.array(field)?))
    }

    fn number64(&mut self, field: &'static str) -> Result<u64, NoteError> {
        Ok(self.order.u64(self.array(field)?))
    }

    fn count(&mut self, field: &'static str) -> Result<u32, NoteError> {
        let count = self.order.u32(self.array(field)?);
        if count > MAX_COUNT {
            return Err(self.error(field, "is impossibly large"));
        }
        Ok(count)
    }

    fn bytes(&mut self, field: &'static str) -> Result<&'d [u8], NoteError> {
        let size = self.number16(field)?;
        self.take(usize::from(size), field)
    }

    fn text(&mut self, field: &'static str) -> Result<String, NoteError> {
        let bytes = self.bytes(field)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.error(field, "is not UTF-8"))?;
        Ok(text.to_owned())
    }

    fn optional(&mut self, field: &'static str) -> Result<Option<String>, NoteError> {
        Ok(Some(self.text(field)?).filter(|text| !text.is_empty()))
    }

    fn header(&mut self) -> Result<Header, NoteError> {
        self.version = self.number16("version")?;
        if !(1..=NOTE_VERSION).contains(&self.version) {
            return Err(NoteError::Version { version: self.version });
        }
        let named = self.number16("flags")? & FLAG_NAMED != 0;
        let owner = self.text("owner")?;
        if !is_module_name(&owner) {
            return Err(self.error("owner", "is not the name of a module"));
        }
        let build_id = self.bytes("build id")?.to_vec();
        let mut sections: Vec<SectionHeader> = Vec::new();
        for _ in 0..self.count("section count")? {
            let section = self.section()?;
            if sections.iter().any(|other| other.role == section.role) {
                return Err(self.error("section name", "occurs twice"));
            }
            sections.push(section);
        }
        if sections.is_empty() {
            return Err(self.error("section count", "is zero"));
        }
        let types = if self.version == 1 { TypeTable::default() } else { self.types()? };
        let count = types.types().len();
        let unknown = |id: &TypeId| usize::try_from(id.0).map_or(true, |index| index >= count);
        if sections
            .iter()
            .flat_map(|section| &section.variables)
            .filter_map(|variable| variable.type_id.as_ref())
            .any(unknown)
        {
            return Err(self.error("type", "does not occur in the table of types"));
        }
        Ok(Header { owner, build_id, named, sections, types })
    }

    fn types(&mut self) -> Result<TypeTable, NoteError> {
        let size = usize::try_from(self.count("size of the types")?).unwrap_or(usize::MAX);
        let bytes = self.take(size, "types")?;
        if bytes.is_empty() { Ok(TypeTable::default()) } else { Ok(TypeTable::from_bytes(bytes)?) }
    }

    fn section(&mut self) -> Result<SectionHeader, NoteError> {
        let name = self.bytes("section name")?;
        let role = PersistentSection::from_name(name)
            .ok_or_else(|| self.error("section name", "is not a persistent section"))?;
        let size = self.number64("section size")?;
        let align = self.number64("section alignment")?;
        let recorded = self.number64("layout hash")?;
        let mut variables = Vec::new();
        for _ in 0..self.count("variable count")? {
            variables.push(self.variable(size)?);
        }
        let section = SectionHeader { role, size, align, variables };
        let computed = section.layout_hash();
        if computed != recorded {
            return Err(NoteError::Hash { section: role.section_name(), recorded, computed });
        }
        Ok(section)
    }

    fn variable(&mut self, section_size: u64) -> Result<Variable, NoteError> {
        let file = self.optional("variable file")?;
        let function = self.optional("variable function")?;
        let name = self.text("variable name")?;
        let offset = self.number64("variable offset")?;
        let size = self.number64("variable size")?;
        let align = self.number64("variable alignment")?;
        if offset.checked_add(size).is_none_or(|end| end > section_size) {
            return Err(self.error("variable size", "ends past the end of its section"));
        }
        let type_name = self.optional("type name")?;
        let type_id = if self.version == 1 {
            // A hash that missed changes behind pointers: not compared any more.
            let _ = (self.count("type hash flag")?, self.number64("type hash")?);
            None
        } else {
            self.count("type")?.checked_sub(1).map(TypeId)
        };
        Ok(Variable { file, function, name, offset, size, align, type_name, type_id })
    }
}

#[cfg(test)]
mod tests;
