// SPDX-License-Identifier: MIT OR Apache-2.0
//! Version 2: generations and units. All numbers behind the flags are unsigned LEB128, and each text stands
//! in the note once, so that a thousand variables take some 20 KB.

use std::collections::HashMap;

use super::NoteError;
use super::fields::{
    FLAG_FRESH, FLAG_IDENTITY, FLAG_NAMED, FLAG_PREDECESSORS, FLAG_REPLACED, Fields, MAX_TEXT_BYTES,
};
use crate::elf::ByteOrder;
use crate::fnv::Hash;
use crate::leb128;
use crate::persist::{Grown, Header, KeptPlace, NOTE_VERSION, PersistentSection, Unit, Variable};
use crate::types::{TypeId, TypeTable};

const UNIT_BSS: u64 = 1;
const UNIT_WRITABLE: u64 = 2;
const UNIT_NAMED: u64 = 4;
const UNIT_NUMBERED: u64 = 8;

/// All texts of a header together, in bytes: a note could name a long one very often.
const MAX_TEXTS_BYTES: usize = 16 << 20;

/// The whole description.
pub(super) fn write(header: &Header, order: ByteOrder) -> Vec<u8> {
    let mut out = Writer::default();
    out.text(&header.owner);
    out.number(length(header.build_id.len()));
    out.body.extend_from_slice(&header.build_id);
    out.number(u64::from(header.generation));
    out.number(length(header.units.len()));
    for unit in &header.units {
        out.unit(unit);
    }
    out.number(length(header.grown.len()));
    for grown in &header.grown {
        out.place(grown.place);
        out.number(grown.size);
        out.text(grown.type_name.as_deref().unwrap_or_default());
        out.type_id(grown.type_id);
    }
    out.number(length(header.unused.len()));
    for place in &header.unused {
        out.place(*place);
    }
    if !header.replaced.is_empty() {
        out.number(length(header.replaced.len()));
        for place in &header.replaced {
            out.place(*place);
        }
    }
    if !header.predecessors.is_empty() {
        out.number(length(header.predecessors.len()));
        for generation in &header.predecessors {
            out.number(u64::from(*generation));
        }
    }
    if header.identity != 0 {
        out.number(header.identity);
    }
    let types = if header.types.is_empty() { Vec::new() } else { header.types.to_bytes() };
    out.number(length(types.len()));
    out.body.extend(types);

    let named = if header.named { FLAG_NAMED } else { 0 };
    let fresh = if header.fresh { FLAG_FRESH } else { 0 };
    let mut data = order.bytes16(NOTE_VERSION).to_vec();
    let replaced = if header.replaced.is_empty() { 0 } else { FLAG_REPLACED };
    let predecessors = if header.predecessors.is_empty() { 0 } else { FLAG_PREDECESSORS };
    let identity = if header.identity == 0 { 0 } else { FLAG_IDENTITY };
    data.extend(order.bytes16(named | fresh | replaced | predecessors | identity));
    leb128::write(&mut data, length(out.texts.len()));
    for text in &out.texts {
        leb128::write(&mut data, length(text.len()));
        data.extend_from_slice(text.as_bytes());
    }
    data.extend(out.body);
    let checksum = checksum(&data);
    data.extend(order.bytes64(checksum));
    data
}

