// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the types of a module's variables from its debug information.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result};
use gimli::constants as dw;
use gimli::{
    AttributeValue, DebuggingInformationEntry, Dwarf, EndianSlice, LittleEndian, SectionId, Unit, UnitOffset,
};
use libmodfmt::elf::{Object, Place};

use super::types::{Id, Member, Type, Types};

type Slice<'d> = EndianSlice<'d, LittleEndian>;
type Die<'d> = DebuggingInformationEntry<Slice<'d>>;

/// `R_X86_64_64` and `R_X86_64_32`, with their sizes.
const ABSOLUTE: &[(u32, usize)] = &[(1, 8), (10, 4)];

/// The types of the variables that are defined in these files. Their names are without `.c`, here and in the
/// result, and in the result they are as in `KBUILD_BASENAME`.
pub fn read(object: &Object<'_>, files: &[&str]) -> Result<Types> {
    let mut sections: HashMap<&'static str, Vec<u8>> = HashMap::new();
    for id in [
        SectionId::DebugAbbrev,
        SectionId::DebugInfo,
        SectionId::DebugStr,
        SectionId::DebugLineStr,
        SectionId::DebugStrOffsets,
        SectionId::DebugLine,
    ] {
        sections.insert(id.name(), relocated(object, id.name())?);
    }
    let dwarf = Dwarf::load(|id| -> Result<Slice<'_>, gimli::Error> {
        Ok(EndianSlice::new(sections.get(id.name()).map(Vec::as_slice).unwrap_or_default(), LittleEndian))
    })?;
    let mut types = Types::default();
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        let name = unit.name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(file) = Path::new(&name).file_stem() else { continue };
        let file = basename(&file.to_string_lossy());
        if files.iter().any(|name| basename(name) == file) {
            UnitReader { dwarf: &dwarf, unit: &unit, types: &mut types, known: HashMap::new() }
                .variables(&file)?;
        }
    }
    Ok(types)
}

/// A source file's name as kbuild has it.
fn basename(file: &str) -> String {
    file.replace('-', "_")
}

/// The content of a section, with its relocations applied.
fn relocated(object: &Object<'_>, name: &str) -> Result<Vec<u8>> {
    let Some((index, section)) = object.section(name) else { return Ok(Vec::new()) };
    let mut data = section.data.to_vec();
    let tables: Vec<usize> = object.relocation_sections_of(index).map(|(table, _)| table).collect();
    for table in tables {
        for relocation in object.relocations(table)? {
            let Some((_, size)) = ABSOLUTE.iter().find(|(kind, _)| *kind == relocation.kind) else {
                continue;
            };
            let symbol = object.symbols.get(relocation.symbol).context("a relocation's symbol is missing")?;
            if !matches!(symbol.place, Place::Section(_)) {
                continue;
            }
            let value = symbol.value.wrapping_add_signed(relocation.addend).to_le_bytes();
            let start = usize::try_from(relocation.offset)?;
            let place =
                data.get_mut(start..start + size).context("a relocation lies outside of its section")?;
            place.copy_from_slice(value.get(..*size).unwrap_or_default());
        }
    }
    Ok(data)
}

struct UnitReader<'a, 'd> {
    dwarf: &'a Dwarf<Slice<'d>>,
    unit: &'a Unit<Slice<'d>>,
    types: &'a mut Types,
    known: HashMap<UnitOffset, Id>,
}

impl UnitReader<'_, '_> {
    /// Adds the unit's variables outside of functions.
    fn variables(&mut self, file: &str) -> Result<()> {
        let mut tree = self.unit.entries_tree(None)?;
        let mut children = tree.root()?.children();
        while let Some(child) = children.next()? {
            let die = child.entry();
            if die.tag() != dw::DW_TAG_variable {
                continue;
            }
            // A definition may refer to the declaration, which has the name and the type.
            let declaration = match die.attr_value(dw::DW_AT_specification) {
                Some(AttributeValue::UnitRef(at)) => Some(self.unit.entry(at)?),
                _ => None,
            };
            let is_definition = die.attr_value(dw::DW_AT_location).is_some();
            let name =
                self.text(die, dw::DW_AT_name).or_else(|| self.text(declaration.as_ref()?, dw::DW_AT_name));
            // The definition knows the length of an array that is declared without one.
            let kind = reference(die).or_else(|| reference(declaration.as_ref()?));
            if let (true, Some(name), Some(kind)) = (is_definition, name, kind) {
                let id = self.resolve(kind, "")?;
                self.types.variables.insert((file.to_owned(), name), id);
            }
        }
        Ok(())
    }

    fn text(&self, die: &Die<'_>, name: gimli::DwAt) -> Option<String> {
        let value = die.attr_value(name)?;
        let text = match value {
            AttributeValue::DebugStrRef(at) => {
                self.dwarf.debug_str.get_str(at).ok()?.to_string_lossy().into_owned()
            }
            AttributeValue::DebugLineStrRef(at) => {
                self.dwarf.debug_line_str.get_str(at).ok()?.to_string_lossy().into_owned()
            }
            AttributeValue::String(text) => text.to_string_lossy().into_owned(),
            _ => return None,
        };
        Some(text)
    }

