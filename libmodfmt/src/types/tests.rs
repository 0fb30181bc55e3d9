// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables made by hand: comparing, writing out, encoding.

use proptest::prelude::*;

use super::*;

fn int() -> Type {
    Type::Number { name: "int".into(), size: 4, encoding: 5 }
}

fn member(name: &str, offset: u64, type_id: TypeId) -> Member {
    Member { name: name.into(), bit_offset: offset * 8, bits: 0, type_id, selected_by: Vec::new() }
}

/// `struct node { struct node *next; VALUE value; } *head`
fn list(value: Type) -> (TypeTable, TypeId) {
    let mut table = TypeTable::default();
    let value = table.push(value);
    let node = table.push(Type::Unknown);
    let pointer = table.push(Type::Pointer { size: 8, target: node });
    let members = vec![member("next", 0, pointer), member("value", 8, value)];
    table.replace(node, Type::Record { kind: TagKind::Struct, name: "node".into(), size: 16, members });
    (table, pointer)
}

fn compared(old: &(TypeTable, TypeId), new: &(TypeTable, TypeId)) -> Result<Completeness, String> {
    compare((&old.0, old.1), (&new.0, new.1)).map_err(|difference| difference.in_variable("head"))
}

#[test]
fn a_list_that_leads_back_to_itself() {
    assert_eq!(compared(&list(int()), &list(int())), Ok(Completeness::Full));
    let float = Type::Number { name: "float".into(), size: 4, encoding: 4 };
    assert_eq!(
        compared(&list(int()), &list(float)).unwrap_err(),
        "head->value: kind of number changed from signed to floating point (int, now float)"
    );
}

#[test]
fn what_is_declared_only_matches_any_definition() {
    let mut declared = TypeTable::default();
    let target = declared.push(Type::Declared { kind: TagKind::Struct, name: "node".into() });
    let pointer = declared.push(Type::Pointer { size: 8, target });
    let declared = (declared, pointer);
    assert_eq!(compared(&declared, &list(int())), Ok(Completeness::Full));
    assert_eq!(compared(&list(int()), &declared), Ok(Completeness::Full));
    let mut other = TypeTable::default();
    let target = other.push(Type::Declared { kind: TagKind::Struct, name: "edge".into() });
    let pointer = other.push(Type::Pointer { size: 8, target });
    assert_eq!(
        compared(&list(int()), &(other, pointer)).unwrap_err(),
        "*head: tag changed from node to edge (struct node, now struct edge)"
    );
}

#[test]
fn what_is_not_known_is_said() {
    assert_eq!(compared(&list(int()), &list(Type::Unknown)), Ok(Completeness::Partial));
}

/// Also of a variable whose type was met before, in another one.
#[test]
fn what_is_not_known_is_said_for_each_variable() {
    let (mut table, list) = list(Type::Unknown);
    let pointer = table.push(Type::Pointer { size: 8, target: list });
    let number = table.push(int());
    let members = vec![member("list", 0, pointer), member("count", 8, number)];
    let both = table.push(Type::Record { kind: TagKind::Struct, name: "both".into(), size: 16, members });
    let comparison = Comparison::new(&table, &table);
    let found = [both, list, pointer, number, both].map(|id| comparison.of(id, id).unwrap());
    use Completeness::{Full, Partial};
    assert_eq!(found, [Partial, Partial, Partial, Full, Partial]);
}

#[test]
fn a_hash_tells_signed_from_unsigned_as_far_as_btf_does() {
    let hash = |size, encoding| {
        let mut table = TypeTable::default();
        let id = table.push(Type::Number { name: "n".into(), size, encoding });
        layout_hash(&table, id)
    };
    let (float, signed, signed_char, unsigned, unsigned_char) = (4, 5, 6, 7, 8);
    assert_ne!(hash(8, signed), hash(8, unsigned));
    assert_ne!(hash(8, signed), hash(8, float));
    // BTF does not tell.
    for encoding in [signed_char, unsigned, unsigned_char] {
        assert_eq!(hash(1, 0), hash(1, encoding));
    }
}

/// Each of many members is looked for once.
#[test]
fn many_members_in_another_order() {
    const COUNT: u64 = 60_000;
    let union = |order: &mut dyn Iterator<Item = u64>| {
        let mut table = TypeTable::default();
        let int = table.push(int());
        let members = order.map(|number| member(&format!("m{number}"), 0, int)).collect();
        let root = table.push(Type::Record { kind: TagKind::Union, name: "u".into(), size: 4, members });
        (table, root)
    };
    let (old, new) = (union(&mut (0..COUNT)), union(&mut (0..COUNT).rev()));
    assert_eq!(compared(&old, &new), Ok(Completeness::Full));
    let list = |order: &mut dyn Iterator<Item = u64>| {
        let values = order.map(|number| (format!("E{number}"), number)).collect();
        let mut table = TypeTable::default();
        let root = table.push(Type::Enumeration { name: "e".into(), size: 4, values });
        (table, root)
    };
    let (old, new) = (list(&mut (0..COUNT)), list(&mut (0..COUNT).rev()));
    let said = compared(&old, &new).unwrap_err();
    assert_eq!(said, "head: the order of the enumerators changed (enum e)");
}

