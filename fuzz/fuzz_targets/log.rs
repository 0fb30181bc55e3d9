// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel log: any bytes, and all of them come out again; what is found in it is written down in each form.
#![no_main]

use ksymoops::decode::Decoder;
use liboops::{Event, stream};
use ksymoops::render::{Annotated, Json, Render};
use libksym::{Discover, FileSearch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut out = Vec::new();
    let mut shown = Vec::new();
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    let end = stream(data, |event| {
        match event {
            Event::Text(text) => out.extend_from_slice(text),
            Event::Block(block) => {
                out.extend_from_slice(&block.text);
                let findings = decoder.decode(&block);
                Annotated { terminal: true, colour: false }.block(&block, &findings, &mut shown)?;
                Json.block(&block, &findings, &mut shown)?;
            }
        }
        Ok(())
    });
    assert!(end.is_ok() && out == data);
});
