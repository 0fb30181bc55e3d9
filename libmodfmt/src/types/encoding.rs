// SPDX-License-Identifier: MIT OR Apache-2.0
//! A table as bytes, as it stands in a header note. docs/note-format.md is the reference.
//!
//! All numbers are unsigned LEB128. Names come first, each once; a name is a number in that list, from 1 on,
//! and 0 is the empty name. A type that is referred to is a number in the list of types that follows.

use std::collections::HashMap;

use thiserror::Error;

use super::{MAX_NAME_BYTES, MAX_PARTS, MAX_TYPES, Member, TagKind, Type, TypeId, TypeTable};
use crate::leb128::{self, Leb128Error};

const UNKNOWN: u64 = 0;
const VOID: u64 = 1;
const NUMBER: u64 = 2;
const ENUMERATION: u64 = 3;
const POINTER: u64 = 4;
const ARRAY: u64 = 5;
const STRUCTURE: u64 = 6;
const UNION: u64 = 7;
const DECLARED: u64 = 8;
const FUNCTION: u64 = 9;
const KERNEL: u64 = 10;

/// A member has these besides name, type and offset.
const BIT_FIELD: u64 = 1;
const SELECTED: u64 = 2;
/// Bits of the number that tells what a member has.
const MEMBER_FLAGS: u32 = 2;

/// Why bytes are not a table of types.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeTableError {
    /// The bytes end within a field.
    #[error("type table, offset {offset:#x}: {field} runs past the end")]
    Truncated {
        /// Offset in the table's bytes.
        offset: usize,
        /// The field.
        field: &'static str,
    },
    /// A field has a value that it cannot have.
    #[error("type table, offset {offset:#x}: {field} {why}")]
    Field {
        /// Offset in the table's bytes.
        offset: usize,
        /// The field.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
}

impl TypeTable {
    /// The table as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut names = Names::default();
        let mut body = Vec::new();
        leb128::write(&mut body, count(self.types.len()));
        for ty in &self.types {
            write(&mut body, &mut names, ty);
        }
        if !self.held().is_empty() {
            leb128::write(&mut body, count(self.held().len()));
            self.held().iter().for_each(|held| leb128::write(&mut body, held.0.into()));
        }
        let mut out = Vec::new();
        leb128::write(&mut out, count(names.list.len()));
        for name in &names.list {
            leb128::write(&mut out, count(name.len()));
            out.extend_from_slice(name.as_bytes());
        }
        out.extend(body);
        out
    }

    /// Reads a table.
    ///
    /// # Errors
    /// [`TypeTableError`]: the bytes end too early, or go on past the table; a number or name does not
    /// occur; the table has more than [`MAX_TYPES`] types or [`MAX_PARTS`] members.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TypeTableError> {
        let mut reader = Reader { bytes, at: 0, names: Vec::new(), parts: 0, types: 0 };
        let table = reader.table()?;
        if reader.at != bytes.len() {
            return Err(reader.error("table", "is followed by other bytes"));
        }
        Ok(table)
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[derive(Default)]
struct Names {
    list: Vec<String>,
    known: HashMap<String, u64>,
}

impl Names {
    fn number(&mut self, name: &str) -> u64 {
        if name.is_empty() {
            return 0;
        }
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        self.list.push(cut(name).to_owned());
        let number = count(self.list.len());
        self.known.insert(name.to_owned(), number);
        number
    }
}

/// At most [`MAX_NAME_BYTES`] of a name.
fn cut(name: &str) -> &str {
    let fits = |end: &usize| *end <= MAX_NAME_BYTES && name.is_char_boundary(*end);
    (0..=name.len().min(MAX_NAME_BYTES)).rev().find(fits).and_then(|end| name.get(..end)).unwrap_or_default()
}

