// SPDX-License-Identifier: MIT OR Apache-2.0
//! A header note of either version, and the table of types in it: what was read is written and read again the
//! same, and agrees with itself.

use libmodfmt::elf::ByteOrder;
use libmodfmt::note;
use libmodfmt::persist::{Agreement, Header, NOTE_NAME, NOTE_TYPE, NOTE_VERSION, compare};
use libmodfmt::types::{TypeId, TypeTable, layout_hash};

/// Tries one input: a whole note section, the content of the note, or a table of types.
pub fn run(data: &[u8]) {
    table(data);
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let wrapped = note::encode(NOTE_NAME, NOTE_TYPE, data, order);
        for section in [data, &wrapped] {
            let Ok(mut header) = Header::from_note(section, order) else { continue };
            let written = header.to_note(order);
            // Only the newest version is written.
            header.note_version = NOTE_VERSION;
            assert_eq!(Header::from_note(&written, order).as_ref(), Ok(&header));
            check(&header);
        }
    }
}

fn check(header: &Header) {
    if let Agreement::Differs(differences) = compare(header, header) {
        let _ = differences.iter().map(ToString::to_string).collect::<Vec<_>>();
    }
    for (_, variable) in header.variables() {
        assert!(variable.type_id.is_none_or(|id| (id.0 as usize) < header.types.types().len()));
        let _ = (variable.to_string(), header.type_hash(variable));
    }
}

fn table(data: &[u8]) {
    let Ok(table) = TypeTable::from_bytes(data) else { return };
    let written = table.to_bytes();
    assert_eq!(TypeTable::from_bytes(&written).as_ref(), Ok(&table));
    let Some(last) = table.types().len().checked_sub(1) else { return };
    for id in [0, last] {
        let id = TypeId(u32::try_from(id).expect("there are fewer types"));
        let _ = table.c_text(id);
        let (small, roots) = table.minimized(&[id]);
        assert_eq!(layout_hash(&small, roots[0]), layout_hash(&table, id));
        assert!(libmodfmt::types::compare((&table, id), (&small, roots[0])).is_ok());
    }
}
