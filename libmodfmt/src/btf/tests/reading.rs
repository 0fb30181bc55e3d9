// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whole blobs: kinds, members, paths and variables.

use super::blob::Blob;
use crate::btf::{Btf, BtfError, Kind, TypeId};
use crate::elf::ByteOrder;

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// A driver's data, one type of every kind around it. Returns the blob and the id of `struct dev`.
fn sample(order: ByteOrder) -> (Vec<u8>, TypeId) {
    let mut blob = Blob::new(order);
    let long = blob.int("long unsigned int", 8, false);
    let int = blob.int("int", 4, true);
    let hits = blob.array(long, 4);
    let stats = blob.structure("stats", 40, &[("opened", int, 0), ("hits", hits, 8)]);
    let pointer = blob.add("", 2, 0, 0, &[]);
    let head = blob.structure("list_head", 16, &[("next", pointer, 0), ("prev", pointer, 8)]);
    let volatile = blob.add("", 9, 0, stats, &[]);
    let constant = blob.add("", 10, 0, volatile, &[]);
    let name = blob.add("stats_t", 8, 0, constant, &[]);
    let names = [blob.string("as_int"), blob.string("as_long")];
    let union = blob.add("", 5, 2, 8, &[names[0], int, 0, names[1], long, 0]);
    let matrix = blob.array(name, 2);
    // Bit-fields need the flag: 3 bits at bit 8 of the flags word.
    let flag = blob.string("ready");
    let flags = blob.add("flags", 4 | 0x80, 1, 4, &[flag, int, 3 << 24 | 8]);
    let value = blob.string("ON");
    blob.add("mode", 6, 1, 4, &[value, 1]);
    blob.add("later", 7, 0, 0, &[]);
    blob.add("", 11, 0, pointer, &[]);
    let prototype = blob.add("", 13, 1, 0, &[0, int]);
    blob.add("probe", 12, 1, prototype, &[]);
    let variable = blob.add("counter", 14, 0, int, &[1]);
    blob.add(".data", 15, 1, 4, &[variable, 0, 4]);
    blob.add("double", 16, 0, 8, &[]);
    blob.add("tag", 17, 0, stats, &[0]);
    blob.add("user", 18, 0, int, &[]);
    let value = blob.string("BIG");
    blob.add("wide", 19, 1, 8, &[value, 1, 1]);
    let members =
        [("flags", flags, 0), ("", union, 8), ("queue", head, 16), ("both", matrix, 32), ("end", int, 112)];
    let dev = blob.structure("dev", 120, &members);
    (blob.finish(), TypeId(dev))
}

#[test]
fn all_kinds_are_read_in_both_orders() {
    for order in ORDERS {
        let (blob, dev) = sample(order);
        let btf = Btf::parse(&blob).unwrap();
        assert_eq!((btf.order(), btf.pointer_size()), (order, Some(8)));
        for number in 1..=19 {
            let kind = Kind::from_number(number).unwrap();
            assert!(btf.ids().any(|id| btf.get(id).unwrap().kind == kind), "{kind:?}");
        }
        assert_eq!(btf.find_struct("dev"), Some(dev));
        assert_eq!(btf.find_struct("de"), None);
        assert_eq!(btf.find(Kind::Union, "dev"), None);
        assert_eq!(btf.get(TypeId::VOID).unwrap().kind, Kind::Void);
        let error = BtfError::NoType { id: TypeId(999), last: dev };
        assert_eq!(btf.get(TypeId(999)).unwrap_err(), error);
    }
}

