// SPDX-License-Identifier: MIT OR Apache-2.0
//! Searching with and without types.

use super::*;
use crate::elf::{ByteOrder, Class};
use crate::types::{Member, TagKind, Type, TypeId, TypeTable};

const GONE: u64 = 0xffff_ffff_c000_0000;

fn gone() -> AddressRanges {
    AddressRanges::new(vec![
        (GONE..GONE + 0x1000, "foo .text".into()),
        (GONE + 0x2000..GONE + 0x3000, "foo .data".into()),
    ])
}

fn member(name: &str, offset: u64, type_id: TypeId) -> Member {
    Member { name: name.into(), bit_offset: offset * 8, bits: 0, type_id, selected_by: Vec::new() }
}

/// `struct ops { void (*fn)(void); struct ops *next; long n; union { void *p; long l; } u; } [4]`
fn table() -> (TypeTable, TypeId) {
    let mut table = TypeTable::default();
    let void = table.push(Type::Void);
    let function = table.push(Type::Function { result: void, parameters: vec![], variadic: false });
    let code = table.push(Type::Pointer { size: 8, target: function });
    let long = table.push(Type::Number { name: "long".into(), size: 8, encoding: 5 });
    let any = table.push(Type::Pointer { size: 8, target: void });
    let members = vec![member("p", 0, any), member("l", 0, long)];
    let union = table.push(Type::Record { kind: TagKind::Union, name: String::new(), size: 8, members });
    let ops = table.push(Type::Unknown);
    let next = table.push(Type::Pointer { size: 8, target: ops });
    let members =
        vec![member("fn", 0, code), member("next", 8, next), member("n", 16, long), member("u", 24, union)];
    table.replace(ops, Type::Record { kind: TagKind::Struct, name: "ops".into(), size: 32, members });
    let array = table.push(Type::Array { element: ops, counts: vec![Some(2), Some(2)] });
    (table, array)
}

fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn paths(searched: Searched<'_>) -> Vec<(String, String, bool)> {
    let result = search(searched, &gone(), ByteOrder::Little, Class::Elf64);
    assert!(!result.is_cut);
    let found = result.found.into_iter();
    found
        .map(|found| (found.path, format!("{}+{:#x}", found.label, found.distance), found.is_guess))
        .collect()
}

#[test]
fn pointers_are_named_by_their_fields() {
    let (table, array) = table();
    let mut words = [0; 16];
    (words[4], words[6], words[13], words[15]) = (GONE + 1, GONE + 2, GONE + 0x2003, GONE + 4);
    let bytes = bytes(&words);
    let typed = Searched { name: "x", is_behind_pointer: false, bytes: &bytes, ty: Some((&table, array)) };
    let found = |path: &str, place: &str, guess| (path.to_owned(), place.to_owned(), guess);
    assert_eq!(
        paths(typed),
        [
            found("x[0][1].fn", "foo .text+0x1", false),
            found("x[1][1].next", "foo .data+0x3", false),
            found("x[1][1].u.p", "foo .text+0x4", true),
        ],
        "a number is none"
    );
    let data = search_for(typed, &gone(), ByteOrder::Little, Class::Elf64, &mut |label| label == "foo .data");
    assert_eq!(data.found.iter().map(|found| &*found.path).collect::<Vec<_>>(), ["x[1][1].next"]);
    let untyped = paths(Searched { ty: None, ..typed });
    assert_eq!(untyped.len(), 4);
    assert_eq!(untyped[1], found("x+0x30", "foo .text+0x2", true));
    let Type::Array { element, .. } = table.get_type(array) else { panic!() };
    let object =
        Searched { name: "p", is_behind_pointer: true, bytes: &bytes[32..], ty: Some((&table, element)) };
    assert_eq!(paths(object), [found("p->fn", "foo .text+0x1", false)]);
}

impl TypeTable {
    fn get_type(&self, id: TypeId) -> Type {
        Type::clone(&self.types()[id.0 as usize])
    }
}

#[test]
fn what_has_no_pointers_is_passed_over() {
    let mut table = TypeTable::default();
    let long = table.push(Type::Number { name: "long".into(), size: 8, encoding: 5 });
    let array = table.push(Type::Array { element: long, counts: vec![Some(u64::MAX)] });
    let bytes = bytes(&[GONE; 4]);
    let searched = Searched { name: "x", is_behind_pointer: false, bytes: &bytes, ty: Some((&table, array)) };
    assert!(paths(searched).is_empty());
}

#[test]
fn objects_one_pointer_away() {
    let (table, array) = table();
    let mut words = [0; 16];
    (words[0], words[1], words[3]) = (GONE, 0xffff_8880_0000_1000, 0xffff_8880_0000_2000);
    let bytes = bytes(&words);
    let searched = Searched { name: "x", is_behind_pointer: false, bytes: &bytes, ty: Some((&table, array)) };
    let (order, class) = (ByteOrder::Little, Class::Elf64);
    let elsewhere = leads(searched, order, class, 10, &mut |address| address != 0xffff_8880_0000_1000);
    assert_eq!(elsewhere.iter().map(|lead| &*lead.path).collect::<Vec<_>>(), ["x[0][0].u.p"]);
    let leads = leads(searched, order, class, 10, &mut |_| true);
    let said: Vec<_> =
        leads.iter().map(|lead| (&*lead.path, lead.address, lead.size, lead.is_guess)).collect();
    assert_eq!(
        said,
        [
            ("x[0][0].next", 0xffff_8880_0000_1000, Some(32), false),
            ("x[0][0].u.p", 0xffff_8880_0000_2000, None, true),
        ],
        "functions are no objects"
    );
}

