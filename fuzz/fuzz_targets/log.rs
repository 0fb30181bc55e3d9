// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel log: any bytes, and all of them come out again.
#![no_main]

use ksymoops::parse::{Event, stream};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut out = Vec::new();
    let end = stream(data, |event| {
        match event {
            Event::Text(text) => out.extend_from_slice(text),
            Event::Block(block) => out.extend_from_slice(&block.text),
        }
        Ok(())
    });
    assert!(end.is_ok() && out == data);
});