#[test]
fn sizes_and_members() {
    let (blob, dev) = sample(ByteOrder::Big);
    let btf = Btf::parse(&blob).unwrap();
    let size = |kind, name| btf.size_of(btf.find(kind, name).unwrap());
    assert_eq!(size(Kind::Typedef, "stats_t"), Ok(40));
    assert_eq!(size(Kind::Enum64, "wide"), Ok(8));
    assert_eq!(size(Kind::Variable, "counter"), Ok(4));
    assert!(matches!(size(Kind::Forward, "later"), Err(BtfError::Wrong { what: "size", .. })));
    let both = btf.member(dev, "both").unwrap().unwrap();
    assert_eq!((both.byte_offset(), btf.size_of(both.type_id)), (Some(32), Ok(80)));
    // Inside of the anonymous union.
    assert_eq!(btf.member(dev, "as_long").unwrap().unwrap().byte_offset(), Some(8));
    assert_eq!(btf.member(dev, "nothing").unwrap(), None);
    assert_eq!(btf.member(dev, "").unwrap(), None);
    let flags = btf.find_struct("flags").unwrap();
    let ready = btf.member(flags, "ready").unwrap().unwrap();
    assert_eq!((ready.bit_offset, ready.bits), (8, 3));
    let int = btf.find(Kind::Int, "int").unwrap();
    let long = btf.find(Kind::Int, "long unsigned int").unwrap();
    assert_eq!(
        (btf.is_signed(int), btf.is_signed(long), btf.is_signed(dev)),
        (Ok(Some(true)), Ok(Some(false)), Ok(None))
    );
    assert!(btf.members(int).is_err());
}

#[test]
fn paths_lead_to_fields() {
    for order in ORDERS {
        let (blob, dev) = sample(order);
        let btf = Btf::parse(&blob).unwrap();
        let cases = [
            (0, "flags", 0),
            (1, "flags.ready", 0),
            (4, "", 4),
            (8, "as_int", 0),
            (13, "as_long", 5),
            (24, "queue.prev", 0),
            (32, "both[0].opened", 0),
            (36, "both[0]", 4),
            (88, "both[1].hits[1]", 0),
            (91, "both[1].hits[1]", 3),
            (112, "end", 0),
        ];
        for (offset, path, rest) in cases {
            let found = btf.path_at(dev, offset).unwrap().unwrap();
            assert_eq!((&*found.path, found.rest), (path, rest), "at {offset}");
        }
        assert_eq!(btf.path_at(dev, 120), Ok(None));
    }
}

#[test]
fn a_module_stands_on_its_kernel() {
    for order in ORDERS {
        let (kernel, dev) = sample(order);
        let base = Btf::parse(&kernel).unwrap();
        let mut blob = Blob::split(order, base.next_id(), base.next_string());
        let pair = blob.array(dev.0, 2);
        let own = blob.structure("own", 240, &[("devs", pair, 0)]);
        let blob = blob.finish();
        let btf = Btf::parse_split(&blob, &base).unwrap();
        assert_eq!(btf.find_struct("own"), Some(TypeId(own)));
        assert_eq!(btf.find_struct("dev"), Some(dev));
        assert_eq!(btf.size_of(TypeId(pair)), Ok(240));
        let found = btf.path_at(TypeId(own), 136).unwrap().unwrap();
        assert_eq!(found.path, "devs[1].queue.next");
        assert_eq!(Btf::parse(&blob).unwrap_err(), BtfError::Strings { end: "start" });
    }
    let (little, _) = sample(ByteOrder::Little);
    let (big, _) = sample(ByteOrder::Big);
    let base = Btf::parse(&little).unwrap();
    assert_eq!(Btf::parse_split(&big, &base).unwrap_err(), BtfError::Order);
}

#[test]
fn variables_where_the_blob_has_them() {
    let (kernel, dev) = sample(ByteOrder::Little);
    let base = Btf::parse(&kernel).unwrap();
    assert_eq!(base.variables().map(|variable| variable.name).collect::<Vec<_>>(), ["counter"]);
    let mut blob = Blob::split(ByteOrder::Little, base.next_id(), base.next_string());
    let pair = blob.array(dev.0, 2);
    let devs = blob.add("devs", 14, 0, pair, &[0]);
    let one = blob.add("one", 14, 0, dev.0, &[1]);
    // The last one is damaged: it refers to no variable.
    blob.add(".data..persistent", 15, 3, 368, &[one, 8, 120, devs, 128, 240, pair, 0, 1]);
    let blob = blob.finish();
    let btf = Btf::parse_split(&blob, &base).unwrap();
    let all: Vec<_> = btf.variables().collect();
    assert_eq!(all.len(), 2, "none of the kernel's");
    let found = (all[1].name, all[1].section, all[1].offset, all[1].size, all[1].type_id);
    assert_eq!(found, ("devs", ".data..persistent", 128, 240, TypeId(pair)));
    assert_eq!(btf.path_at(all[1].type_id, 120 + 24).unwrap().unwrap().path, "[1].queue.prev");
}

