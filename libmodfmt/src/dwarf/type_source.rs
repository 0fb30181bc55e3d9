// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types for [`crate::types`], read from debugging entries when they are asked for.
//!
//! The debug information of a driver describes some thousands of the kernel's types besides its own. What a
//! variable does not lead to is never read.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::DebugVariable;
use super::info::{DebugInfo, Die, Entry, MAX_DEPTH, number};
use super::types::{has_members, is_alias};
use crate::elf::ByteOrder;
use crate::persist::HOLDS_PREFIX;
use crate::types::{
    KernelTypes, MAX_NAME_BYTES, MAX_PARTS, MAX_TYPES, Member, OTHER_BYTE_ORDER, TagKind, Type, TypeId,
    TypeTable, Types,
};

/// Most types that an author names as held.
const MAX_HELD: usize = 256;

/// Number 0 is `void`, number 1 what cannot be read.
const VOID: TypeId = TypeId(0);
const UNKNOWN: TypeId = TypeId(1);

/// The types of a file's debug information.
#[derive(Debug)]
pub struct DwarfTypes<'i, 'a> {
    info: &'i DebugInfo<'a>,
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<Die, TypeId>,
    /// By number.
    types: Vec<(Option<Die>, Option<Arc<Type>>)>,
}

/// The types that some variables lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReachedTypes {
    /// The types.
    pub table: TypeTable,
    /// The numbers of the variables' types, in the order in which these were given.
    pub roots: Vec<TypeId>,
    /// Nothing was left out because there was too much of it.
    pub is_complete: bool,
}

impl<'i, 'a> DwarfTypes<'i, 'a> {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(info: &'i DebugInfo<'a>) -> Self {
        let known = Known {
            types: vec![(None, Some(Arc::new(Type::Void))), (None, Some(Arc::new(Type::Unknown)))],
            ..Known::default()
        };
        info.begin();
        Self { info, known: RefCell::new(known) }
    }

    /// The number of a variable's type. The variable must come from the same debug information.
    #[must_use]
    pub fn of_variable(&self, variable: &DebugVariable) -> Option<TypeId> {
        variable.ty.map(|die| self.number(die))
    }

    /// The types that the author named with `PERSISTENT_HOLDS()` (persistent.h): what pointers called
    /// `__persistent_holds_N` point to.
    #[must_use]
    pub fn held(&self) -> Vec<TypeId> {
        let mut held: Vec<TypeId> = Vec::new();
        for die in self.info.targets_of(HOLDS_PREFIX, MAX_HELD) {
            let id = self.number(die);
            if id != VOID && id != UNKNOWN && !held.contains(&id) {
                held.push(id);
            }
        }
        held
    }

    /// The structures and unions that the module defines, as C names them: `struct item`.
    #[must_use]
    pub fn defined_tags(&self) -> BTreeSet<String> {
        self.info.defined_tags()
    }