    /// The type at this place. `alias` is the name of the typedef that led there.
    fn resolve(&mut self, at: UnitOffset, alias: &str) -> Result<Id> {
        if let Some(id) = self.known.get(&at) {
            return Ok(*id);
        }
        let die = self.unit.entry(at)?;
        let size = number(&die, dw::DW_AT_byte_size);
        match die.tag() {
            dw::DW_TAG_typedef => {
                let name = self.text(&die, dw::DW_AT_name).unwrap_or_default();
                return self.of(&die, &name);
            }
            dw::DW_TAG_const_type
            | dw::DW_TAG_volatile_type
            | dw::DW_TAG_restrict_type
            | dw::DW_TAG_atomic_type => {
                return self.of(&die, alias);
            }
            _ => {}
        }
        let id = self.types.all.len();
        self.types.all.push(Type::Nothing);
        self.known.insert(at, id);
        let read = match die.tag() {
            dw::DW_TAG_base_type => {
                let encoding = match die.attr_value(dw::DW_AT_encoding) {
                    Some(AttributeValue::Encoding(encoding)) => encoding,
                    _ => dw::DW_ATE_unsigned,
                };
                match encoding {
                    dw::DW_ATE_float | dw::DW_ATE_complex_float => Type::Other(size.unwrap_or_default()),
                    _ => Type::Integer {
                        size: size.unwrap_or_default(),
                        signed: matches!(encoding, dw::DW_ATE_signed | dw::DW_ATE_signed_char),
                        truth: encoding == dw::DW_ATE_boolean,
                    },
                }
            }
            dw::DW_TAG_pointer_type => Type::Pointer(self.of(&die, "")?),
            dw::DW_TAG_enumeration_type => {
                Type::Enumeration { size: size.unwrap_or(4), values: self.enumerators(at)? }
            }
            dw::DW_TAG_array_type => {
                let mut kind = self.of(&die, "")?;
                for count in self.counts(at)?.into_iter().skip(1).rev() {
                    self.types.all.push(Type::Array(kind, count));
                    kind = self.types.all.len() - 1;
                }
                Type::Array(kind, self.counts(at)?.first().copied().unwrap_or_default())
            }
            dw::DW_TAG_structure_type | dw::DW_TAG_union_type => Type::Compound {
                name: self.text(&die, dw::DW_AT_name).unwrap_or_else(|| alias.to_owned()),
                size: size.filter(|_| die.attr_value(dw::DW_AT_declaration).is_none()),
                union: die.tag() == dw::DW_TAG_union_type,
                members: self.members(at)?,
            },
            _ => Type::Nothing,
        };
        if let Some(place) = self.types.all.get_mut(id) {
            *place = read;
        }
        Ok(id)
    }

    /// What the entry's type is.
    fn of(&mut self, die: &Die<'_>, alias: &str) -> Result<Id> {
        match reference(die) {
            Some(at) => self.resolve(at, alias),
            None => {
                self.types.all.push(Type::Nothing);
                Ok(self.types.all.len() - 1)
            }
        }
    }

    fn members(&mut self, at: UnitOffset) -> Result<Vec<Member>> {
        let unit = self.unit;
        let mut tree = unit.entries_tree(Some(at))?;
        let mut children = tree.root()?.children();
        let mut members = Vec::new();
        while let Some(child) = children.next()? {
            let die = child.entry();
            if die.tag() != dw::DW_TAG_member {
                continue;
            }
            let offset = number(die, dw::DW_AT_data_member_location).unwrap_or_default();
            let bits = number(die, dw::DW_AT_bit_size);
            let offset = match (bits, number(die, dw::DW_AT_data_bit_offset)) {
                (Some(_), Some(in_bits)) => in_bits,
                (Some(size), None) => {
                    // DWARF 3 counts from the other end of the word that holds it.
                    let word = number(die, dw::DW_AT_byte_size).unwrap_or(4) * 8;
                    let from_top = number(die, dw::DW_AT_bit_offset).unwrap_or_default();
                    offset * 8 + word.saturating_sub(from_top + size)
                }
                (None, _) => offset,
            };
            let name = self.text(die, dw::DW_AT_name).unwrap_or_default();
            let kind = self.of(die, "")?;
            members.push(Member { name, offset, bits, kind });
        }
        Ok(members)
    }

    fn enumerators(&self, at: UnitOffset) -> Result<BTreeMap<String, i64>> {
        let mut tree = self.unit.entries_tree(Some(at))?;
        let mut children = tree.root()?.children();
        let mut values = BTreeMap::new();
        while let Some(child) = children.next()? {
            let die = child.entry();
            let value = die
                .attr_value(dw::DW_AT_const_value)
                .and_then(|value| value.sdata_value().or_else(|| value.udata_value().map(u64::cast_signed)));
            if let (Some(name), Some(value)) = (self.text(die, dw::DW_AT_name), value) {
                values.insert(name, value);
            }
        }
        Ok(values)
    }

    fn counts(&self, at: UnitOffset) -> Result<Vec<u64>> {
        let mut tree = self.unit.entries_tree(Some(at))?;
        let mut children = tree.root()?.children();
        let mut counts = Vec::new();
        while let Some(child) = children.next()? {
            let die = child.entry();
            if die.tag() == dw::DW_TAG_subrange_type {
                let last = number(die, dw::DW_AT_upper_bound).map(|last| last.saturating_add(1));
                counts.push(number(die, dw::DW_AT_count).or(last).unwrap_or_default());
            }
        }
        Ok(counts)
    }
}

fn reference(die: &Die<'_>) -> Option<UnitOffset> {
    match die.attr_value(dw::DW_AT_type)? {
        AttributeValue::UnitRef(at) => Some(at),
        _ => None,
    }
}

fn number(die: &Die<'_>, name: gimli::DwAt) -> Option<u64> {
    die.attr_value(name)?.udata_value()
}
