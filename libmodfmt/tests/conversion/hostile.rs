// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptions that contradict themselves: an answer or a refusal, in little time.

use libmodfmt::convert::{Decision, Move, Moves, Request, Side, decide};
use libmodfmt::elf::{ByteOrder, Class};
use libmodfmt::types::{Member, TagKind, Type, TypeId, TypeTable};
use proptest::prelude::*;

fn any_type(types: u32) -> impl Strategy<Value = Type> {
    let id = || (0..types).prop_map(TypeId);
    let size = || prop_oneof![0_u64..20, Just(u64::MAX)];
    let kind = prop::sample::select(vec![TagKind::Struct, TagKind::Struct, TagKind::Union]);
    let member = ("[ab]?", 0_u64..140, prop_oneof![Just(0_u64), 0_u64..70], id());
    let member = member.prop_map(|(name, offset, bits, type_id)| Member {
        name,
        bit_offset: if bits == 0 { offset / 8 * 8 } else { offset },
        bits,
        type_id,
        selected_by: Vec::new(),
    });
    let name =
        || prop::sample::select(vec!["char", "list_head", "rb_node", "mutex", ""]).prop_map(str::to_owned);
    prop_oneof![
        Just(Type::Unknown),
        Just(Type::Void),
        (name(), size(), 0_u8..9).prop_map(|(name, size, encoding)| Type::Number { name, size, encoding }),
        (size(), prop::collection::vec(("[AB]", 0_u64..4), 0..3))
            .prop_map(|(size, values)| Type::Enumeration { name: "e".into(), size, values }),
        (size(), id()).prop_map(|(size, target)| Type::Pointer { size, target }),
        (id(), prop::collection::vec(prop::option::of(size()), 0..3))
            .prop_map(|(element, counts)| Type::Array { element, counts }),
        (kind, name(), size(), prop::collection::vec(member, 0..4))
            .prop_map(|(kind, name, size, members)| Type::Record { kind, name, size, members }),
    ]
}

fn any_table() -> impl Strategy<Value = TypeTable> {
    prop::collection::vec(any_type(8), 8).prop_map(|types| {
        let mut table = TypeTable::default();
        for ty in types {
            table.push(ty);
        }
        table
    })
}

fn number(table: &mut TypeTable, size: u64) -> TypeId {
    table.push(Type::Number { name: "n".into(), size, encoding: 5 })
}

/// A structure of members with these names, types and offsets.
fn record(table: &mut TypeTable, size: u64, members: &[(&str, TypeId, u64)]) -> TypeId {
    let members = members.iter().map(|(name, type_id, offset)| Member {
        name: (*name).to_owned(),
        bit_offset: offset * 8,
        bits: 0,
        type_id: *type_id,
        selected_by: Vec::new(),
    });
    let (kind, name) = (TagKind::Struct, String::new());
    table.push(Type::Record { kind, name, size, members: members.collect() })
}

/// `struct { first; n a; }`, where `a` has four bytes, and eight at first and then.
fn widened(first: impl Fn(&mut TypeTable) -> TypeId) -> [(TypeTable, TypeId); 2] {
    [4, 8].map(|size| {
        let mut table = TypeTable::default();
        let (first, number) = (first(&mut table), number(&mut table, size));
        let root = record(&mut table, 16, &[("first", first, 0), ("a", number, 8)]);
        (table, root)
    })
}

/// What is twice in what is twice in ..., 60 times.
fn doubled(table: &mut TypeTable, innermost: TypeId, size: u64, names: [&str; 2]) -> TypeId {
    let inside =
        |inner, table: &mut TypeTable| record(table, size, &[(names[0], inner, 0), (names[1], inner, 0)]);
    (0..60).fold(innermost, |inner, _| inside(inner, table))
}