    /// The number of the structure or union with this name in C: `struct item`. `None` if the debug
    /// information does not define it.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<TypeId> {
        self.info.defined_tag(name).map(|die| self.number(die))
    }

    /// The number of an entry's type, without typedefs and qualifiers.
    fn number(&self, die: Die) -> TypeId {
        let mut die = die;
        for _ in 0..MAX_DEPTH {
            let Some(entry) = self.info.entry(die) else { return UNKNOWN };
            if !is_alias(entry.tag()) {
                return self.intern(die);
            }
            match self.target(die.unit, &entry) {
                Target::Entry(next) => die = next,
                Target::Void => return VOID,
                Target::Unknown => return UNKNOWN,
            }
        }
        UNKNOWN
    }

    fn intern(&self, die: Die) -> TypeId {
        let mut known = self.known.borrow_mut();
        if let Some(number) = known.numbers.get(&die) {
            return *number;
        }
        let Ok(next) = u32::try_from(known.types.len()) else { return UNKNOWN };
        known.types.push((Some(die), None));
        known.numbers.insert(die, TypeId(next));
        TypeId(next)
    }

    /// A table of the types that `roots` lead to, nearest first. A type behind a pointer that the
    /// kernel has as well is named in place of being described. What goes beyond `max_parts` members is
    /// unknown in the table.
    #[must_use]
    pub fn table(
        &self,
        roots: &[TypeId],
        kernel: Option<&dyn KernelTypes>,
        max_parts: usize,
    ) -> ReachedTypes {
        let mut table = TypeTable::default();
        // By number here and by whether it stands behind a pointer, where the kernel's own types are named.
        let mut numbers: HashMap<(TypeId, bool), TypeId> = HashMap::new();
        let mut pending = Vec::new();
        let mut place = |id: TypeId, behind: bool, table: &mut TypeTable, pending: &mut Vec<_>| {
            *numbers.entry((id, behind)).or_insert_with(|| {
                let new = table.push(Type::Unknown);
                pending.push((id, behind, new));
                new
            })
        };
        let moved: Vec<TypeId> =
            roots.iter().map(|root| place(*root, false, &mut table, &mut pending)).collect();
        let (mut next, mut parts, mut is_complete) = (0, 0_usize, true);
        while let Some((id, behind, new)) = pending.get(next).copied() {
            next = next.saturating_add(1);
            let ty = self.get(id);
            if let Some(named) = kernel.filter(|_| behind).and_then(|kernel| self.named(id, &ty, kernel)) {
                table.replace(new, named);
                continue;
            }
            parts = parts.saturating_add(ty.part_count());
            if parts > max_parts.min(MAX_PARTS) || table.types().len() >= MAX_TYPES {
                is_complete = false;
                continue;
            }
            let is_pointer = matches!(*ty, Type::Pointer { .. });
            let ty = Type::clone(&ty).with_references(|id| place(id, is_pointer, &mut table, &mut pending));
            table.replace(new, ty);
        }
        let (table, roots) = table.minimized(&moved);
        ReachedTypes { table, roots, is_complete }
    }

    /// A type of the kernel by its name.
    fn named(&self, id: TypeId, ty: &Type, kernel: &dyn KernelTypes) -> Option<Type> {
        let size = match ty {
            Type::Record { size, .. } | Type::Enumeration { size, .. } => *size,
            _ => return None,
        };
        let (kind, name) = ty.tag().filter(|(_, name)| !name.is_empty())?;
        let name = name.to_owned();
        kernel.find(id).map(|hash| Type::Kernel { kind, name, size, hash })
    }

    fn read(&self, die: Die) -> Option<Type> {
        let entry = self.info.entry(die)?;
        match entry.tag() {
            gimli::DW_TAG_base_type => {
                let gimli::AttributeValue::Encoding(encoding) = entry.attr_value(gimli::DW_AT_encoding)?
                else {
                    return None;
                };
                let (mut name, mut encoding) = (self.name(die.unit, &entry), encoding.0);
                let size = number(&entry, gimli::DW_AT_byte_size)?;
                if let Some(order) = self.other_byte_order(&entry) {
                    name.insert_str(0, order);
                    encoding |= OTHER_BYTE_ORDER;
                }
                Some(Type::Number { name, size, encoding })
            }
            gimli::DW_TAG_unspecified_type => Some(Type::Void),
            gimli::DW_TAG_enumeration_type => self.enumeration(die, &entry),
            gimli::DW_TAG_pointer_type
            | gimli::DW_TAG_reference_type
            | gimli::DW_TAG_rvalue_reference_type => {
                let size = self.info.size_of(die)?;
                Some(Type::Pointer { size, target: self.target_number(die.unit, &entry) })
            }
            gimli::DW_TAG_array_type => self.array(die, &entry),
            tag if has_members(tag) => self.record(die, &entry),
            gimli::DW_TAG_subroutine_type => self.function(die, &entry),
            _ => None,
        }
    }

    /// The byte order of a number, for its name, if it is not the processor's: `scalar_storage_order` in the
    /// source.
    fn other_byte_order(&self, entry: &Entry<'a>) -> Option<&'static str> {
        match (entry.attr_value(gimli::DW_AT_endianity)?, self.info.sections.order) {
            (gimli::AttributeValue::Endianity(gimli::DW_END_big), ByteOrder::Little) => Some("big-endian "),
            (gimli::AttributeValue::Endianity(gimli::DW_END_little), ByteOrder::Big) => {
                Some("little-endian ")
            }
            _ => None,
        }
    }

    fn name(&self, unit: usize, entry: &Entry<'a>) -> String {
        let mut name = self.info.name(unit, entry).unwrap_or_default();
        if name.len() > MAX_NAME_BYTES {
            let end = (0..=MAX_NAME_BYTES).rev().find(|end| name.is_char_boundary(*end));
            name.truncate(end.unwrap_or_default());
        }
        name
    }

    /// Only declared here, or defined in a type unit that is not read.
    fn opaque(&self, kind: TagKind, unit: usize, entry: &Entry<'a>) -> Option<Type> {
        if entry.attr_value(gimli::DW_AT_signature).is_some() {
            return Some(Type::Unknown);
        }
        entry.attr_value(gimli::DW_AT_declaration)?;
        Some(Type::Declared { kind, name: self.name(unit, entry) })
    }

    fn enumeration(&self, die: Die, entry: &Entry<'a>) -> Option<Type> {
        if let Some(opaque) = self.opaque(TagKind::Enum, die.unit, entry) {
            return Some(opaque);
        }
        let size = number(entry, gimli::DW_AT_byte_size)?;
        let mut values = Vec::new();
        for value in self.info.children(die)? {
            if value.tag() == gimli::DW_TAG_enumerator {
                let number = constant(&value, gimli::DW_AT_const_value)?;
                values.push((self.name(die.unit, &value), low_bytes(number, size)));
            }
        }
        Some(Type::Enumeration { name: self.name(die.unit, entry), size, values })
    }

    /// Arrays of arrays are one array of several dimensions, however typedefs part them.
    fn array(&self, die: Die, entry: &Entry<'a>) -> Option<Type> {
        let (mut at, mut entry) = (die, entry.clone());
        let mut counts = Vec::new();
        for _ in 0..MAX_DEPTH {
            counts.extend(self.info.dimensions(at)?);
            let element = self.target_number(at.unit, &entry);
            match self.die(element).and_then(|die| Some((die, self.info.entry(die)?))) {
                Some((die, inner)) if inner.tag() == gimli::DW_TAG_array_type => (at, entry) = (die, inner),
                _ => return Some(Type::Array { element, counts }),
            }
        }
        None
    }

    fn record(&self, die: Die, entry: &Entry<'a>) -> Option<Type> {
        let kind = if entry.tag() == gimli::DW_TAG_union_type { TagKind::Union } else { TagKind::Struct };
        if let Some(opaque) = self.opaque(kind, die.unit, entry) {
            return Some(opaque);
        }
        let size = number(entry, gimli::DW_AT_byte_size)?;
        let mut members = Vec::new();
        self.members(die, &[], &mut members, 0)?;
        Some(Type::Record { kind, name: self.name(die.unit, entry), size, members })
    }

    /// The members below an entry: a structure, or a variant of one.
    fn members(
        &self,
        die: Die,
        selected_by: &[(u64, u64)],
        members: &mut Vec<Member>,
        level: u32,
    ) -> Option<()> {
        for child in self.info.children(die)? {
            let at = Die { unit: die.unit, offset: child.offset().0 };
            match child.tag() {
                // A C++ static member has no place.
                gimli::DW_TAG_member if child.attr_value(gimli::DW_AT_declaration).is_some() => {}
                gimli::DW_TAG_member | gimli::DW_TAG_inheritance => {
                    let member = self.info.member(die.unit, &child)?;
                    members.push(Member {
                        name: self.name(die.unit, &child),
                        bit_offset: member.bit_offset,
                        bits: member.bits.unwrap_or(0),
                        type_id: self.number(member.ty),
                        selected_by: selected_by.to_vec(),
                    });
                }
                // A Rust enum: the discriminant is a member of the part, each variant has members of its own.
                gimli::DW_TAG_variant_part if level < MAX_DEPTH => {
                    self.members(at, selected_by, members, level.saturating_add(1))?;
                }
                gimli::DW_TAG_variant if level < MAX_DEPTH => {
                    let value = constant(&child, gimli::DW_AT_discr_value);
                    let selected_by = match value {
                        Some(value) => [(value, value)],
                        None if child.attr_value(gimli::DW_AT_discr_list).is_none() => [Member::OTHERWISE],
                        None => return None,
                    };
                    self.members(at, &selected_by, members, level.saturating_add(1))?;
                }
                _ => {}
            }
        }
        Some(())
    }

    fn function(&self, die: Die, entry: &Entry<'a>) -> Option<Type> {
        let mut parameters = Vec::new();
        let mut variadic = false;
        for child in self.info.children(die)? {
            match child.tag() {
                gimli::DW_TAG_formal_parameter => parameters.push(self.target_number(die.unit, &child)),
                gimli::DW_TAG_unspecified_parameters => variadic = true,
                _ => {}
            }
        }
        Some(Type::Function { result: self.target_number(die.unit, entry), parameters, variadic })
    }

    fn target(&self, unit: usize, entry: &Entry<'a>) -> Target {
        match entry.attr_value(gimli::DW_AT_type) {
            None => Target::Void,
            Some(value) => self.info.reference(unit, &value).map_or(Target::Unknown, Target::Entry),
        }
    }

    fn target_number(&self, unit: usize, entry: &Entry<'a>) -> TypeId {
        match self.target(unit, entry) {
            Target::Entry(die) => self.number(die),
            Target::Void => VOID,
            Target::Unknown => UNKNOWN,
        }
    }

    fn die(&self, id: TypeId) -> Option<Die> {
        let known = self.known.borrow();
        usize::try_from(id.0).ok().and_then(|index| known.types.get(index)).and_then(|(die, _)| *die)
    }
}

