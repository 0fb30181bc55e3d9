// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fields of a structure as C names them: those of anonymous structures belong to the one around.

use std::collections::HashMap;

use crate::types::{Member, TagKind, Type, TypeId, Types, size_of};

/// How deeply types may nest. The kernel's stay far below; a circle in damaged data does not.
pub(super) const MAX_DEPTH: u32 = 64;
/// Most members of one structure with all that is anonymous in it.
const MAX_MEMBERS: usize = 1 << 16;

/// A field of a structure or a member of a union.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Empty for an anonymous union.
    pub(super) name: String,
    /// From the start of the structure.
    pub(super) bit_offset: u64,
    /// Bits of a bit-field, else 0.
    pub(super) bits: u64,
    /// Bits that it covers; 0 if that is not known.
    pub(super) extent: u64,
    pub(super) type_id: TypeId,
    /// Of an anonymous union: what can be named in it, with places in the structure around.
    pub(super) inside: Vec<Field>,
}

impl Field {
    /// A name for messages.
    pub(super) fn label(&self) -> &str {
        match self.inside.first() {
            Some(inner) if self.name.is_empty() => inner.label(),
            _ => &self.name,
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.bit_offset.saturating_add(self.extent)
    }
}

/// The fields of a structure or union of `size` bytes, or what is inconsistent about them.
pub(super) fn fields(types: &dyn Types, members: &[Member], size: u64) -> Result<Vec<Field>, &'static str> {
    let mut found = Vec::new();
    let bits = size.checked_mul(8).ok_or("its size is impossible")?;
    let mut members_left = MAX_MEMBERS;
    collect(types, members, (0, bits), &mut found, (0, &mut members_left))?;
    Ok(found)
}

fn collect(
    types: &dyn Types,
    members: &[Member],
    (base, bits): (u64, u64),
    found: &mut Vec<Field>,
    (depth, members_left): (u32, &mut usize),
) -> Result<(), &'static str> {
    if depth >= MAX_DEPTH {
        return Err("it nests too deeply");
    }
    let depth = depth.saturating_add(1);
    for member in members {
        *members_left = members_left.checked_sub(1).ok_or("it has too many members")?;
        if !member.selected_by.is_empty() {
            return Err("it has variants");
        }
        let extent = match member.bits {
            0 => size_of(types, member.type_id).unwrap_or(0).checked_mul(8).ok_or("a size is impossible")?,
            bits => bits,
        };
        let end = member.bit_offset.checked_add(extent);
        if end.is_none_or(|end| end > bits) {
            return Err("a member ends past its structure");
        }
        if member.bits == 0 && !member.bit_offset.is_multiple_of(8) {
            return Err("a member does not start at a byte");
        }
        let bit_offset = base.checked_add(member.bit_offset).ok_or("an offset is impossible")?;
        let mut inside = Vec::new();
        if member.name.is_empty() {
            match &*types.get(member.type_id) {
                Type::Record { kind: TagKind::Struct, members, .. } => {
                    collect(types, members, (bit_offset, extent), found, (depth, members_left))?;
                    continue;
                }
                Type::Record { members, .. } => {
                    collect(types, members, (bit_offset, extent), &mut inside, (depth, members_left))?;
                }
                _ => return Err("a member has no name"),
            }
        }
        let name = member.name.clone();
        found.push(Field { name, bit_offset, bits: member.bits, extent, type_id: member.type_id, inside });
    }
    Ok(())
}

/// Whether two of these fields share a bit, as those of a union do.
pub(super) fn overlap(fields: &[Field]) -> bool {
    let mut places: Vec<(u64, u64)> =
        fields.iter().filter(|field| field.extent > 0).map(|field| (field.bit_offset, field.end())).collect();
    places.sort_unstable();
    places.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if end > start))
}

/// The place of a field of the record `id`, given as `a.b.c`: offset and size in bits, and its type.
pub(super) fn find(types: &dyn Types, id: TypeId, path: &str) -> Option<(u64, u64, TypeId)> {
    let (mut id, mut offset, mut extent) = (id, 0_u64, 0);
    for name in path.split('.') {
        let Type::Record { members, size, .. } = &*types.get(id) else { return None };
        let fields = fields(types, members, *size).ok()?;
        let field = named(&fields, name)?;
        offset = offset.checked_add(field.bit_offset)?;
        (id, extent) = (field.type_id, field.extent);
    }
    Some((offset, extent, id))
}

fn named<'f>(fields: &'f [Field], name: &str) -> Option<&'f Field> {
    let inside = |field: &'f Field| named(&field.inside, name);
    fields.iter().find_map(|field| if field.name == name { Some(field) } else { inside(field) })
}

/// Which old field is which new one.
#[derive(Debug, Default)]
pub(super) struct Matching<'f> {
    /// In the order of the old fields. A plain field may now be inside an anonymous union.
    pub(super) pairs: Vec<(&'f Field, &'f Field)>,
    /// Old fields without a new one.
    pub(super) removed: Vec<&'f Field>,
    /// New fields without an old one.
    pub(super) added: Vec<&'f Field>,
}

impl<'f> Matching<'f> {
    /// By name; `renamed` gives the new name of an old one.
    pub(super) fn of<'h>(
        old: &'f [Field],
        new: &'f [Field],
        renamed: &dyn Fn(&str) -> Option<&'h str>,
    ) -> Self {
        // By name: the index of the new field, and the place inside of it if it is an anonymous union.
        let mut names: HashMap<&str, (usize, &Field)> = HashMap::new();
        for (index, field) in new.iter().enumerate() {
            add_names(field, index, &mut names);
        }
        let mut taken = vec![false; new.len()];
        let mut matching = Self::default();
        for field in old {
            let found = match field.name.is_empty() {
                false => names.get(&*field.name).or_else(|| renamed(&field.name).and_then(|n| names.get(n))),
                // An anonymous union is the one that has a name in common.
                true => inner_names(field)
                    .into_iter()
                    .find_map(|name| names.get(name))
                    .filter(|(index, _)| new.get(*index).is_some_and(|field| field.name.is_empty())),
            };
            let Some((index, place)) = found else {
                matching.removed.push(field);
                continue;
            };
            if let Some(taken) = taken.get_mut(*index) {
                *taken = true;
            }
            let whole = new.get(*index).filter(|_| field.name.is_empty());
            matching.pairs.push((field, whole.unwrap_or(place)));
        }
        let free = new.iter().zip(&taken).filter(|(_, taken)| !**taken);
        matching.added = free.map(|(field, _)| field).collect();
        matching
    }
}

fn add_names<'f>(field: &'f Field, index: usize, names: &mut HashMap<&'f str, (usize, &'f Field)>) {
    if !field.name.is_empty() {
        names.entry(&field.name).or_insert((index, field));
    }
    field.inside.iter().for_each(|inner| add_names(inner, index, names));
}

fn inner_names(field: &Field) -> Vec<&str> {
    let own = |inner: &'_ Field| !inner.name.is_empty();
    let mut names: Vec<&str> = field.inside.iter().filter(|i| own(i)).map(|i| &*i.name).collect();
    names.extend(field.inside.iter().filter(|inner| !own(inner)).flat_map(inner_names));
    names
}
