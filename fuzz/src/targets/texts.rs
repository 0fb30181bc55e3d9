// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts, of which the first byte says what they are: `/proc/modules`, `/proc/kallsyms`, the extended
//! kernel's list, or a journal, which is written again the same.

use libmodfmt::journal::{Entry, Journal, Recorded};
use libmodfmt::persist::extended_regions;
use libmodfmt::proc::{kallsyms, modules};

/// Tries one input.
pub fn run(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else { return };
    match choice % 4 {
        0 => loaded_modules(text),
        1 => assert!(kallsyms(text).count() <= lines(text)),
        2 => regions(text),
        _ => journal(text),
    }
}

fn lines(text: &[u8]) -> usize {
    text.split(|&byte| byte == b'\n').count()
}

fn loaded_modules(text: &[u8]) {
    assert!(modules(text).count() <= lines(text));
    for module in modules(text) {
        match module {
            Ok(module) => drop((module.users().count(), module.is_permanent())),
            Err(error) => drop(error.to_string()),
        }
    }
}

fn regions(text: &[u8]) {
    match extended_regions(text) {
        Ok(regions) => {
            assert!(regions.len() <= lines(text));
            for mut region in regions {
                let _ = region.unused();
                let before = region.clone();
                for block in &before.blocks {
                    region.adopt(&block.header);
                }
                assert_eq!((&region.owner, region.blocks.len()), (&before.owner, before.blocks.len()));
            }
        }
        Err(error) => assert!((1..=lines(text)).contains(&error.line), "{error}"),
    }
}

fn journal(data: &[u8]) {
    let journal = Journal::read(data);
    let text: Vec<u8> = journal.entries.iter().flat_map(Entry::to_line).collect();
    let again = Journal::read(&text);
    assert_eq!(again.skipped, 0);
    assert_eq!(again.entries, journal.entries);
    let Some(boot) = journal.entries.first().map(Entry::boot) else { return };
    if let Some(recorded) = Recorded::read(boot, data, true) {
        let index = recorded.to_index(0);
        let again = Recorded::read(boot, &index, false).expect("an index is enough");
        assert_eq!(again.to_index(0), index);
    }
}
