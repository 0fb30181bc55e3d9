// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trees of types made by hand, and of any types and bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::elf::ByteOrder;
use crate::types::{Member, TagKind, Type, TypeId, TypeTable, target_at};

fn member(name: &str, bit_offset: u64, bits: u64, type_id: TypeId) -> Member {
    Member { name: name.into(), bit_offset, bits, type_id, selected_by: Vec::new() }
}

fn number(table: &mut TypeTable, name: &str, size: u64, encoding: u8) -> TypeId {
    table.push(Type::Number { name: name.into(), size, encoding })
}

fn record(table: &mut TypeTable, name: &str, size: u64, members: Vec<Member>) -> TypeId {
    table.push(Type::Record { kind: TagKind::Struct, name: name.into(), size, members })
}

fn value(table: &TypeTable, id: TypeId, bytes: &[u8]) -> Value {
    let reading = Reading::new(bytes, ByteOrder::Little);
    read(table, Located::whole(id), &reading, Limits::default())
}

fn fields(value: &Value) -> Vec<(&str, &ValueKind)> {
    let ValueKind::Record { fields, .. } = &value.kind else { panic!("{value:?}") };
    fields.iter().map(|field| (&*field.name, &field.value.kind)).collect()
}

fn runs(value: &Value) -> (u64, bool, Vec<(u64, u64, &ValueKind)>) {
    let ValueKind::Array { len, runs, is_cut } = &value.kind else { panic!("{value:?}") };
    (*len, *is_cut, runs.iter().map(|run| (run.first, run.count, &run.value.kind)).collect())
}

#[test]
fn equal_neighbours_are_one_run() {
    let mut table = TypeTable::default();
    let int = number(&mut table, "int", 4, 5);
    let array = table.push(Type::Array { element: int, counts: vec![Some(64)] });
    let mut bytes = vec![0; 256];
    (bytes[0], bytes[4], bytes[8]) = (7, 7, 9);
    let read = value(&table, array, &bytes);
    let [seven, nine, zero] = [7, 9, 0].map(ValueKind::Signed);
    assert_eq!(runs(&read), (64, false, vec![(0, 2, &seven), (2, 1, &nine), (3, 61, &zero)]));
    // Bytes that end in an element: what is there is read.
    let short = value(&table, array, &bytes[..18]);
    assert!(runs(&short).1);
    assert_eq!(runs(&short).2.last(), Some(&(3, 1, &zero)));
}

#[test]
fn arrays_of_arrays_and_open_ones() {
    let mut table = TypeTable::default();
    let short = number(&mut table, "short int", 2, 5);
    let two = table.push(Type::Array { element: short, counts: vec![Some(2), Some(3)] });
    let bytes: Vec<u8> = (1..=6_u16).flat_map(u16::to_le_bytes).collect();
    let read = value(&table, two, &bytes);
    let (_, _, rows) = runs(&read);
    assert_eq!(rows.len(), 2);
    let ValueKind::Array { runs: row, .. } = rows[1].2 else { panic!("{read:?}") };
    assert_eq!((row.len(), &row[2].value.kind), (3, &ValueKind::Signed(6)));
    assert_eq!(row[2].value.bit_offset, 80);

    let open = table.push(Type::Array { element: short, counts: vec![None] });
    let tail = record(&mut table, "tail", 2, vec![member("n", 0, 0, short), member("data", 16, 0, open)]);
    let read = value(&table, tail, &bytes);
    let ValueKind::Array { len, .. } = fields(&read)[1].1 else { panic!("{read:?}") };
    assert_eq!(*len, 5, "the object has more bytes than its type");
    let both = table.push(Type::Array { element: tail, counts: vec![Some(3)] });
    let read = value(&table, both, &bytes[..6]);
    let (_, _, elements) = runs(&read);
    let ValueKind::Record { fields, .. } = elements[1].2 else { panic!() };
    assert!(matches!(fields[1].value.kind, ValueKind::Array { len: 0, .. }), "{fields:?}");
}

