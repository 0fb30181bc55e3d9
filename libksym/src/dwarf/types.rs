// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types of variables: their names as in C, sizes, and the members of structures.

use super::attributes::Reference;
use super::error::DwarfError;
use super::string_ref::StringRef;
use super::unit::Unit;
use super::unit_cache::UnitCache;
use crate::variable::Member;

/// A deeper chain of types is a loop.
const MAX_DEPTH: usize = 24;
/// So many members are read of a structure, nested ones included.
const MAX_MEMBERS: usize = 2000;

/// A type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Type {
    pub name: String,
    pub size: u64,
    pub is_signed: bool,
    /// A number, pointer or enumeration, as opposed to a structure or array.
    pub is_scalar: bool,
    /// The entry of the structure that a pointer leads to.
    pub target: Option<usize>,
}

/// An entry of a type or of a member.
struct TypeEntry {
    tag: gimli::DwTag,
    has_children: bool,
    name: Option<StringRef>,
    size: Option<u64>,
    ty: Option<usize>,
    encoding: Option<gimli::DwAte>,
    offset: Option<u64>,
    is_bit_field: bool,
    is_declaration: bool,
    count: Option<u64>,
}

/// The type at an entry of the unit; `None` if it is elsewhere or too deep.
pub(super) fn at(units: &UnitCache, unit: &Unit, entry: usize) -> Result<Option<Type>, DwarfError> {
    read_type(units, unit, entry, 0)
}

/// The entry that an attribute refers to, in this unit.
pub(super) fn in_unit(unit: &Unit, reference: Reference) -> Option<usize> {
    match reference {
        Reference::Unit(entry) => Some(entry),
        Reference::Info(offset) => {
            let header = &unit.entries.root.header;
            let entry = offset.checked_sub(header.offset).filter(|entry| *entry < header.size)?;
            usize::try_from(entry).ok()
        }
    }
}

fn read_type(units: &UnitCache, unit: &Unit, entry: usize, depth: usize) -> Result<Option<Type>, DwarfError> {
    let Some(depth) = depth.checked_add(1).filter(|depth| *depth < MAX_DEPTH) else { return Ok(None) };
    let Some((read, _)) = entry_at(units, unit, entry)? else { return Ok(None) };
    let name = match &read.name {
        Some(name) => Some(name.read(&units.sections, &unit.entries.root.bases)?),
        None => None,
    };
    let inner = match read.ty {
        Some(ty) => read_type(units, unit, ty, depth)?,
        None => Some(Type { name: "void".to_owned(), ..Type::default() }),
    };
    let tagged = |word: &str| format!("{word} {}", name.as_deref().unwrap_or("{...}"));
    let pointer_size = u64::from(unit.entries.root.header.encoding.address_size);
    Ok(Some(match read.tag {
        gimli::DW_TAG_base_type => Type {
            name: name.clone().unwrap_or_default(),
            size: read.size.unwrap_or(0),
            is_signed: matches!(read.encoding, Some(gimli::DW_ATE_signed | gimli::DW_ATE_signed_char)),
            is_scalar: !matches!(read.encoding, Some(gimli::DW_ATE_float)),
            target: None,
        },
        gimli::DW_TAG_pointer_type => {
            let Some(inner) = inner else { return Ok(None) };
            let star = if inner.name.ends_with('*') { "*" } else { " *" };
            let target = match read.ty {
                Some(ty) => structure(units, unit, ty)?,
                None => None,
            };
            Type {
                name: format!("{}{star}", inner.name),
                size: pointer_size,
                is_signed: false,
                is_scalar: true,
                target,
            }
        }
        gimli::DW_TAG_enumeration_type => Type {
            name: tagged("enum"),
            size: read.size.unwrap_or(0),
            is_signed: inner.is_some_and(|inner| inner.is_signed),
            is_scalar: true,
            target: None,
        },
        gimli::DW_TAG_structure_type => {
            Type { name: tagged("struct"), size: read.size.unwrap_or(0), ..Type::default() }
        }
        gimli::DW_TAG_union_type => {
            Type { name: tagged("union"), size: read.size.unwrap_or(0), ..Type::default() }
        }
        gimli::DW_TAG_typedef => {
            let Some(inner) = inner else { return Ok(None) };
            Type { name: name.unwrap_or_default(), ..inner }
        }
        gimli::DW_TAG_const_type => {
            let Some(inner) = inner else { return Ok(None) };
            let is_pointer = inner.name.ends_with('*');
            let name =
                if is_pointer { format!("{}const", inner.name) } else { format!("const {}", inner.name) };
            Type { name, ..inner }
        }
        gimli::DW_TAG_volatile_type | gimli::DW_TAG_restrict_type | gimli::DW_TAG_atomic_type => {
            let Some(inner) = inner else { return Ok(None) };
            inner
        }
        gimli::DW_TAG_subroutine_type => Type { name: "function".to_owned(), ..Type::default() },
        gimli::DW_TAG_array_type => {
            let Some(inner) = inner else { return Ok(None) };
            let count = array_count(units, unit, entry)?;
            let size = inner.size.saturating_mul(count);
            Type { name: format!("{} []", inner.name), size, ..Type::default() }
        }
        _ => return Ok(None),
    }))
}

