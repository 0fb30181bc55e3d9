// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables with a fixed address.

use std::collections::{BTreeSet, HashSet};

use gimli::{AttributeValue, Operation};

use super::info::{DebugInfo, Die, Entry, Value, number};
use super::types::has_members;
use super::{DebugSections, DwarfError};

/// What debug information tells about a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebugVariable {
    /// Its name in the source, without the number that gcc appends to statics in functions.
    pub name: String,
    /// The function around it, if it is in one; of an inlined function, that one's name.
    pub function: Option<String>,
    /// The source file that declares it, without directories.
    pub file: Option<String>,
    /// Index of the section that holds it.
    pub section: usize,
    /// Its offset there, in bytes.
    pub offset: u64,
    /// Its type as C text.
    pub type_name: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The alignment that the source demands, in bytes; usually it demands none.
    pub align: Option<u64>,
    pub(super) ty: Option<Die>,
}

/// All variables with a fixed address that the debug information describes.
///
/// # Errors
/// See [`DebugInfo::read`].
pub fn variables(debug: &DebugSections<'_>) -> Result<Vec<DebugVariable>, DwarfError> {
    Ok(DebugInfo::read(debug)?.variables())
}

impl<'a> DebugInfo<'a> {
    /// What the variables outside functions whose names begin with `prefix` point to. They may have been
    /// discarded by the linker, which leaves their descriptions. At most `most`.
    pub(super) fn targets_of(&self, prefix: &str, most: usize) -> Vec<Die> {
        let mut found = Vec::new();
        for (unit, header) in self.units.iter().enumerate() {
            let mut cursor = header.entries();
            if !matches!(cursor.next_dfs(), Ok(Some(_))) || !matches!(cursor.next_dfs(), Ok(Some(_))) {
                continue;
            }
            while let Some(entry) = cursor.current() {
                if found.len() >= most {
                    return found;
                }
                let is_named = entry.tag() == gimli::DW_TAG_variable
                    && self.name(unit, entry).is_some_and(|name| name.starts_with(prefix));
                if is_named {
                    found.extend(self.pointed_to(unit, entry));
                }
                if !matches!(cursor.next_sibling(), Ok(Some(_))) {
                    break;
                }
            }
        }
        found
    }

    /// The structures and unions outside functions that are fully defined, as C names them: `struct item`.
    pub(super) fn defined_tags(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (unit, header) in self.units.iter().enumerate() {
            let mut cursor = header.entries();
            if !matches!(cursor.next_dfs(), Ok(Some(_))) || !matches!(cursor.next_dfs(), Ok(Some(_))) {
                continue;
            }
            while let Some(entry) = cursor.current() {
                let keyword = match entry.tag() {
                    gimli::DW_TAG_structure_type => Some("struct"),
                    gimli::DW_TAG_union_type => Some("union"),
                    _ => None,
                };
                let is_whole = entry.attr_value(gimli::DW_AT_declaration).is_none();
                if let Some((keyword, name)) = keyword.filter(|_| is_whole).zip(self.name(unit, entry)) {
                    found.insert(format!("{keyword} {name}"));
                }
                if !matches!(cursor.next_sibling(), Ok(Some(_))) {
                    break;
                }
            }
        }
        found
    }

    /// The structure or union outside functions that is fully defined and has this name in C: `struct item`.
    /// Several files may define one of that name: the first.
    pub(super) fn defined_tag(&self, wanted: &str) -> Option<Die> {
        let (keyword, wanted) = wanted.split_once(' ')?;
        let tag = match keyword {
            "struct" => gimli::DW_TAG_structure_type,
            "union" => gimli::DW_TAG_union_type,
            _ => return None,
        };
        for (unit, header) in self.units.iter().enumerate() {
            let mut cursor = header.entries();
            if !matches!(cursor.next_dfs(), Ok(Some(_))) || !matches!(cursor.next_dfs(), Ok(Some(_))) {
                continue;
            }
            while let Some(entry) = cursor.current() {
                if entry.tag() == tag
                    && entry.attr_value(gimli::DW_AT_declaration).is_none()
                    && self.name(unit, entry).is_some_and(|name| name == wanted)
                {
                    return Some(Die { unit, offset: entry.offset().0 });
                }
                if !matches!(cursor.next_sibling(), Ok(Some(_))) {
                    break;
                }
            }
        }
        None
    }

    fn pointed_to(&self, unit: usize, variable: &Entry<'a>) -> Option<Die> {
        let (die, pointer) = self.resolve(self.type_of(unit, variable)?)?;
        if pointer.tag() == gimli::DW_TAG_pointer_type { self.type_of(die.unit, &pointer) } else { None }
    }