impl Types for DwarfTypes<'_, '_> {
    fn get(&self, id: TypeId) -> Arc<Type> {
        let index = usize::try_from(id.0).unwrap_or(usize::MAX);
        let found = self.known.borrow().types.get(index).cloned();
        let die = match found {
            Some((_, Some(ty))) => return ty,
            Some((Some(die), None)) => die,
            _ => return Arc::new(Type::Unknown),
        };
        let ty = Arc::new(self.read(die).unwrap_or(Type::Unknown));
        if let Some(place) = self.known.borrow_mut().types.get_mut(index) {
            place.1 = Some(Arc::clone(&ty));
        }
        ty
    }
}

/// What an entry's `DW_AT_type` refers to.
enum Target {
    Entry(Die),
    /// There is no such attribute.
    Void,
    /// It cannot be followed: a type unit, another file.
    Unknown,
}

/// A constant as 64 bits: compilers choose signed and unsigned forms freely.
fn constant(entry: &Entry<'_>, name: gimli::DwAt) -> Option<u64> {
    let value = entry.attr_value(name)?;
    value.udata_value().or_else(|| Some(value.sdata_value()?.cast_unsigned()))
}

/// As many low bytes of a number as the type has.
fn low_bytes(number: u64, size: u64) -> u64 {
    let bits = u32::try_from(size.saturating_mul(8)).unwrap_or(64);
    if bits >= 64 { number } else { number & 1_u64.wrapping_shl(bits).wrapping_sub(1) }
}