/// 64-bit FNV-1a over everything before it.
fn checksum(data: &[u8]) -> u64 {
    let mut hash = Hash::new();
    hash.bytes(data);
    hash.finish()
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[derive(Default)]
struct Writer {
    body: Vec<u8>,
    texts: Vec<String>,
    numbers: HashMap<String, u64>,
}

impl Writer {
    fn number(&mut self, value: u64) {
        leb128::write(&mut self.body, value);
    }

    /// The number of a text, from 1 on; 0 is the empty one. What is longer than a text may be is cut, between
    /// two characters.
    fn text(&mut self, text: &str) {
        let end = (0..=text.len().min(MAX_TEXT_BYTES)).rev().find(|end| text.is_char_boundary(*end));
        let text = text.get(..end.unwrap_or_default()).unwrap_or_default();
        if text.is_empty() {
            return self.number(0);
        }
        let known = self.numbers.get(text).copied();
        let number = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            let number = length(self.texts.len());
            self.numbers.insert(text.to_owned(), number);
            number
        });
        self.number(number);
    }

    fn type_id(&mut self, id: Option<TypeId>) {
        self.number(id.map_or(0, |id| u64::from(id.0).saturating_add(1)));
    }

    fn place(&mut self, place: KeptPlace) {
        self.number(u64::from(place.generation));
        self.number(u64::from(place.ordinal));
        self.number(place.offset);
    }

    fn unit(&mut self, unit: &Unit) {
        let mark = unit.mark();
        let rest = unit.section.strip_prefix(mark.section_name()).and_then(|rest| rest.strip_prefix('.'));
        let (name, number) = rest.map_or(("", None), name_and_number);
        let mut flags = if mark == PersistentSection::Bss { UNIT_BSS } else { 0 };
        flags |= if unit.writable { UNIT_WRITABLE } else { 0 };
        flags |= if rest.is_some() { UNIT_NAMED } else { 0 };
        flags |= if number.is_some() { UNIT_NUMBERED } else { 0 };
        self.number(flags);
        if rest.is_some() {
            self.text(name);
        }
        if let Some(number) = number {
            self.number(number);
        }
        self.number(unit.size);
        self.number(unit.room.saturating_sub(unit.size));
        self.number(unit.align);
        self.number(length(unit.variables.len()));
        let mut before = 0;
        for variable in &unit.variables {
            self.text(variable.file.as_deref().unwrap_or_default());
            self.text(variable.function.as_deref().unwrap_or_default());
            self.text(&variable.name);
            self.number(variable.offset.saturating_sub(before));
            self.number(variable.size);
            self.text(variable.type_name.as_deref().unwrap_or_default());
            self.type_id(variable.type_id);
            before = variable.offset;
        }
    }
}

/// `FILE.N` as a text and a number, if the number is written as we would write it.
fn name_and_number(rest: &str) -> (&str, Option<u64>) {
    let number = |number: &str| number.parse().ok().filter(|parsed: &u64| parsed.to_string() == number);
    match rest.rsplit_once('.').map(|(name, tail)| (name, number(tail))) {
        Some((name, Some(number))) => (name, Some(number)),
        _ => (rest, None),
    }
}

/// Reads what follows version and flags.
pub(super) fn read(fields: &mut Fields<'_>, flags: u16) -> Result<Header, NoteError> {
    let mut texts = Vec::new();
    for _ in 0..fields.count("number of texts")? {
        let size = usize::try_from(fields.number("size of a text")?).unwrap_or(usize::MAX);
        if size > MAX_TEXT_BYTES {
            return Err(fields.error("size of a text", "is impossibly large"));
        }
        texts.push(fields.utf8(size, "text")?);
    }
    Reader { fields, texts, left: MAX_TEXTS_BYTES }.header(flags)
}

struct Reader<'r, 'd> {
    fields: &'r mut Fields<'d>,
    texts: Vec<&'d str>,
    /// Bytes of texts that may still be copied.
    left: usize,
}

impl Reader<'_, '_> {
    fn header(mut self, flags: u16) -> Result<Header, NoteError> {
        let mut header = Header::new(&self.text("owner")?);
        let size = usize::try_from(self.fields.number("build id")?).unwrap_or(usize::MAX);
        header.build_id = self.fields.take(size, "build id")?.to_vec();
        header.generation = self.fields.small("generation")?;
        if header.generation == 0 {
            return Err(self.fields.error("generation", "is zero"));
        }
        for _ in 0..self.fields.count("number of units")? {
            header.units.push(self.unit()?);
        }
        for _ in 0..self.fields.count("number of grown variables")? {
            let place = self.place()?;
            let size = self.fields.number("size of a grown variable")?;
            let (type_name, type_id) = (self.optional("type name")?, self.type_id()?);
            header.grown.push(Grown { place, size, type_name, type_id });
        }
        for _ in 0..self.fields.count("number of unused variables")? {
            header.unused.push(self.place()?);
        }
        let has = |flag| flags & flag != 0;
        let replaced =
            if has(FLAG_REPLACED) { self.fields.count("number of replaced variables")? } else { 0 };
        for _ in 0..replaced {
            header.replaced.push(self.place()?);
        }
        let predecessors =
            if has(FLAG_PREDECESSORS) { self.fields.count("number of predecessors")? } else { 0 };
        for _ in 0..predecessors {
            header.predecessors.push(self.fields.small("predecessor")?);
        }
        if has(FLAG_IDENTITY) {
            header.identity = self.fields.number("identity")?;
        }
        let size = usize::try_from(self.fields.number("size of the types")?).unwrap_or(usize::MAX);
        let types = self.fields.take(size, "types")?;
        let computed = checksum(self.fields.taken());
        let recorded = self.fields.number64("checksum")?;
        if computed != recorded {
            return Err(NoteError::Checksum { recorded, computed });
        }
        if !types.is_empty() {
            header.types = TypeTable::from_bytes(types)?;
        }
        Ok(header)
    }