#[test]
fn paths_by_the_text_of_a_type() {
    let (kernel, _) = sample(ByteOrder::Little);
    let base = Btf::parse(&kernel).unwrap();
    let path = |text, size, offset| base.path_by_type(text, size, offset).unwrap();
    for (text, size, offset, expected, rest) in [
        ("struct dev", 120, 24, "queue.prev", 0),
        ("const volatile struct dev", 120, 25, "queue.prev", 1),
        ("struct dev[2][3]", 720, 4 * 120 + 32, "[1][1].both[0].opened", 0),
        ("stats_t[2]", 80, 48, "[1].hits[0]", 0),
        ("int", 4, 2, "", 2),
        ("struct unheard_of *", 8, 3, "", 3),
        ("struct dev *const[2]", 16, 8, "[1]", 0),
        ("int (*[3])(void *, char[2])", 24, 17, "[2]", 1),
    ] {
        let found = path(text, size, offset).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((&*found.path, found.rest), (expected, rest), "{text} at {offset}");
    }
    for (text, size, offset) in [
        ("struct dev", 120, 120),
        ("struct dev", 112, 0),
        ("struct dev[2]", 120, 0),
        ("struct dev[0]", 120, 0),
        ("struct dev[]", 120, 0),
        ("struct gone", 120, 0),
        ("struct {...}", 120, 0),
        ("union dev", 120, 0),
        ("struct dev *", 4, 0),
        ("int (void)", 4, 0),
        ("dev[99999999999999999999]", 4, 0),
        ("[", 4, 0),
        ("", 0, 0),
    ] {
        assert_eq!(path(text, size, offset), None, "{text}");
    }
    // A second structure of that name and size that disagrees: nothing is told where they do.
    let mut blob = Blob::split(ByteOrder::Little, base.next_id(), base.next_string());
    let int = base.find(Kind::Int, "int").unwrap().0;
    let many = blob.array(int, 10);
    blob.structure("stats", 40, &[("opened", int, 0), ("others", many, 4)]);
    let blob = blob.finish();
    let split = Btf::parse_split(&blob, &base).unwrap();
    let path = |offset| split.path_by_type("struct stats", 40, offset).unwrap().map(|place| place.path);
    assert_eq!((path(0).as_deref(), path(8)), (Some("opened"), None));
}

#[test]
fn a_byte_that_bit_fields_share_is_the_structure() {
    let mut blob = Blob::new(ByteOrder::Little);
    let int = blob.int("unsigned int", 4, false);
    let mut names = ["ready", "kind", "alone"].map(|name| blob.string(name)).into_iter();
    let mut member = |bits: u32, at: u32| [names.next().unwrap(), int, bits << 24 | at];
    let members = [member(1, 0), member(3, 1), member(12, 8)].concat();
    let flags = blob.add("flags", 4 | 0x80, 3, 4, &members);
    let blob = blob.finish();
    let btf = Btf::parse(&blob).unwrap();
    let path = |offset| btf.path_at(TypeId(flags), offset).unwrap().map(|place| (place.path, place.rest));
    assert_eq!(path(0), Some((String::new(), 0)));
    assert_eq!((path(1), path(2)), (Some(("alone".to_owned(), 0)), Some(("alone".to_owned(), 1))));
    assert_eq!((path(3), path(4)), (Some((String::new(), 3)), None));
}