fn write(out: &mut Vec<u8>, names: &mut Names, ty: &Type) {
    let mut put = |value: u64| leb128::write(out, value);
    match ty {
        Type::Unknown => put(UNKNOWN),
        Type::Void => put(VOID),
        Type::Number { name, size, encoding } => {
            [NUMBER, names.number(name), *size, (*encoding).into()].into_iter().for_each(put);
        }
        Type::Enumeration { name, size, values } => {
            [ENUMERATION, names.number(name), *size, count(values.len())].into_iter().for_each(&mut put);
            for (name, value) in values {
                put(names.number(name));
                put(*value);
            }
        }
        Type::Pointer { size, target } => [POINTER, *size, target.0.into()].into_iter().for_each(put),
        Type::Array { element, counts } => {
            [ARRAY, element.0.into(), count(counts.len())].into_iter().for_each(&mut put);
            // 0 is an open dimension, everything else one more than the number of elements.
            counts.iter().for_each(|count| put(count.map_or(0, |count| count.saturating_add(1))));
        }
        Type::Record { kind, name, size, members } => {
            let tag = if *kind == TagKind::Union { UNION } else { STRUCTURE };
            [tag, names.number(name), *size, count(members.len())].into_iter().for_each(&mut put);
            for member in members {
                let bit_field = if member.bits > 0 { BIT_FIELD } else { 0 };
                let selected = if member.selected_by.is_empty() { 0 } else { SELECTED };
                put(names.number(&member.name) << MEMBER_FLAGS | bit_field | selected);
                put(member.type_id.0.into());
                put(member.bit_offset);
                if bit_field != 0 {
                    put(member.bits);
                }
                if selected != 0 {
                    put(count(member.selected_by.len()));
                    for (first, last) in &member.selected_by {
                        put(*first);
                        put(*last);
                    }
                }
            }
        }
        Type::Declared { kind, name } => {
            [DECLARED, kind_number(*kind), names.number(name)].into_iter().for_each(put);
        }
        Type::Function { result, parameters, variadic } => {
            [FUNCTION, result.0.into(), u64::from(*variadic), count(parameters.len())]
                .into_iter()
                .for_each(&mut put);
            parameters.iter().for_each(|parameter| put(parameter.0.into()));
        }
        Type::Kernel { kind, name, size, hash } => {
            [KERNEL, kind_number(*kind), names.number(name), *size, *hash].into_iter().for_each(put);
        }
    }
}

const fn kind_number(kind: TagKind) -> u64 {
    match kind {
        TagKind::Struct => 0,
        TagKind::Union => 1,
        TagKind::Enum => 2,
    }
}

struct Reader<'d> {
    bytes: &'d [u8],
    at: usize,
    names: Vec<String>,
    /// Members and the like, of all types so far.
    parts: usize,
    /// Types that the table has.
    types: u64,
}