    fn text(&mut self, field: &'static str) -> Result<String, NoteError> {
        let number = usize::try_from(self.fields.number(field)?).unwrap_or(usize::MAX);
        let Some(index) = number.checked_sub(1) else { return Ok(String::new()) };
        let text = self.texts.get(index).copied();
        let text = text.ok_or_else(|| self.fields.error(field, "does not occur in the list of texts"))?;
        let left = self.left.checked_sub(text.len());
        self.left = left.ok_or_else(|| self.fields.error(field, "makes the texts impossibly long"))?;
        Ok(text.to_owned())
    }

    fn optional(&mut self, field: &'static str) -> Result<Option<String>, NoteError> {
        Ok(Some(self.text(field)?).filter(|text| !text.is_empty()))
    }

    fn type_id(&mut self) -> Result<Option<TypeId>, NoteError> {
        Ok(self.fields.small("type")?.checked_sub(1).map(TypeId))
    }

    fn place(&mut self) -> Result<KeptPlace, NoteError> {
        let generation = self.fields.small("generation of a variable")?;
        let ordinal = self.fields.small("unit of a variable")?;
        Ok(KeptPlace { generation, ordinal, offset: self.fields.number("offset of a variable")? })
    }

    fn unit(&mut self) -> Result<Unit, NoteError> {
        let flags = self.fields.number("flags of a unit")?;
        let mark = if flags & UNIT_BSS == 0 { PersistentSection::Data } else { PersistentSection::Bss };
        let mut section = mark.section_name().to_owned();
        if flags & UNIT_NAMED != 0 {
            section.push('.');
            section.push_str(&self.text("section name")?);
        }
        if flags & UNIT_NUMBERED != 0 {
            section = format!("{section}.{}", self.fields.number("number of a section")?);
        }
        // The kernel shows a section as a file of that name.
        if section.contains(['/', '\0']) {
            return Err(self.fields.error("section name", "is not the name of a section"));
        }
        let size = self.fields.number("size of a unit")?;
        let room = size.checked_add(self.fields.number("spare room")?);
        let room = room.ok_or_else(|| self.fields.error("spare room", "is too large"))?;
        let align = self.fields.number("alignment of a unit")?;
        let writable = flags & UNIT_WRITABLE != 0;
        let mut unit = Unit { room, writable, ..Unit::new(&section, size, align) };
        let mut before = 0;
        for _ in 0..self.fields.count("variable count")? {
            let variable = self.variable(&unit, before)?;
            before = variable.offset;
            unit.variables.push(variable);
        }
        Ok(unit)
    }

    fn variable(&mut self, unit: &Unit, before: u64) -> Result<Variable, NoteError> {
        let file = self.optional("variable file")?;
        let function = self.optional("variable function")?;
        let name = self.text("variable name")?;
        let offset = before.checked_add(self.fields.number("variable offset")?);
        let size = self.fields.number("variable size")?;
        let end = offset.and_then(|offset| offset.checked_add(size));
        let (Some(offset), true) = (offset, end.is_some_and(|end| end <= unit.size)) else {
            return Err(self.fields.error("variable size", "ends past the end of its unit"));
        };
        let align = Variable::align_of(offset, unit.align);
        let (type_name, type_id) = (self.optional("type name")?, self.type_id()?);
        Ok(Variable { file, function, type_name, type_id, ..Variable::new(&name, offset, size, align) })
    }
}
