// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel log: all bytes come out again, every report lies in its block, the log is read the same in small
//! pieces, and both forms of ksymoops' output have the log in them.

use std::io::{self, Read};

use ksymoops::decode::Decoder;
use ksymoops::head::Searched;
use ksymoops::render::{Annotated, Json, Look, Render};
use libksym::{Discover, FileSearch};
use liboops::report::{Block, Report};
use liboops::{Event, blocks, panic_code, stream};

/// Bytes that a reader returns at once.
const PIECE_BYTES: usize = 61;

/// Tries one input.
pub fn run(data: &[u8]) {
    let mut out = Vec::new();
    let mut whole = Vec::new();
    let end = stream(data, |event| {
        match event {
            Event::Text(text) => out.extend_from_slice(text),
            Event::Block(block) => {
                out.extend_from_slice(&block.text);
                whole.push(block);
            }
        }
        Ok(())
    });
    assert!(end.is_ok() && out == data);
    let mut in_pieces = Vec::new();
    let end = stream(Pieces(data), |event| {
        if let Event::Block(block) = event {
            in_pieces.push(block);
        }
        Ok(())
    });
    assert!(end.is_ok() && in_pieces == whole);
    panic_codes(data);

    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    for block in &whole {
        spans(block);
        render(&decoder, block);
    }
}

/// Reads like a pipe.
struct Pieces<'d>(&'d [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = buffer.len().min(PIECE_BYTES);
        self.0.read(&mut buffer[..size])
    }
}

/// The codes of panic screens are replaced the same in small pieces, and all other bytes come out again.
fn panic_codes(data: &[u8]) {
    let read = |input: &mut dyn Read| {
        let (mut log, codes) = panic_code::reader(input);
        let mut out = Vec::new();
        log.read_to_end(&mut out).expect("memory is no file");
        (out, codes.take_new())
    };
    let (whole, codes) = read(&mut &*data);
    assert_eq!(read(&mut Pieces(data)), (whole.clone(), codes.clone()));
    assert!(whole == data || codes.iter().any(|code| code.span.start < code.span.end));
    assert!(codes.iter().all(|code| code.span.start <= code.span.end && code.span.end <= whole.len() as u64));
}

/// Lines make up the text, and reports lie within it.
fn spans(block: &Block) {
    let end = block.base + block.text.len() as u64;
    let mut at = block.base;
    for line in &block.lines {
        assert_eq!(line.span.start, at);
        // The first line of a message of several lines has the body of them all.
        assert!(block.base <= line.body.start && line.body.start <= line.body.end && line.body.end <= end);
        at = line.span.end;
        assert!(line.report.is_none_or(|report| report < block.reports.len()));
    }
    assert_eq!(at, end);
    let inside = |report: &Report| {
        let spans = report.places().map(|place| place.span).chain([report.span, report.title.span]);
        spans.into_iter().all(|span| block.base <= span.start && span.start <= span.end && span.end <= end)
    };
    assert!(block.reports.iter().all(inside));
}

fn render(decoder: &Decoder, block: &Block) {
    let annotations = decoder.decode(block);
    let mut shown = Vec::new();
    let mut annotated = Annotated::new(Look { terminal: true, ..Look::default() }, Searched::default());
    annotated.block(block, &annotations, &mut shown).expect("memory is no file");
    let text = std::str::from_utf8(&shown).expect("a terminal gets UTF-8");
    assert!(!text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')));

    let mut json = Vec::new();
    Json.block(block, &annotations, &mut json).expect("memory is no file");
    serde_json::Deserializer::from_slice(&json).into_iter::<serde::de::IgnoredAny>().for_each(|value| {
        value.expect("it is JSON");
    });

    // Without lines of our own the output is the log; with them it is read as the same reports again.
    let mut plain = Vec::new();
    let mut annotated = Annotated::default();
    annotated.block(block, &[], &mut plain).expect("memory is no file");
    assert_eq!(without_ours(&plain), without_ours(&block.text));
    let _ = blocks(&shown);
}

/// Lines that do not begin with our mark.
fn without_ours(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    lines.filter(|line| !line.starts_with(b"  ;; ")).flatten().copied().collect()
}