#[test]
fn text_is_kept_whole() {
    let mut table = TypeTable::default();
    let char = number(&mut table, "char", 1, 6);
    let byte = number(&mut table, "unsigned char", 1, 8);
    let text = table.push(Type::Array { element: char, counts: vec![Some(6)] });
    let numbers = table.push(Type::Array { element: byte, counts: vec![Some(6)] });
    assert_eq!(value(&table, text, b"ab\0c\0\0").kind, ValueKind::Text(b"ab\0c\0\0".to_vec()));
    assert_eq!(value(&table, text, b"ab").kind, ValueKind::Missing(Missing::OutsideBytes));
    assert_eq!(runs(&value(&table, numbers, b"aabbbb")).2.len(), 2);
    assert_eq!(value(&table, char, b"a").kind, ValueKind::Character(97));
}

#[test]
fn bit_fields_in_both_byte_orders() {
    let mut table = TypeTable::default();
    let unsigned = number(&mut table, "unsigned int", 4, 7);
    let members =
        vec![member("a", 0, 3, unsigned), member("b", 3, 13, unsigned), member("c", 28, 8, unsigned)];
    let fields_of = record(&mut table, "bits", 8, members);
    let read_in = |bytes: [u8; 8], order| {
        let read = read(&table, Located::whole(fields_of), &Reading::new(&bytes, order), Limits::default());
        fields(&read).into_iter().map(|(_, kind)| kind.clone()).collect::<Vec<_>>()
    };
    let expected = [5, 0x1abc, 0xd7].map(ValueKind::Unsigned);
    let little: u64 = 5 | 0x1abc << 3 | 0xd7 << 28;
    assert_eq!(read_in(little.to_le_bytes(), ByteOrder::Little), expected);
    let big: u64 = 5 << 61 | 0x1abc << 48 | 0xd7 << 28;
    assert_eq!(read_in(big.to_be_bytes(), ByteOrder::Big), expected, "c goes over two units");
}