#[test]
fn members_are_named() {
    let record = |members: &[(&str, u64)]| {
        let mut table = TypeTable::default();
        let int = table.push(int());
        let size = members.len() as u64 * 4;
        let members = members.iter().map(|(name, offset)| member(name, *offset, int)).collect();
        let root = table.push(Type::Record { kind: TagKind::Struct, name: "f".into(), size, members });
        (table, root)
    };
    let said = |old: &[(&str, u64)], new: &[(&str, u64)]| compared(&record(old), &record(new)).unwrap_err();
    assert_eq!(
        said(&[("a", 0), ("b", 4)], &[("b", 0), ("a", 4)]),
        "head: member a moved from offset 0x0 to 0x4 (struct f)"
    );
    assert_eq!(said(&[("a", 0)], &[("a", 0), ("b", 4)]), "head: member b was added (struct f)");
    assert_eq!(said(&[("a", 0), ("b", 4)], &[("a", 0)]), "head: member b was removed (struct f)");
}

#[test]
fn the_kernels_types_are_known_by_hash() {
    let (table, pointer) = list(int());
    let Type::Pointer { target, .. } = *table.get(pointer) else { panic!() };
    let mut named = TypeTable::default();
    let hash = layout_hash(&table, target);
    let kernel = Type::Kernel { kind: TagKind::Struct, name: "node".into(), size: 16, hash };
    let kernel = named.push(kernel);
    let root = named.push(Type::Pointer { size: 8, target: kernel });
    let named = (named, root);
    assert_eq!(compared(&named, &list(int())), Ok(Completeness::Full));
    assert_eq!(compared(&list(int()), &named), Ok(Completeness::Full));
    let wide = Type::Number { name: "long".into(), size: 8, encoding: 5 };
    // Nobody can tell here whether the kernel has such a type as well.
    assert_eq!(compared(&named, &list(wide)), Ok(Completeness::Partial));
}

#[test]
fn each_type_is_kept_once() {
    let (one, root) = list(int());
    let mut both = one.clone();
    let shift = u32::try_from(both.types().len()).unwrap();
    for ty in one.types() {
        both.push(Type::clone(ty).with_references(|id| TypeId(id.0 + shift)));
    }
    let (small, roots) = both.minimized(&[root, TypeId(root.0 + shift)]);
    assert_eq!(small.types().len(), 3);
    assert_eq!(roots[0], roots[1]);
    assert_eq!(compare((&one, root), (&small, roots[0])), Ok(Completeness::Full));
    let (again, _) = small.minimized(&roots);
    assert_eq!(again, small, "nothing is left to be taken away");
}

#[test]
fn text_of_a_type_is_bounded() {
    // Each function takes ten pointers to itself.
    let mut table = TypeTable::default();
    let function = table.push(Type::Unknown);
    let pointer = table.push(Type::Pointer { size: 8, target: function });
    let void = table.push(Type::Void);
    let parameters = vec![pointer; 10];
    table.replace(function, Type::Function { result: void, parameters, variadic: false });
    let text = table.c_text(pointer);
    assert!(text.len() < 4096 && text.contains("..."), "{} bytes", text.len());
    let array = table.push(Type::Array { element: void, counts: vec![Some(u64::MAX); 100_000] });
    assert!(table.c_text(array).len() < 1024);
}

#[test]
fn a_hash_of_structures_that_nest_takes_no_time() {
    let mut table = TypeTable::default();
    let mut inner = table.push(int());
    for level in 0..60 {
        let members = vec![member("a", 0, inner), member("b", 4, inner)];
        let name = format!("s{level}");
        inner = table.push(Type::Record { kind: TagKind::Struct, name, size: 8, members });
    }
    assert_ne!(layout_hash(&table, inner), 0);
}

#[test]
fn a_circle_without_pointers_has_one_hash() {
    // Two descriptions of a function that returns itself, which no compiler writes.
    let function =
        |result, parameters| Type::Function { result: TypeId(result), parameters, variadic: false };
    let mut table = TypeTable::default();
    let roots = [
        table.push(function(1, vec![TypeId(2)])),
        table.push(function(1, vec![])),
        table.push(function(1, vec![])),
    ];
    let (small, moved) = table.minimized(&roots);
    for (root, moved) in roots.iter().zip(moved) {
        assert_eq!(layout_hash(&table, *root), layout_hash(&small, moved));
    }
}

