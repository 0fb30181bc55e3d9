// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any header note: what was read is written and read again the same, and agrees with itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::elf::ByteOrder;
use libmodfmt::note;
use libmodfmt::persist::{Agreement, Header, NOTE_NAME, NOTE_TYPE, compare};

fuzz_target!(|data: &[u8]| {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let wrapped = note::encode(NOTE_NAME, NOTE_TYPE, data, order);
        for section in [data, &wrapped] {
            let Ok(header) = Header::from_note(section, order) else { continue };
            assert_eq!(Header::from_note(&header.to_note(order), order).as_ref(), Ok(&header));
            if let Agreement::Differs(differences) = compare(&header, &header) {
                let _ = differences.iter().map(ToString::to_string).collect::<Vec<_>>();
            }
        }
    }
});
