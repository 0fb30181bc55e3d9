// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `modpersist save` has written and somebody may have edited: it is refused, or each value has the size
//! of its variable, in both byte orders.

use libmodfmt::elf::ByteOrder;
use modrecord::saved_values::{SavedFile, SavedFileError};

/// Tries one input.
pub fn run(data: &[u8]) {
    let Ok(file) = SavedFile::parse(data) else { return };
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let drops = match file.prepare(order, &[]) {
            Ok(prepared) => {
                let values = &prepared.values;
                let sizes = values.header.units.iter().map(|unit| unit.size);
                assert!(sizes.eq(values.contents.iter().map(|(_, bytes)| bytes.len() as u64)));
                continue;
            }
            Err(SavedFileError::Refused { refusals }) => {
                refusals.iter().map(|refusal| refusal.drop.clone()).collect::<Vec<_>>()
            }
            Err(_) => continue,
        };
        // The remedy that is named.
        let _ = file.prepare(order, &drops);
    }
}