fn any_type(types: u32) -> impl Strategy<Value = Type> {
    let id = || (0..types).prop_map(TypeId);
    let name = || "[a-z_]{0,6}";
    let kind = || prop::sample::select(vec![TagKind::Struct, TagKind::Union]);
    let member = (name(), any::<u32>(), 0_u64..64, id(), prop::collection::vec(any::<(u64, u64)>(), 0..3));
    let member = member.prop_map(|(name, bit_offset, bits, type_id, selected_by)| Member {
        name,
        bit_offset: bit_offset.into(),
        bits,
        type_id,
        selected_by,
    });
    prop_oneof![
        Just(Type::Unknown),
        Just(Type::Void),
        (name(), any::<u64>(), any::<u8>()).prop_map(|(name, size, encoding)| Type::Number {
            name,
            size,
            encoding
        }),
        (name(), any::<u64>(), prop::collection::vec((name(), any::<u64>()), 0..4)).prop_map(
            |(name, size, values)| Type::Enumeration {
                name: name.to_string(),
                size,
                values: values.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
            }
        ),
        (any::<u64>(), id()).prop_map(|(size, target)| Type::Pointer { size, target }),
        (id(), prop::collection::vec(prop::option::of(0..u64::MAX - 1), 0..4))
            .prop_map(|(element, counts)| Type::Array { element, counts }),
        (kind(), name(), any::<u64>(), prop::collection::vec(member, 0..5))
            .prop_map(|(kind, name, size, members)| Type::Record { kind, name, size, members }),
        (kind(), name()).prop_map(|(kind, name)| Type::Declared { kind, name }),
        (id(), prop::collection::vec(id(), 0..4), any::<bool>())
            .prop_map(|(result, parameters, variadic)| Type::Function { result, parameters, variadic }),
        (kind(), name(), any::<u64>(), any::<u64>()).prop_map(|(kind, name, size, hash)| Type::Kernel {
            kind,
            name,
            size,
            hash
        }),
    ]
}

fn any_table() -> impl Strategy<Value = TypeTable> {
    (1_u32..20).prop_flat_map(|count| {
        prop::collection::vec(any_type(count), count as usize).prop_map(|types| {
            let mut table = TypeTable::default();
            for ty in types {
                table.push(ty);
            }
            table
        })
    })
}

/// Types nest this deeply in damaged data only. Two equal ones, one near the surface and one at the bottom,
/// are one type in a smaller table.
#[test]
fn what_nests_too_deeply_has_the_same_hash_in_a_smaller_table() {
    let record = |members: &[TypeId]| {
        let members = members.iter().map(|id| member("m", 0, *id)).collect();
        Type::Record { kind: TagKind::Struct, name: "s".into(), size: 4, members }
    };
    let mut table = TypeTable::default();
    let number = table.push(int());
    let near = table.push(record(&[number]));
    let mut far = table.push(record(&[number]));
    for _ in 0..62 {
        far = table.push(record(&[far]));
    }
    let root = table.push(record(&[near, far]));
    let (small, moved) = table.minimized(&[root]);
    assert_eq!(layout_hash(&small, moved[0]), layout_hash(&table, root));
}

proptest! {
    #[test]
    fn a_table_is_read_as_it_was_written(table in any_table()) {
        prop_assert_eq!(TypeTable::from_bytes(&table.to_bytes()), Ok(table));
    }

    #[test]
    fn damaged_bytes_are_an_error_or_a_table(table in any_table(), at in any::<prop::sample::Index>(), value: u8) {
        let mut bytes = table.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(table) = TypeTable::from_bytes(&bytes) {
            let root = TypeId(0);
            let _ = (table.c_text(root), layout_hash(&table, root), compare((&table, root), (&table, root)));
            let _ = table.minimized(&[root]);
        }
        prop_assert!(TypeTable::from_bytes(&bytes[..at]).is_err());
    }

    #[test]
    fn a_smaller_table_says_the_same(table in any_table()) {
        let roots: Vec<TypeId> = (0..u32::try_from(table.types().len()).unwrap()).map(TypeId).collect();
        let (small, moved) = table.minimized(&roots);
        for (root, moved) in roots.iter().zip(&moved) {
            prop_assert_eq!(table.c_text(*root), small.c_text(*moved));
            prop_assert!(compare((&table, *root), (&small, *moved)).is_ok());
            prop_assert_eq!(layout_hash(&table, *root), layout_hash(&small, *moved));
        }
    }
}