#[test]
fn types_that_say_too_much_end() {
    // Each structure has the next one twice at the same place.
    let mut table = TypeTable::default();
    let void = table.push(Type::Void);
    let mut inner = table.push(Type::Pointer { size: 8, target: void });
    for _ in 0..60 {
        let members = vec![member("a", 0, inner), member("b", 0, inner)];
        let name = String::new();
        inner = table.push(Type::Record { kind: TagKind::Struct, name, size: 8, members });
    }
    let bytes = bytes(&[1]);
    let searched = Searched { name: "x", is_behind_pointer: false, bytes: &bytes, ty: Some((&table, inner)) };
    assert!(search(searched, &gone(), ByteOrder::Little, Class::Elf64).is_cut);
}

#[test]
fn ranges_may_overlap() {
    let ranges =
        AddressRanges::new(vec![(0..100, "all".into()), (10..20, "part".into()), (30..30, "".into())]);
    let label = |address| ranges.find(address).map(|(label, _)| label.to_owned());
    assert_eq!(label(5).as_deref(), Some("all"));
    assert_eq!(label(15).as_deref(), Some("part"));
    assert_eq!(label(50).as_deref(), Some("all"));
    assert_eq!(label(100), None);
}

#[test]
fn both_byte_orders_and_widths() {
    let ranges = AddressRanges::new(vec![(0xc000_0000..0xc000_1000, "foo".into())]);
    let count = |bytes: &[u8], order, class| {
        let searched = Searched { name: "x", is_behind_pointer: false, bytes, ty: None };
        search(searched, &ranges, order, class).found.len()
    };
    assert_eq!(count(&[0, 0, 0, 0, 0xc0, 0, 0, 1, 9], ByteOrder::Big, Class::Elf32), 1);
    assert_eq!(count(&[0, 0, 0, 0, 0xc0, 0, 0, 1, 9], ByteOrder::Big, Class::Elf64), 1);
    assert_eq!(count(&[1, 0, 0, 0xc0, 0, 0, 0, 0], ByteOrder::Little, Class::Elf64), 1);
}

/// A structure with a tag of the kernel's, whose members are pointers.
fn of_kernel(table: &mut TypeTable, tag: &str, names: &[&str]) -> TypeId {
    let void = table.push(Type::Void);
    let any = table.push(Type::Pointer { size: 8, target: void });
    let members: Vec<Member> =
        names.iter().enumerate().map(|(at, name)| member(name, at as u64 * 8, any)).collect();
    let size = names.len() as u64 * 8;
    table.push(Type::Record { kind: TagKind::Struct, name: tag.into(), size, members })
}

#[test]
fn heads_of_lists_and_trees() {
    let mut table = TypeTable::default();
    let list = of_kernel(&mut table, "list_head", &["next", "prev"]);
    let hash = of_kernel(&mut table, "hlist_head", &["first"]);
    let tree = of_kernel(&mut table, "rb_root", &["rb_node"]);
    let buckets = table.push(Type::Array { element: hash, counts: vec![Some(2)] });
    let members = vec![member("rooms", 0, list), member("table", 16, buckets), member("by_id", 32, tree)];
    let house = table.push(Type::Record { kind: TagKind::Struct, name: "house".into(), size: 40, members });
    let bytes = bytes(&[0x100, 0x200, 0, 0x300, 0x400]);
    let searched = Searched { name: "h", is_behind_pointer: false, bytes: &bytes, ty: Some((&table, house)) };
    let heads = chain_heads(searched, ByteOrder::Little, Class::Elf64, 9);
    let seen: Vec<_> = heads.iter().map(|head| (&*head.path, head.kind, head.offset, head.first)).collect();
    assert_eq!(
        seen,
        [
            ("h.rooms", Holder::List, 0, 0x100),
            ("h.table[1]", Holder::HashList, 24, 0x300),
            ("h.by_id", Holder::Tree, 32, 0x400)
        ]
    );
    assert_eq!(chain_heads(searched, ByteOrder::Little, Class::Elf64, 1).len(), 1);
}

#[test]
fn what_code_is_called_through_is_named() {
    let mut table = TypeTable::default();
    let timer = of_kernel(&mut table, "timer_list", &["next", "pprev", "expires", "function"]);
    let work =
        table.push(Type::Kernel { kind: TagKind::Struct, name: "work_struct".into(), size: 32, hash: 1 });
    let members = vec![member("beat", 0, timer), member("later", 32, work)];
    let clock = table.push(Type::Record { kind: TagKind::Struct, name: "clock".into(), size: 64, members });
    let called = |pprev| {
        let bytes = bytes(&[0, pprev, 0, GONE, 0, 0, 0, GONE + 8]);
        let ty = Some((&table as _, clock));
        let searched = Searched { name: "c", is_behind_pointer: false, bytes: &bytes, ty };
        let found = search(searched, &gone(), ByteOrder::Little, Class::Elf64).found.into_iter();
        found.map(|found| (found.path, found.holder.and_then(Holder::called))).collect::<Vec<_>>()
    };
    let work = ("c+0x38".to_owned(), Some("work item"));
    assert_eq!(called(0), [("c.beat.function".to_owned(), Some("timer")), work.clone()]);
    assert_eq!(called(1), [("c.beat.function".to_owned(), Some("timer, pending")), work]);
}
