// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any file, with and without a right magic, into at most 1 MiB.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::compress::{Format, decompress};

const LIMIT: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let check = |file: &[u8]| {
        if let Ok(content) = decompress(file, LIMIT) {
            assert!(content.capacity() as u64 <= LIMIT);
        }
    };
    check(data);
    for format in Format::ALL {
        check(&[format.magic(), data].concat());
    }
});
