// SPDX-License-Identifier: MIT OR Apache-2.0
//! Header notes written and read, whole and damaged.

use super::*;
use crate::persist::{Grown, KeptPlace, Unit, Variable};
use crate::types::{TagKind, Type, TypeId, TypeTable};

fn header() -> Header {
    let variable = Variable {
        file: Some("foo.c".into()),
        function: None,
        name: "stats".into(),
        offset: 8,
        size: 24,
        align: 8,
        type_name: Some("struct foo_stats".into()),
        type_id: Some(TypeId(0)),
    };
    let mut types = TypeTable::default();
    types.push(Type::Declared { kind: TagKind::Struct, name: "foo_stats".into() });
    let mut unit = Unit::new(".data..persistent", 32, 64);
    unit.variables.push(variable);
    Header { build_id: vec![1, 2, 3], units: vec![unit], types, ..Header::new("foo") }
}

/// A later generation with everything that a header may have.
fn later() -> Header {
    let mut header = header();
    let mut own = Unit::new(".bss..persistent.foo_main.12", 24, 8);
    own.room = 128;
    own.writable = false;
    own.variables.push(Variable { function: Some("poll".into()), ..Variable::new("cnt", 0, 24, 8) });
    header.units.push(own);
    header.units.push(Unit::new(".data..persistent.odd.007", 1, 1));
    header.units.push(Unit::new(".data..persistent.5", 1, 1));
    let place = KeptPlace { generation: 2, ordinal: 1, offset: 0 };
    header.unused = vec![place, KeptPlace { generation: 1, ..place }];
    header.replaced = vec![KeptPlace { ordinal: 1, ..place }];
    header.predecessors = vec![1, 2, 200];
    header.grown = vec![Grown { place, size: 40, type_name: Some("struct s".into()), type_id: None }];
    Header { generation: 300, fresh: true, ..header }
}

/// Debug information never decides whether data is kept.
#[test]
fn a_type_name_of_any_length_is_written() {
    for (name, kept) in
        [("x".repeat(100_000), 4096), ("é".repeat(50_000), 4096), (format!("x{}", "é".repeat(50_000)), 4095)]
    {
        let mut header = header();
        header.units[0].variables[0].type_name = Some(name.clone());
        let read = Header::from_note(&header.to_note(ByteOrder::Little), ByteOrder::Little).unwrap();
        let variable = &read.units[0].variables[0];
        assert_eq!(variable.type_name.as_deref(), name.get(..kept));
        assert_eq!((variable.offset, variable.size), (8, 24));
    }
}

#[test]
fn both_orders_round_trip() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for header in [header(), later(), Header { generation: 3, ..Header::new("empty") }] {
            assert_eq!(Header::from_note(&header.to_note(order), order), Ok(header));
        }
    }
}

#[test]
fn an_unknown_version_is_named() {
    let mut note = header().to_note(ByteOrder::Little);
    let start = note.windows(4).position(|bytes| bytes == [2, 0, 1, 0]).unwrap();
    note[start] = 9;
    assert_eq!(Header::from_note(&note, ByteOrder::Little), Err(NoteError::Version { version: 9 }));
}

#[test]
fn version_1_is_read_with_its_base_symbols() {
    let note = version_1(&header());
    let read = Header::from_note(&note, ByteOrder::Little).unwrap();
    let mut wanted = header();
    wanted.note_version = 1;
    wanted.types = TypeTable::default();
    wanted.units[0].variables[0].type_id = None;
    assert_eq!(read, wanted);
    let bases = crate::image::Base::all(&read);
    assert_eq!((&*bases[0].symbol, bases[0].crc), ("foo__persist_data", read.units[0].crc_version_1()));
}

/// What a program of version 1 would have written.
fn version_1(header: &Header) -> Vec<u8> {
    let mut data = Vec::new();
    let text = |data: &mut Vec<u8>, text: &str| {
        data.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
        data.extend(text.as_bytes());
    };
    data.extend([1, 0, 1, 0]);
    text(&mut data, &header.owner);
    data.extend([3, 0]);
    data.extend(&header.build_id);
    data.extend(1_u32.to_le_bytes());
    let unit = &header.units[0];
    text(&mut data, &unit.section);
    for number in [unit.size, unit.align, unit.layout_hash()] {
        data.extend(number.to_le_bytes());
    }
    data.extend(1_u32.to_le_bytes());
    let variable = &unit.variables[0];
    for part in [variable.file.as_deref().unwrap(), "", &variable.name] {
        text(&mut data, part);
    }
    for number in [variable.offset, variable.size, variable.align] {
        data.extend(number.to_le_bytes());
    }
    text(&mut data, variable.type_name.as_deref().unwrap());
    data.extend(1_u32.to_le_bytes());
    data.extend(7_u64.to_le_bytes());
    note::encode(NOTE_NAME, NOTE_TYPE, &data, ByteOrder::Little)
}

#[test]
fn a_changed_variable_breaks_the_layout_hash_of_version_1() {
    let mut note = version_1(&header());
    let start = note.windows(5).position(|bytes| bytes == b"stats").unwrap();
    note[start] = b'S';
    assert!(matches!(Header::from_note(&note, ByteOrder::Little), Err(NoteError::Hash { .. })));
}

#[test]
fn a_thousand_variables_stay_small() {
    let mut header = Header::new("foo");
    for number in 0..1000 {
        let mut unit = Unit::new(&format!(".data..persistent.foo_main.{number}"), 8, 8);
        unit.variables.push(Variable {
            file: Some("foo_main.c".into()),
            ..Variable::new(&format!("counter_{number}"), 0, 8, 8)
        });
        header.units.push(unit);
    }
    let size = header.to_note(ByteOrder::Little).len();
    assert!(size < 32 << 10, "{size} bytes");
}

#[test]
fn a_section_is_no_path() {
    let mut header = header();
    header.units[0].section = ".data..persistent./../x".into();
    let note = header.to_note(ByteOrder::Little);
    assert!(matches!(Header::from_note(&note, ByteOrder::Little), Err(NoteError::Field { .. })));
}

#[test]
fn a_changed_variable_breaks_the_checksum() {
    let mut note = header().to_note(ByteOrder::Little);
    let start = note.windows(5).position(|bytes| bytes == b"stats").unwrap();
    note[start] = b'S';
    assert!(matches!(Header::from_note(&note, ByteOrder::Little), Err(NoteError::Checksum { .. })));
}

#[test]
fn every_truncation_is_an_error() {
    let description_start = 20;
    let note = header().to_note(ByteOrder::Little);
    let description = &note[description_start..];
    for size in 0..description.len().saturating_sub(4) {
        let cut = note::encode(NOTE_NAME, NOTE_TYPE, &description[..size], ByteOrder::Little);
        assert!(Header::from_note(&cut, ByteOrder::Little).is_err(), "{size} bytes");
    }
}