/// Without an answer in little time this test does not end.
fn decides(first: impl Fn(&mut TypeTable) -> TypeId) -> Result<(), String> {
    let [(old, old_id), (new, new_id)] = widened(first);
    let side = |types, id| Side { types, id, size: 16 };
    let order = ByteOrder::Little;
    let mut request = Request::new("x", side(&old, old_id), side(&new, new_id), order, Class::Elf64);
    let kept = [0; 16];
    (request.kept, request.room) = (Some(&kept[..]), 64);
    match decide(&request).map_err(|refusal| refusal.to_string())? {
        Decision::Converts(plan) => {
            let own = Move { variable: "x", old_address: 1 << 50, new_address: Some(1 << 40), plan: &plan };
            let moves = Moves::new(vec![own], vec![]);
            plan.apply(&kept, &[], 0, &moves).map(|_| ()).map_err(|refusal| refusal.to_string())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_has_no_bytes_may_be_there_any_number_of_times() {
    let none = |table: &mut TypeTable| record(table, 0, &[]);
    let many = |table: &mut TypeTable, element, count| {
        table.push(Type::Array { element, counts: vec![Some(count)] })
    };
    decides(|table| {
        let element = none(table);
        many(table, element, 1 << 60)
    })
    .unwrap();
    decides(|table| {
        let innermost = none(table);
        doubled(table, innermost, 0, ["a", "b"])
    })
    .unwrap();
    decides(|table| {
        let innermost = none(table);
        let element = doubled(table, innermost, 0, ["a", "b"]);
        many(table, element, 2)
    })
    .unwrap();
    let refusal = decides(|table| {
        let innermost = none(table);
        doubled(table, innermost, 0, ["", ""])
    });
    assert_eq!(refusal, Ok(()));
}

#[test]
fn members_of_a_structure_do_not_overlap() {
    let refusal = decides(|table| {
        let innermost = number(table, 8);
        doubled(table, innermost, 8, ["a", "b"])
    });
    assert_eq!(
        refusal.unwrap_err(),
        "x.first: its description is inconsistent: members of a structure overlap"
    );
}

/// All members of anonymous structures belong to the one around, and there may be very many.
#[test]
fn anonymous_structures_that_double() {
    let refusal = decides(|table| {
        let innermost = record(table, 0, &[]);
        let inner = doubled(table, innermost, 0, ["", ""]);
        record(table, 8, &[("", inner, 0)])
    });
    assert_eq!(refusal.unwrap_err(), "x.first: its description is inconsistent: it has too many members");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_two_tables(old in any_table(), new in any_table(), sizes: (u8, u8), word: u64, big: bool) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let kept: Vec<u8> = word.to_le_bytes().into_iter().cycle().take(sizes.0.into()).collect();
        let side = |types, size: usize| Side { types, id: TypeId(0), size: size as u64 };
        let mut request =
            Request::new("x", side(&old, kept.len()), side(&new, sizes.1.into()), order, Class::Elf64);
        (request.kept, request.room) = (Some(&kept[..]), 64);
        let address = word & !0xff;
        let none = Moves::new(vec![], vec![]);
        match decide(&request) {
            Ok(Decision::Converts(plan)) => {
                let own = Move { variable: "x", old_address: address, new_address: Some(1 << 40), plan: &plan };
                if let Ok(converted) = plan.apply(&kept, &[], 0, &Moves::new(vec![own], vec![])) {
                    prop_assert_eq!(converted.bytes.len(), usize::from(sizes.1));
                }
            }
            Ok(Decision::GrowsInPlace(place) | Decision::ShrinksInPlace(place) | Decision::ReadsTheSame(place)) => {
                let _ = place.check("x", &kept, address, &none);
            }
            Ok(Decision::Equal(_)) | Err(_) => {}
        }
    }

    /// Converting a structure to one that has more, and back without that, changes nothing.
    #[test]
    fn there_and_back(sizes in prop::collection::vec((0_u32..3, any::<bool>()), 1..12), bytes: [u8; 96], big: bool) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let build = |wide: bool| {
            let mut table = TypeTable::default();
            let (mut at, mut members) = (0_u64, Vec::new());
            for (index, (log, signed)) in sizes.iter().enumerate() {
                let size = 1 << log;
                let (name, encoding) = ("n".to_owned(), if *signed { 5 } else { 7 });
                let type_id = table.push(Type::Number { name, size, encoding });
                let extra = if wide { 8 } else { 0 };
                at = (at + extra).next_multiple_of(size);
                let name = format!("f{index}");
                members.push(Member { name, bit_offset: at * 8, bits: 0, type_id, selected_by: vec![] });
                at += size;
            }
            if wide {
                let n = table.push(Type::Number { name: "n".into(), size: 8, encoding: 7 });
                members.push(Member { name: "n".into(), bit_offset: 0, bits: 0, type_id: n, selected_by: vec![] });
            }
            let (kind, name) = (TagKind::Struct, "s".to_owned());
            let id = table.push(Type::Record { kind, name, size: at, members });
            (table, id, at)
        };
        let (narrow, wide) = (build(false), build(true));
        fn side((types, id, size): &(TypeTable, TypeId, u64)) -> Side<'_> {
            Side { types, id: *id, size: *size }
        }
        let kept = &bytes[..narrow.2 as usize];
        let convert = |from: &(TypeTable, TypeId, u64), to: &(TypeTable, TypeId, u64), kept: &[u8], initial: &[u8]| {
            let drops = ["n".to_owned()];
            let mut request = Request::new("x", side(from), side(to), order, Class::Elf64);
            request.drops = &drops;
            let Ok(Decision::Converts(plan)) = decide(&request) else { panic!("{:?}", decide(&request)) };
            let own = Move { variable: "x", old_address: 1 << 50, new_address: Some(1 << 40), plan: &plan };
            plan.apply(kept, initial, 0, &Moves::new(vec![own], vec![])).unwrap().bytes
        };
        prop_assume!(kept.chunks(8).all(|word| word.len() < 8 || word.iter().any(|byte| *byte != 0)));
        let there = convert(&narrow, &wide, kept, &[7; 8]);
        prop_assert_eq!(&there[..8], &[7; 8]);
        let back = convert(&wide, &narrow, &there, kept);
        prop_assert_eq!(&back[..], kept);
    }
}