    /// All variables with a fixed address, each once, in the order of the debug information.
    ///
    /// If a unit cannot be read to its end, what comes before is still listed.
    #[must_use]
    pub fn variables(&self) -> Vec<DebugVariable> {
        self.begin();
        let mut found = Vec::new();
        for unit in 0..self.units.len() {
            // An error ends the unit; the others do not depend on it.
            let _ = self.walk(unit, &mut found);
        }
        // An inlined function is described once for itself and once for each use.
        let mut seen = HashSet::new();
        found.retain(|variable| seen.insert((variable.section, variable.offset, variable.name.clone())));
        found
    }

    fn walk(&self, unit: usize, found: &mut Vec<DebugVariable>) -> gimli::Result<()> {
        let Some(header) = self.units.get(unit) else { return Ok(()) };
        let mut cursor = header.entries();
        // The functions around the current entry, with their depths.
        let mut functions: Vec<(isize, Die)> = Vec::new();
        let mut skip_children = false;
        loop {
            let sibling = if skip_children { cursor.next_sibling()?.is_some() } else { false };
            if !sibling && cursor.next_dfs()?.is_none() {
                return Ok(());
            }
            let Some(entry) = cursor.current() else { return Ok(()) };
            let depth = entry.depth();
            while functions.last().is_some_and(|(outer, _)| *outer >= depth) {
                functions.pop();
            }
            let tag = entry.tag();
            skip_children = has_members(tag)
                || matches!(tag, gimli::DW_TAG_enumeration_type | gimli::DW_TAG_subroutine_type);
            match tag {
                gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine => {
                    functions.push((depth, Die { unit, offset: entry.offset().0 }));
                }
                gimli::DW_TAG_variable => {
                    let function = functions.last().map(|(_, die)| *die);
                    found.extend(self.variable(unit, entry, function));
                }
                _ => {}
            }
        }
    }

    fn variable(&self, unit: usize, entry: &Entry<'a>, function: Option<Die>) -> Option<DebugVariable> {
        let (section, offset) = self.place(unit, entry.attr_value(gimli::DW_AT_location)?)?;
        let (name_unit, name) = self.inherited(unit, entry, gimli::DW_AT_name)?;
        let file = self.inherited(unit, entry, gimli::DW_AT_decl_file);
        let ty = self
            .inherited(unit, entry, gimli::DW_AT_type)
            .and_then(|(unit, value)| self.reference(unit, &value));
        Some(DebugVariable {
            name: self.text(name_unit, name).filter(|name| !name.is_empty())?,
            function: function.and_then(|die| self.function_name(die)),
            file: file.and_then(|(unit, value)| self.file(unit, &value)).or_else(|| self.unit_file(unit)),
            section,
            offset,
            type_name: ty.map(|die| self.c_type(Some(die))),
            size: ty.and_then(|die| self.size_of(die)),
            align: number(entry, gimli::DW_AT_alignment).or_else(|| self.alignment_of(ty?)),
            ty,
        })
    }

    /// Section and offset of a location that is one address and nothing else.
    fn place(&self, unit: usize, location: Value<'a>) -> Option<(usize, u64)> {
        let header = self.units.get(unit)?;
        let mut operations = location.exprloc_value()?.operations(header.encoding());
        let address = match operations.next().ok()?? {
            Operation::Address { address } => address,
            Operation::AddressIndex { index } => self.dwarf.address(header, index).ok()?,
            _ => return None,
        };
        let alone = operations.next().ok()?.is_none();
        self.sections.place(address).filter(|_| alone)
    }

    fn function_name(&self, die: Die) -> Option<String> {
        let (unit, name) = self.inherited(die.unit, &self.entry(die)?, gimli::DW_AT_name)?;
        self.text(unit, name)
    }

    /// The name of a file of the unit's line table.
    fn file(&self, unit: usize, value: &Value<'a>) -> Option<String> {
        let AttributeValue::FileIndex(index) = value else { return None };
        let header = self.units.get(unit)?.line_program.as_ref()?.header();
        let path = self.text(unit, header.file(*index)?.path_name())?;
        Some(base_name(&path).to_owned())
    }

    /// The main source file of the unit.
    fn unit_file(&self, unit: usize) -> Option<String> {
        let header = self.units.get(unit)?;
        let root = header.entry(header.header.root_offset()).ok()?;
        self.name(unit, &root).map(|path| base_name(&path).to_owned())
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
