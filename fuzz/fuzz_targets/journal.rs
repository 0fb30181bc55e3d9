// SPDX-License-Identifier: MIT OR Apache-2.0
//! A journal: any text, and what is read is written back the same; also what its writer reads of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::journal::{Entry, Journal, Recorded};

fuzz_target!(|data: &[u8]| {
    let journal = Journal::read(data);
    let text: Vec<u8> = journal.entries.iter().flat_map(Entry::to_line).collect();
    let again = Journal::read(&text);
    assert_eq!(again.skipped, 0);
    assert_eq!(again.entries.len(), journal.entries.len());
    let Some(boot) = journal.entries.first().map(Entry::boot) else { return };
    if let Some(recorded) = Recorded::read(boot, data, true) {
        let index = recorded.to_index(0);
        let again = Recorded::read(boot, &index, false).expect("an index is enough");
        assert_eq!(again.to_index(0), index);
    }
});
