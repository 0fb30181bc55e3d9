// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel log of any bytes: all of them come out again, and reports in it are decoded and written in each
//! form.
#![no_main]

use ksymoops::decode::Decoder;
use ksymoops::render::{Annotated, Json, Render};
use libfuzzer_sys::fuzz_target;
use libksym::{Discover, FileSearch};
use liboops::{Event, stream};

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
                let annotations = decoder.decode(&block);
                Annotated { terminal: true, colour: false }.block(&block, &annotations, &mut shown)?;
                Json.block(&block, &annotations, &mut shown)?;
            }
        }
        Ok(())
    });
    assert!(end.is_ok() && out == data);
});
