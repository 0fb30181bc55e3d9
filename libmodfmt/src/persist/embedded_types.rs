// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types of the persistent variables in a note of the module itself, for files whose debug information is
//! stripped. docs/note-format.md is the reference.
//!
//! `strip -g` takes `.debug_*` away, and with it what tells whether a new version reads the kept bytes the
//! same way. An allocated note stays.

use thiserror::Error;

use super::VariableDebugInfo;
use crate::elf::{ByteOrder, Object, Section, SectionKind, flags};
use crate::note::{self, NoteSectionError};
use crate::types::{TypeId, TypeTable, TypeTableError};

/// Section of a module that holds the note.
pub const EMBEDDED_TYPES_SECTION: &str = ".note.persist_types";
/// Name of the note.
const NAME: &[u8] = b"persist";
/// Type of the note.
const KIND: u32 = 3;
/// The version of the description.
const VERSION: u16 = 1;
/// Longest text, in bytes.
const MAX_TEXT_BYTES: usize = 4096;

/// Why the types in a module's note cannot be read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddedTypesError {
    /// The note section is broken.
    #[error("section {EMBEDDED_TYPES_SECTION}: {0}")]
    Section(#[from] NoteSectionError),
    /// No note of that name, type and version.
    #[error("section {EMBEDDED_TYPES_SECTION} has no note of name \"persist\", type 3 and version 1")]
    Missing,
    /// A field is truncated or impossible.
    #[error("section {EMBEDDED_TYPES_SECTION}, offset {offset:#x} of the note: {field} {why}")]
    Field {
        /// Offset in the description, in bytes.
        offset: usize,
        /// The field.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// The table of types is broken.
    #[error("section {EMBEDDED_TYPES_SECTION}: {0}")]
    Types(#[from] TypeTableError),
}

/// Puts the types of persistent variables into a note of the file, in place of one that is there.
pub fn embed_types(object: &mut Object<'_>, variables: &[VariableDebugInfo], types: &TypeTable) {
    let order = object.ident.order;
    let mut data = Vec::new();
    data.extend(order.bytes16(VERSION));
    let known: Vec<(Vec<u8>, &VariableDebugInfo)> = variables
        .iter()
        .filter_map(|info| Some((object.sections.get(info.section)?.name.to_vec(), info)))
        .collect();
    data.extend(count(order, known.len()));
    for (section, info) in known {
        text(&mut data, order, &section);
        data.extend(order.bytes64(info.offset));
        text(&mut data, order, info.function.as_deref().unwrap_or_default().as_bytes());
        text(&mut data, order, info.type_name.as_deref().unwrap_or_default().as_bytes());
        // 0 stands for a type that is not known.
        data.extend(order.bytes32(info.type_id.map_or(0, |id| id.0.saturating_add(1))));
    }
    let types = types.to_bytes();
    data.extend(count(order, types.len()));
    data.extend(types);
    let note = note::encode(NAME, KIND, &data, order);
    match object.section(EMBEDDED_TYPES_SECTION).map(|(index, _)| index) {
        Some(index) => {
            if let Some(section) = object.sections.get_mut(index) {
                section.set_data(note);
            }
        }
        None => object.sections.push(Section::with_data(
            EMBEDDED_TYPES_SECTION,
            SectionKind::NOTE,
            flags::ALLOC,
            4,
            note,
        )),
    }
}

/// The types in a file's note; `None` if it has none.
///
/// # Errors
/// The note is broken, or of a later version.
pub fn embedded_types(
    object: &Object<'_>,
) -> Result<Option<(Vec<VariableDebugInfo>, TypeTable)>, EmbeddedTypesError> {
    let Some((_, section)) = object.section(EMBEDDED_TYPES_SECTION) else { return Ok(None) };
    let order = object.ident.order;
    for record in note::records(&section.data, order) {
        let record = record?;
        if record.name == NAME && record.kind == KIND {
            return Reader { order, data: record.description, at: 0 }.read(object).map(Some);
        }
    }
    Err(EmbeddedTypesError::Missing)
}

fn count(order: ByteOrder, count: usize) -> [u8; 4] {
    order.bytes32(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A 16-bit length and the bytes; a text that is too long is left out.
fn text(data: &mut Vec<u8>, order: ByteOrder, text: &[u8]) {
    let text = if text.len() > MAX_TEXT_BYTES { &[] } else { text };
    data.extend(order.bytes16(u16::try_from(text.len()).unwrap_or(0)));
    data.extend_from_slice(text);
}

struct Reader<'d> {
    order: ByteOrder,
    data: &'d [u8],
    at: usize,
}

impl<'d> Reader<'d> {
    fn error(&self, field: &'static str, why: &'static str) -> EmbeddedTypesError {
        EmbeddedTypesError::Field { offset: self.at, field, why }
    }

    fn take(&mut self, size: usize, field: &'static str) -> Result<&'d [u8], EmbeddedTypesError> {
        let end = self.at.checked_add(size);
        let part = end.and_then(|end| self.data.get(self.at..end));
        let part = part.ok_or_else(|| self.error(field, "runs past the end of the note"))?;
        self.at = end.unwrap_or(self.at);
        Ok(part)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], EmbeddedTypesError> {
        let part = self.take(N, field)?;
        part.first_chunk::<N>().copied().ok_or_else(|| self.error(field, "is too short"))
    }

    fn number32(&mut self, field: &'static str) -> Result<u32, EmbeddedTypesError> {
        Ok(self.order.u32(self.array(field)?))
    }

    fn bytes(&mut self, field: &'static str) -> Result<&'d [u8], EmbeddedTypesError> {
        let size = self.order.u16(self.array(field)?);
        if usize::from(size) > MAX_TEXT_BYTES {
            return Err(self.error(field, "is too long"));
        }
        self.take(size.into(), field)
    }

    fn text(&mut self, field: &'static str) -> Result<Option<String>, EmbeddedTypesError> {
        let bytes = self.bytes(field)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.error(field, "is not UTF-8"))?;
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    fn read(
        &mut self,
        object: &Object<'_>,
    ) -> Result<(Vec<VariableDebugInfo>, TypeTable), EmbeddedTypesError> {
        if self.order.u16(self.array("version")?) != VERSION {
            return Err(EmbeddedTypesError::Missing);
        }
        // Of several sections of one name the first counts; a module has one of each.
        let mut sections = std::collections::HashMap::new();
        for (index, section) in object.sections.iter().enumerate() {
            sections.entry(&*section.name).or_insert(index);
        }
        let mut variables = Vec::new();
        for _ in 0..self.number32("number of variables")? {
            let section = self.bytes("section name")?;
            let offset = self.order.u64(self.array("variable offset")?);
            let function = self.text("variable function")?;
            let type_name = self.text("type name")?;
            let type_id = self.number32("type")?.checked_sub(1).map(TypeId);
            // strip may have removed a section that was empty.
            if let Some(section) = sections.get(section) {
                variables.push(VariableDebugInfo { section: *section, offset, function, type_name, type_id });
            }
        }
        let size = usize::try_from(self.number32("size of the types")?).unwrap_or(usize::MAX);
        let types = TypeTable::from_bytes(self.take(size, "types")?)?;
        let known = |id: &TypeId| usize::try_from(id.0).is_ok_and(|index| index < types.types().len());
        if variables.iter().filter_map(|info| info.type_id.as_ref()).any(|id| !known(id)) {
            return Err(self.error("type", "does not occur in the table of types"));
        }
        Ok((variables, types))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::Ident;
    use crate::types::Type;

    fn file(order: ByteOrder) -> (Object<'static>, Vec<VariableDebugInfo>, TypeTable) {
        let mut object = Object::new(Ident { order, ..Ident::X86_64 }, 0);
        let (kind, flags) = (SectionKind::PROGBITS, flags::ALLOC | flags::WRITE);
        object.sections.push(Section::with_data(".data..persistent", kind, flags, 8, vec![0; 16]));
        let mut types = TypeTable::default();
        let number = types.push(Type::Number { name: "int".into(), size: 4, encoding: 5 });
        types.set_held(vec![number]);
        let mut one = VariableDebugInfo::new(1, 8);
        (one.function, one.type_name, one.type_id) = (Some("f".into()), Some("int".into()), Some(number));
        (object, vec![one, VariableDebugInfo::new(1, 12)], types)
    }

    #[test]
    fn what_is_embedded_is_read() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let (mut object, variables, types) = file(order);
            assert_eq!(embedded_types(&object), Ok(None));
            for _ in 0..2 {
                embed_types(&mut object, &variables, &types);
            }
            assert_eq!(object.sections.len(), 3, "one note");
            let bytes = object.write().unwrap();
            let read = embedded_types(&Object::parse(&bytes).unwrap()).unwrap().unwrap();
            assert_eq!(read, (variables, types));
        }
    }

    #[test]
    fn damage_is_an_error_or_other_types() {
        let (mut object, variables, types) = file(ByteOrder::Little);
        embed_types(&mut object, &variables, &types);
        let good = object.sections[2].data.to_vec();
        for at in 0..good.len() {
            object.sections[2].set_data(good[..at].to_vec());
            let cut = embedded_types(&object);
            // The padding of the last record may be missing.
            assert!(cut.is_err() || good[at..].iter().all(|byte| *byte == 0), "{at}");
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                object.sections[2].set_data(bytes);
                let _ = embedded_types(&object);
            }
        }
    }
}