#[test]
fn what_differs_at_a_second_reading_is_unstable() {
    let mut table = TypeTable::default();
    let int = number(&mut table, "int", 4, 5);
    let pair = record(&mut table, "pair", 8, vec![member("a", 0, 0, int), member("b", 32, 0, int)]);
    let array = table.push(Type::Array { element: pair, counts: vec![Some(3)] });
    let (first, mut second) = ([0; 24], [0; 24]);
    second[12] = 1;
    let reading = Reading::new(&first, ByteOrder::Little).again(&second);
    let read = read(&table, Located::whole(array), &reading, Limits::default());
    let (_, _, elements) = runs(&read);
    assert_eq!(elements.len(), 3, "an unstable element stands for itself");
    let ValueKind::Record { fields, .. } = elements[1].2 else { panic!() };
    assert_eq!(fields.iter().map(|field| field.value.is_unstable).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn pointers_and_what_has_no_size() {
    let mut table = TypeTable::default();
    let void = table.push(Type::Void);
    let function = table.push(Type::Function { result: void, parameters: vec![], variadic: false });
    let code = table.push(Type::Pointer { size: 8, target: function });
    let bytes = 0xffff_ffff_c000_1000_u64.to_le_bytes();
    let expected = ValueKind::Pointer { address: 0xffff_ffff_c000_1000, target: function, is_code: true };
    assert_eq!(value(&table, code, &bytes).kind, expected);
    assert_eq!(value(&table, void, &bytes).kind, ValueKind::Missing(Missing::NoSize));
    assert_eq!(value(&table, function, &bytes).kind, ValueKind::Missing(Missing::NoSize));
    assert_eq!(value(&table, TypeId(99), &bytes).kind, ValueKind::Bytes(bytes.to_vec()));
}

#[test]
fn types_that_contain_themselves_end() {
    let mut table = TypeTable::default();
    let own = table.push(Type::Unknown);
    let twice = vec![member("a", 0, 0, own), member("b", 0, 0, own)];
    table.replace(own, Type::Record { kind: TagKind::Struct, name: "s".into(), size: 1, members: twice });
    let limits = Limits { values: 1000, depth: 1000 };
    let read = read(&table, Located::whole(own), &Reading::new(&[0], ByteOrder::Little), limits);
    assert!(count(&read) <= 1002, "{}", count(&read));
    let array = table.push(Type::Unknown);
    table.replace(array, Type::Array { element: array, counts: vec![Some(u64::MAX), Some(u64::MAX)] });
    value(&table, array, &[0; 64]);
}

fn count(value: &Value) -> usize {
    match &value.kind {
        ValueKind::Array { runs, .. } => 1 + runs.iter().map(|run| count(&run.value)).sum::<usize>(),
        ValueKind::Record { fields, .. } => 1 + fields.iter().map(|field| count(&field.value)).sum::<usize>(),
        _ => 1,
    }
}

/// `struct outer { int n; struct { union { char text[8]; long word; }; struct list_head { ... } link; }
/// in[2]; }`
fn outer() -> (TypeTable, TypeId) {
    let mut table = TypeTable::default();
    let int = number(&mut table, "int", 4, 5);
    let char = number(&mut table, "char", 1, 6);
    let long = number(&mut table, "long int", 8, 5);
    let text = table.push(Type::Array { element: char, counts: vec![Some(8)] });
    let members = vec![member("text", 0, 0, text), member("word", 0, 0, long)];
    let union = table.push(Type::Record { kind: TagKind::Union, name: String::new(), size: 8, members });
    let head = table.push(Type::Unknown);
    let pointer = table.push(Type::Pointer { size: 8, target: head });
    let members = vec![member("next", 0, 0, pointer), member("prev", 64, 0, pointer)];
    table.replace(head, Type::Record { kind: TagKind::Struct, name: "list_head".into(), size: 16, members });
    let inner = record(&mut table, "in", 24, vec![member("", 0, 0, union), member("link", 64, 0, head)]);
    let array = table.push(Type::Array { element: inner, counts: vec![Some(2)] });
    let outer = record(&mut table, "outer", 56, vec![member("n", 0, 0, int), member("in", 64, 0, array)]);
    (table, outer)
}

#[test]
fn paths_lead_to_places_and_back() {
    let (table, outer) = outer();
    let select = |path: &str| -> Result<Located, SelectError> {
        parse_path(path)?.iter().try_fold(Located::whole(outer), |at, step| at.step(&table, step))
    };
    assert_eq!(select("").unwrap(), Located::whole(outer));
    assert_eq!(select(".in[1].link.prev").unwrap().bit_offset, 8 * (8 + 24 + 16));
    assert_eq!(select(".in[1].text[3]").unwrap().bit_offset, 8 * (8 + 24 + 3), "an anonymous union");
    assert_eq!(select(".in[0].link.next->prev").unwrap().bit_offset, 64);
    for (path, error) in [
        (".in[2]", "[2] is beyond the array, which has 2 elements"),
        (".m", "struct outer has no field 'm'; it has n, in"),
        (".n.x", "int is not a structure or union whose fields are known"),
        (".n[0]", "int is not an array"),
        (".n->x", "int is not a pointer"),
        ("n", "'n' is not a path: it is made of .FIELD, ->FIELD and [NUMBER]"),
        (".in[+1]", "'[+1]' is not a path: it is made of .FIELD, ->FIELD and [NUMBER]"),
        (".in[1", "'[1' is not a path: it is made of .FIELD, ->FIELD and [NUMBER]"),
        ("..n", "'..n' is not a path: it is made of .FIELD, ->FIELD and [NUMBER]"),
    ] {
        assert_eq!(select(path).unwrap_err().to_string(), error, "{path}");
    }
    for (offset, path, rest) in [
        (0, "", 0),
        (2, ".n", 2),
        (5, "", 5),
        (8, ".in", 0),
        (8 + 24, ".in[1]", 0),
        (8 + 24 + 8, ".in[1].link", 0),
        (8 + 24 + 17, ".in[1].link.prev", 1),
        (8 + 3, ".in[0].text[3]", 0),
    ] {
        let at = target_at(&table, "", outer, offset).map(|at| (at.path, at.rest));
        assert_eq!(at, Some((path.to_owned(), rest)), "{offset}");
    }
    assert_eq!(target_at(&table, "", outer, 100), None);
    let pairs: Vec<_> = link_members(&table, TypeId(outer.0 - 2), "list_head")
        .into_iter()
        .map(|link| (link.path, link.offset))
        .collect();
    assert_eq!(pairs, [("link".to_owned(), 8)]);
}

#[test]
fn types_of_the_kernel_are_filled_in() {
    use crate::btf::tests::blob::Blob;
    use crate::btf::{Btf, BtfTypes};
    use crate::types::layout_hash;

    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4, true);
    let other = blob.structure("pair", 4, &[("only", int, 0)]);
    let pair = blob.structure("pair", 8, &[("first", int, 0), ("second", int, 4)]);
    assert_ne!(other, pair);
    let blob = blob.finish();
    let btf = Btf::parse(&blob).unwrap();
    let kernel = BtfTypes::new(&btf);
    let mut table = TypeTable::default();
    let mut named =
        |hash| table.push(Type::Kernel { kind: TagKind::Struct, name: "pair".into(), size: 8, hash });
    let (good, bad) = (named(layout_hash(&kernel, TypeId(pair))), named(1));
    assert!(WithKernelTypes::is_needed(&table));
    let types = WithKernelTypes::new(&table, &btf, &kernel);
    let bytes = [5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    let read =
        |id| read(&types, Located::whole(id), &Reading::new(&bytes, ByteOrder::Little), Limits::default());
    let value = read(good);
    assert_eq!(
        fields(&value),
        [("first", &ValueKind::Signed(5)), ("second", &ValueKind::Signed(-1))],
        "the one of two that has the layout"
    );
    assert_eq!(read(bad).kind, ValueKind::Bytes(bytes.to_vec()), "this kernel has another layout");
}

#[test]
fn types_of_a_module_are_filled_in() {
    use crate::btf::tests::blob::Blob;
    use crate::btf::{Btf, BtfTypes};
    use crate::types::layout_hash;

    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("int", 4, true);
    let blob = blob.finish();
    let vmlinux = Btf::parse(&blob).unwrap();
    let kernel = BtfTypes::new(&vmlinux);
    let mut blob = Blob::split(ByteOrder::Little, vmlinux.next_id(), vmlinux.next_string());
    let pair = blob.structure("pair", 8, &[("first", int, 0), ("second", int, 4)]);
    let blob = blob.finish();
    let module = Btf::parse_split(&blob, &vmlinux).unwrap();
    let of_module = BtfTypes::new(&module);
    let mut table = TypeTable::default();
    let hash = layout_hash(&of_module, TypeId(pair));
    let id = table.push(Type::Kernel { kind: TagKind::Struct, name: "pair".into(), size: 8, hash });
    let without = WithKernelTypes::new(&table, &vmlinux, &kernel);
    assert!(!without.is_complete());
    // The same twice: numbers of the second one are beyond those of the first.
    let types = WithKernelTypes::new(&table, &vmlinux, &kernel)
        .with_module(&vmlinux, &kernel)
        .with_module(&module, &of_module);
    assert!(types.is_complete());
    let bytes = [5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    let value = read(&types, Located::whole(id), &Reading::new(&bytes, ByteOrder::Little), Limits::default());
    assert_eq!(fields(&value), [("first", &ValueKind::Signed(5)), ("second", &ValueKind::Signed(-1))]);
}

fn any_type() -> impl Strategy<Value = Type> {
    let id = || (0..12_u32).prop_map(TypeId);
    let size = || prop_oneof![4 => 0..20_u64, 1 => any::<u64>()];
    let member = (id(), size(), 0..70_u64).prop_map(|(id, offset, bits)| member("m", offset, bits, id));
    let count = prop_oneof![2 => (0..9_u64).prop_map(Some), 1 => any::<Option<u64>>()];
    prop_oneof![
        Just(Type::Unknown),
        Just(Type::Void),
        (size(), any::<u8>(), prop_oneof![Just("char"), Just("int"), Just("unsigned int")])
            .prop_map(|(size, encoding, name)| Type::Number { name: name.into(), size, encoding }),
        (size(), vec(any::<u64>(), 0..4)).prop_map(|(size, values)| {
            let values = values.into_iter().map(|value| ("E".to_owned(), value)).collect();
            Type::Enumeration { name: "e".into(), size, values }
        }),
        (size(), id()).prop_map(|(size, target)| Type::Pointer { size, target }),
        (id(), vec(count, 0..4)).prop_map(|(element, counts)| Type::Array { element, counts }),
        (size(), vec(member, 0..5), any::<bool>()).prop_map(|(size, members, is_union)| {
            let kind = if is_union { TagKind::Union } else { TagKind::Struct };
            Type::Record { kind, name: "list_head".into(), size, members }
        }),
        Just(Type::Declared { kind: TagKind::Struct, name: "d".into() }),
        Just(Type::Function { result: TypeId(0), parameters: vec![], variadic: true }),
        size().prop_map(|size| Type::Kernel { kind: TagKind::Struct, name: "k".into(), size, hash: 1 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever the types say, there are no more values than allowed, and the bytes alone decide how many
    /// there can be of those that are told apart.
    #[test]
    fn any_bytes_with_any_types(
        types in vec(any_type(), 1..12),
        root in 0..12_u32,
        bytes in vec(any::<u8>(), 0..200),
        again in vec(any::<u8>(), 0..200),
        big: bool,
        offset: u64,
    ) {
        let mut table = TypeTable::default();
        for ty in types {
            table.push(ty);
        }
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let limits = Limits { values: 3000, depth: 24 };
        let reading = Reading::new(&bytes, order).again(&again);
        let value = read(&table, Located::whole(TypeId(root)), &reading, limits);
        prop_assert!(count(&value) <= 3001 + 24);
        let at = target_at(&table, "", TypeId(root), offset);
        prop_assert!(at.is_none_or(|at| at.path.len() < 4096));
        let _ = link_members(&table, TypeId(root), "list_head");
        let first = PathStep::Field("m".into());
        for step in [first, PathStep::Element(offset), PathStep::Behind] {
            if let Ok(place) = Located::whole(TypeId(root)).step(&table, &step) {
                let _ = read(&table, place, &reading, limits);
                let _ = place.size(&table);
            }
        }
    }

    #[test]
    fn any_path(path in "[a-z.>\\[\\]0-9-]{0,30}") {
        if let Ok(steps) = parse_path(&path) {
            prop_assert!(steps.len() <= path.len());
        }
    }
}

#[test]
fn time_grows_with_the_bytes() {
    let mut table = TypeTable::default();
    let byte = number(&mut table, "unsigned char", 1, 8);
    // Each structure has the array of all bytes twice, eight levels deep.
    let mut inner = table.push(Type::Array { element: byte, counts: vec![Some(1 << 20)] });
    for _ in 0..20 {
        inner = record(&mut table, "s", 1 << 20, vec![member("a", 0, 0, inner), member("b", 0, 0, inner)]);
    }
    let time = |size: usize| {
        let timer = modtest::CpuTimer::start();
        value(&table, inner, &vec![0; size]);
        timer.elapsed()
    };
    time(1 << 10);
    let (small, large) = (time(1 << 17), time(1 << 20));
    assert!(large < small * 40 + std::time::Duration::from_millis(200), "{small:?}, {large:?}");
}