impl Reader<'_> {
    fn error(&self, field: &'static str, why: &'static str) -> TypeTableError {
        TypeTableError::Field { offset: self.at, field, why }
    }

    fn number(&mut self, field: &'static str) -> Result<u64, TypeTableError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (number, size) = leb128::read(rest).map_err(|error| match error {
            Leb128Error::Truncated => TypeTableError::Truncated { offset: self.at, field },
            Leb128Error::TooLarge => self.error(field, "has more than 64 bits"),
        })?;
        self.at = self.at.saturating_add(size);
        Ok(number)
    }

    /// A count of things of at least one byte each: never more than there are bytes left.
    fn count(&mut self, field: &'static str, most: usize) -> Result<usize, TypeTableError> {
        let count = usize::try_from(self.number(field)?).unwrap_or(usize::MAX);
        if count > most || count > self.bytes.len().saturating_sub(self.at) {
            return Err(self.error(field, "is impossibly large"));
        }
        Ok(count)
    }

    fn parts(&mut self, field: &'static str) -> Result<usize, TypeTableError> {
        let count = self.count(field, MAX_PARTS)?;
        self.parts = self.parts.saturating_add(count);
        if self.parts > MAX_PARTS {
            return Err(self.error(field, "makes too many members in all"));
        }
        Ok(count)
    }

    fn name(&self, number: u64) -> Result<String, TypeTableError> {
        let Some(index) = number.checked_sub(1) else { return Ok(String::new()) };
        let name = usize::try_from(index).ok().and_then(|index| self.names.get(index));
        name.cloned().ok_or_else(|| self.error("name", "does not occur in the list of names"))
    }

    fn next_name(&mut self) -> Result<String, TypeTableError> {
        let number = self.number("name")?;
        self.name(number)
    }

    fn type_id(&mut self) -> Result<TypeId, TypeTableError> {
        let number = self.number("type")?;
        match u32::try_from(number) {
            Ok(id) if number < self.types => Ok(TypeId(id)),
            _ => Err(self.error("type", "does not occur in the table")),
        }
    }

    fn kind(&mut self) -> Result<TagKind, TypeTableError> {
        match self.number("kind")? {
            0 => Ok(TagKind::Struct),
            1 => Ok(TagKind::Union),
            2 => Ok(TagKind::Enum),
            _ => Err(self.error("kind", "is not one of 0, 1, 2")),
        }
    }

    fn table(&mut self) -> Result<TypeTable, TypeTableError> {
        for _ in 0..self.count("number of names", MAX_PARTS)? {
            let size = self.count("length of a name", MAX_NAME_BYTES)?;
            let end = self.at.saturating_add(size);
            let bytes = self.bytes.get(self.at..end).unwrap_or_default();
            let name = std::str::from_utf8(bytes).map_err(|_| self.error("name", "is not UTF-8"))?;
            self.names.push(name.to_owned());
            self.at = end;
        }
        let count = self.count("number of types", MAX_TYPES)?;
        self.types = u64::try_from(count).unwrap_or(u64::MAX);
        let mut table = TypeTable::default();
        for _ in 0..count {
            let ty = self.one()?;
            table.push(ty);
        }
        if self.at < self.bytes.len() {
            let mut held = Vec::new();
            for _ in 0..self.count("number of held types", MAX_TYPES)? {
                held.push(self.type_id()?);
            }
            if held.is_empty() {
                return Err(self.error("number of held types", "is zero"));
            }
            table.set_held(held);
        }
        Ok(table)
    }

    fn one(&mut self) -> Result<Type, TypeTableError> {
        Ok(match self.number("kind of type")? {
            UNKNOWN => Type::Unknown,
            VOID => Type::Void,
            NUMBER => {
                let (name, size) = (self.next_name()?, self.number("size")?);
                let encoding = u8::try_from(self.number("encoding")?);
                let encoding = encoding.map_err(|_| self.error("encoding", "has more than 8 bits"))?;
                Type::Number { name, size, encoding }
            }
            ENUMERATION => {
                let (name, size) = (self.next_name()?, self.number("size")?);
                let mut values = Vec::new();
                for _ in 0..self.parts("number of enumerators")? {
                    values.push((self.next_name()?, self.number("value of an enumerator")?));
                }
                Type::Enumeration { name, size, values }
            }
            POINTER => Type::Pointer { size: self.number("size")?, target: self.type_id()? },
            ARRAY => {
                let element = self.type_id()?;
                let mut counts = Vec::new();
                for _ in 0..self.parts("number of dimensions")? {
                    counts.push(self.number("number of elements")?.checked_sub(1));
                }
                Type::Array { element, counts }
            }
            tag @ (STRUCTURE | UNION) => {
                let kind = if tag == UNION { TagKind::Union } else { TagKind::Struct };
                let (name, size) = (self.next_name()?, self.number("size")?);
                let mut members = Vec::new();
                for _ in 0..self.parts("number of members")? {
                    members.push(self.member()?);
                }
                Type::Record { kind, name, size, members }
            }
            DECLARED => Type::Declared { kind: self.kind()?, name: self.next_name()? },
            FUNCTION => {
                let (result, variadic) = (self.type_id()?, self.number("variadic")? != 0);
                let mut parameters = Vec::new();
                for _ in 0..self.parts("number of parameters")? {
                    parameters.push(self.type_id()?);
                }
                Type::Function { result, parameters, variadic }
            }
            KERNEL => {
                let (kind, name) = (self.kind()?, self.next_name()?);
                Type::Kernel { kind, name, size: self.number("size")?, hash: self.number("hash")? }
            }
            _ => return Err(self.error("kind of type", "is not known")),
        })
    }

    fn member(&mut self) -> Result<Member, TypeTableError> {
        let flags = self.number("member")?;
        let name = self.name(flags >> MEMBER_FLAGS)?;
        let type_id = self.type_id()?;
        let bit_offset = self.number("offset of a member")?;
        let bits = if flags & BIT_FIELD == 0 { 0 } else { self.number("size of a bit-field")? };
        let mut selected_by = Vec::new();
        if flags & SELECTED != 0 {
            for _ in 0..self.parts("number of discriminants")? {
                selected_by.push((self.number("discriminant")?, self.number("discriminant")?));
            }
        }
        Ok(Member { name, bit_offset, bits, type_id, selected_by })
    }
}
