// SPDX-License-Identifier: MIT OR Apache-2.0
//! The types that values consist of, without what pointers lead to.

use std::collections::HashMap;

use super::{MAX_PARTS, MAX_TYPES, TagKind, Type, TypeId, TypeTable, Types};

/// The types that are needed to read values of the types `roots`, and the numbers of the roots in the new
/// table. What a pointer leads to is only named there: a structure is declared, anything else is `void`. So
/// a driver's table does not have the thousands of the kernel's types that its pointers lead to.
#[must_use]
pub fn value_types(types: &dyn Types, roots: &[TypeId]) -> (TypeTable, Vec<TypeId>) {
    let mut copy = Copy::of(types);
    let roots = roots.iter().map(|root| copy.number(*root)).collect();
    let mut parts: usize = 0;
    while let Some((old, new)) = copy.pending.pop() {
        let ty = Type::clone(&types.get(old));
        parts = parts.saturating_add(ty.part_count());
        // The places that are left over say that they are not known.
        if parts > MAX_PARTS {
            break;
        }
        let ty = match ty {
            Type::Pointer { size, target } => Type::Pointer { size, target: copy.named(target) },
            Type::Function { .. } => Type::Void,
            other => other.with_references(|id| copy.number(id)),
        };
        copy.table.replace(new, ty);
    }
    (copy.table, roots)
}

struct Copy<'t> {
    types: &'t dyn Types,
    table: TypeTable,
    numbers: HashMap<TypeId, TypeId>,
    /// What pointers lead to, by its tag.
    declared: HashMap<Option<(TagKind, String)>, TypeId>,
    /// Types that have a place in the new table and are not there yet: old and new numbers.
    pending: Vec<(TypeId, TypeId)>,
}

impl<'t> Copy<'t> {
    fn of(types: &'t dyn Types) -> Self {
        let (numbers, declared) = (HashMap::new(), HashMap::new());
        Self { types, table: TypeTable::default(), numbers, declared, pending: Vec::new() }
    }

    fn number(&mut self, id: TypeId) -> TypeId {
        if let Some(known) = self.numbers.get(&id) {
            return *known;
        }
        let new = self.table.push(Type::Unknown);
        // One more than a table may have refers to nothing, which is not known either.
        if self.table.types().len() < MAX_TYPES {
            self.numbers.insert(id, new);
            self.pending.push((id, new));
        }
        new
    }

    fn named(&mut self, target: TypeId) -> TypeId {
        let tag = self.types.get(target).tag().map(|(kind, name)| (kind, name.to_owned()));
        let tag = tag.filter(|(_, name)| !name.is_empty());
        let table = &mut self.table;
        let declared = |tag: &Option<(TagKind, String)>| match tag {
            Some((kind, name)) => Type::Declared { kind: *kind, name: name.clone() },
            None => Type::Void,
        };
        *self.declared.entry(tag).or_insert_with_key(|tag| table.push(declared(tag)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Member, c_text, size_of};

    #[test]
    fn pointers_lead_to_names() {
        let mut types = TypeTable::default();
        let node = types.push(Type::Unknown);
        let pointer = types.push(Type::Pointer { size: 8, target: node });
        let int = types.push(Type::Number { name: "int".into(), size: 4, encoding: 5 });
        let text = types.push(Type::Pointer { size: 8, target: int });
        let member = |name: &str, bit_offset, type_id| Member {
            name: name.into(),
            bit_offset,
            bits: 0,
            type_id,
            selected_by: Vec::new(),
        };
        let members = vec![member("next", 0, pointer), member("text", 64, text), member("n", 128, int)];
        types.replace(node, Type::Record { kind: TagKind::Struct, name: "node".into(), size: 24, members });
        let (table, roots) = value_types(&types, &[node, pointer, node]);
        assert_eq!(roots[0], roots[2]);
        assert_eq!(size_of(&table, roots[0]), Some(24));
        assert_eq!(c_text(&table, roots[1]), "struct node *");
        let Type::Record { members, .. } = &*table.get(roots[0]) else { panic!() };
        let texts: Vec<_> = members.iter().map(|member| c_text(&table, member.type_id)).collect();
        assert_eq!(texts, ["struct node *", "void *", "int"]);
    }
}
