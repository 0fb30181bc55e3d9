// SPDX-License-Identifier: MIT OR Apache-2.0
//! A journal: any text, and what is read is written back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::journal::{Entry, Journal};

fuzz_target!(|data: &[u8]| {
    let journal = Journal::read(data);
    let text: Vec<u8> = journal.entries.iter().flat_map(Entry::to_line).collect();
    let again = Journal::read(&text);
    assert_eq!(again.skipped, 0);
    assert_eq!(again.entries.len(), journal.entries.len());
});
