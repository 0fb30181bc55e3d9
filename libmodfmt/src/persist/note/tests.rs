// SPDX-License-Identifier: MIT OR Apache-2.0
//! Header notes written and read, whole and damaged.

use super::*;

fn header() -> Header {
    let variable = Variable {
        file: Some("foo.c".into()),
        function: None,
        name: "stats".into(),
        offset: 8,
        size: 24,
        align: 8,
        type_name: Some("struct foo_stats".into()),
        type_hash: Some(7),
    };
    let section =
        SectionHeader { role: PersistentSection::Data, size: 32, align: 64, variables: vec![variable] };
    Header { owner: "foo".into(), build_id: vec![1, 2, 3], named: true, sections: vec![section] }
}

#[test]
fn both_orders_round_trip() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        assert_eq!(Header::from_note(&header().to_note(order), order), Ok(header()));
    }
}

#[test]
fn an_unknown_version_is_named() {
    let mut note = header().to_note(ByteOrder::Little);
    let start = note.windows(4).position(|bytes| bytes == [1, 0, 1, 0]).unwrap();
    note[start] = 9;
    assert_eq!(Header::from_note(&note, ByteOrder::Little), Err(NoteError::Version { version: 9 }));
}

#[test]
fn a_changed_variable_breaks_the_hash() {
    let mut note = header().to_note(ByteOrder::Little);
    let start = note.windows(5).position(|bytes| bytes == b"stats").unwrap();
    note[start] = b'S';
    assert!(matches!(Header::from_note(&note, ByteOrder::Little), Err(NoteError::Hash { .. })));
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