/// How wide a number of the base type at an entry is, and whether it has a sign.
pub(super) fn value_type(
    units: &UnitCache,
    unit: &Unit,
    entry: usize,
) -> Result<Option<gimli::ValueType>, DwarfError> {
    let Some((read, _)) = entry_at(units, unit, entry)? else { return Ok(None) };
    let encoding = match read.encoding {
        Some(gimli::DW_ATE_boolean | gimli::DW_ATE_unsigned_char) => gimli::DW_ATE_unsigned,
        Some(gimli::DW_ATE_signed_char) => gimli::DW_ATE_signed,
        Some(other) => other,
        None => return Ok(None),
    };
    let is_base = read.tag == gimli::DW_TAG_base_type;
    Ok(read.size.filter(|_| is_base).and_then(|size| gimli::ValueType::from_encoding(encoding, size)))
}

/// The structure or union that a chain of typedefs and qualifiers leads to.
fn structure(units: &UnitCache, unit: &Unit, entry: usize) -> Result<Option<usize>, DwarfError> {
    let mut at = entry;
    for _ in 0..MAX_DEPTH {
        let Some((read, _)) = entry_at(units, unit, at)? else { return Ok(None) };
        match read.tag {
            gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type => {
                return Ok((!read.is_declaration).then_some(at));
            }
            gimli::DW_TAG_typedef | gimli::DW_TAG_const_type | gimli::DW_TAG_volatile_type => match read.ty {
                Some(ty) => at = ty,
                None => return Ok(None),
            },
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The members of a structure, those of structures in it included, by offset.
pub(super) fn members(units: &UnitCache, unit: &Unit, entry: usize) -> Result<Vec<Member>, DwarfError> {
    let mut found = Vec::new();
    collect(units, unit, entry, "", 0, 0, &mut found)?;
    Ok(found)
}

fn collect(
    units: &UnitCache,
    unit: &Unit,
    entry: usize,
    prefix: &str,
    base: u64,
    depth: usize,
    found: &mut Vec<Member>,
) -> Result<(), DwarfError> {
    if depth > 4 {
        return Ok(());
    }
    for child in children(units, unit, entry)? {
        let is_member = child.tag == gimli::DW_TAG_member && !child.is_bit_field;
        let Some(ty) = child.ty.filter(|_| is_member && found.len() < MAX_MEMBERS) else { continue };
        let Some(known) = read_type(units, unit, ty, 0)? else { continue };
        // Members of a union are all at 0.
        let start = base.saturating_add(child.offset.unwrap_or(0));
        let name = match &child.name {
            Some(name) => Some(name.read(&units.sections, &unit.entries.root.bases)?),
            None => None,
        };
        let path = match (&name, prefix.is_empty()) {
            (Some(name), true) => name.clone(),
            (Some(name), false) => format!("{prefix}.{name}"),
            (None, _) => prefix.to_owned(),
        };
        if name.is_some() {
            found.push(Member { path: path.clone(), start, size: known.size });
        }
        if let Some(inner) = structure(units, unit, ty)? {
            collect(units, unit, inner, &path, start, depth.saturating_add(1), found)?;
        }
    }
    Ok(())
}

fn array_count(units: &UnitCache, unit: &Unit, entry: usize) -> Result<u64, DwarfError> {
    let children = children(units, unit, entry)?;
    let ranges = children.iter().filter(|child| child.tag == gimli::DW_TAG_subrange_type);
    Ok(ranges.fold(1_u64, |all, range| all.saturating_mul(range.count.unwrap_or(0))))
}

/// The entries directly below an entry.
fn children(units: &UnitCache, unit: &Unit, entry: usize) -> Result<Vec<TypeEntry>, DwarfError> {
    let Some((read, _)) = entry_at(units, unit, entry)? else { return Ok(Vec::new()) };
    if !read.has_children {
        return Ok(Vec::new());
    }
    let error = |source| unit.entries.error(source);
    let mut entries = unit.entries.cursor_at(&units.sections, entry);
    let mut all = Vec::new();
    if let Some(abbreviation) = entries.read_abbreviation().map_err(error)? {
        entries.skip_attributes(abbreviation.attributes()).map_err(error)?;
    }
    while !entries.is_empty() && all.len() < MAX_MEMBERS {
        let depth = entries.next_depth();
        if depth < 1 {
            break;
        }
        let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { continue };
        let child = TypeEntry::read(&mut entries, abbreviation, unit).map_err(error)?;
        if depth == 1 {
            all.push(child);
        }
    }
    Ok(all)
}

fn entry_at(units: &UnitCache, unit: &Unit, entry: usize) -> Result<Option<(TypeEntry, usize)>, DwarfError> {
    let error = |source| unit.entries.error(source);
    let mut entries = unit.entries.cursor_at(&units.sections, entry);
    if entries.is_empty() {
        return Ok(None);
    }
    let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { return Ok(None) };
    let read = TypeEntry::read(&mut entries, abbreviation, unit).map_err(error)?;
    Ok(Some((read, entry)))
}

impl TypeEntry {
    fn read(
        entries: &mut gimli::EntriesRaw<'_, super::debug_sections::Slice<'_>>,
        abbreviation: &gimli::Abbreviation,
        unit: &Unit,
    ) -> gimli::Result<Self> {
        let mut read = Self {
            tag: abbreviation.tag(),
            has_children: abbreviation.has_children(),
            name: None,
            size: None,
            ty: None,
            encoding: None,
            offset: None,
            is_bit_field: false,
            is_declaration: false,
            count: None,
        };
        for &spec in abbreviation.attributes() {
            let value = entries.read_attribute(spec)?.value();
            match spec.name() {
                gimli::DW_AT_name => read.name = StringRef::of(&value),
                gimli::DW_AT_byte_size => read.size = value.udata_value(),
                gimli::DW_AT_type => {
                    let reference = match value {
                        gimli::AttributeValue::UnitRef(offset) => Some(Reference::Unit(offset.0)),
                        gimli::AttributeValue::DebugInfoRef(offset) => Some(Reference::Info(offset.0 as u64)),
                        _ => None,
                    };
                    // One in another unit gets an offset where no entry is.
                    read.ty = reference.map(|reference| in_unit(unit, reference).unwrap_or(usize::MAX));
                }
                gimli::DW_AT_encoding => {
                    if let gimli::AttributeValue::Encoding(encoding) = value {
                        read.encoding = Some(encoding);
                    }
                }
                gimli::DW_AT_data_member_location => read.offset = value.udata_value(),
                gimli::DW_AT_bit_size | gimli::DW_AT_data_bit_offset => read.is_bit_field = true,
                gimli::DW_AT_declaration => read.is_declaration = true,
                gimli::DW_AT_count => read.count = value.udata_value(),
                gimli::DW_AT_upper_bound => {
                    read.count = value.udata_value().and_then(|last| last.checked_add(1));
                }
                _ => {}
            }
        }
        Ok(read)
    }
}
