// SPDX-License-Identifier: MIT OR Apache-2.0
//! Damaged input: no panic, and nothing of it is lost.

use std::time::{Duration, Instant};

use ksymoops::decode::Decoder;
use ksymoops::head::Searched;
use ksymoops::render::{Annotated, Json, Look, Render};
use libksym::{Discover, FileSearch};
use liboops::Event;
use modtest::corpus::Corpus;
use proptest::prelude::*;
use proptest::sample::select;

use super::support::{MAILED, PAGE_FAULT, STALE, without_ours};

const LOGS: [&[u8]; 3] = [PAGE_FAULT, STALE, MAILED];

/// Words that the parser looks for.
const WORDS: &[&str] = &[
    "BUG: ",
    "WARNING: CPU: ",
    "RIP: 0010:",
    "Code: ",
    "<48> ",
    "Call Trace:",
    "\n",
    "[    1.000000]",
    "[   T1] ",
    "f+0x1/0x2",
    " ? ",
    "[<ffffffff81000000>]",
    "RAX: ",
    "0123456789abcdef",
    "Modules linked in: ",
    "Tainted: ",
    "Kernel Offset: 0x",
    "6,1,2,-,caller=C1;",
    " [m] (P)",
    "{:m:f+1}",
    "Jan 23 09:11:20 host kernel: ",
    "> ",
    "6,1,2,-,ncfrag=0/90;",
    "6,1,2,-,ncfrag=3/90;",
    "=\n",
    "=3D",
    "{\"MESSAGE\":\"",
    "\\x0a",
    "\u{1b}[31m",
    "quoted-printable\n",
    "a long word to get over the margin of a mail ",
    "\r",
    "<IRQ>",
    "+",
    "\u{0}",
];

/// Decodes any bytes, writes them in each form, and checks what must hold for every input.
fn check(log: &[u8]) {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    let (mut plain, mut found) = (Vec::new(), Vec::new());
    let mut render = Annotated::default();
    liboops::stream(log, |event| match event {
        Event::Text(text) => {
            plain.extend_from_slice(text);
            render.text(text, &mut found)
        }
        Event::Block(block) => {
            render.block(&block, &[], &mut plain)?;
            render.block(&block, &decoder.decode(&block), &mut found)
        }
    })
    .unwrap();
    let is_input = without_ours(&plain) == without_ours(log);
    assert!(is_input, "without lines of our own the output is the input");
    // On a terminal control characters are shown; in JSON every line is an object.
    let (mut shown, mut json) = (Vec::new(), Vec::new());
    for block in liboops::blocks(log) {
        let annotations = decoder.decode(&block);
        let look = Look { terminal: true, ..Look::default() };
        Annotated::new(look, Searched::default()).block(&block, &annotations, &mut shown).unwrap();
        Json.block(&block, &annotations, &mut json).unwrap();
    }
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.replace("\r\n", "").chars().all(|letter| !letter.is_control() || "\n\t".contains(letter)));
    for line in json.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        serde_json::from_slice::<serde_json::Value>(line).unwrap();
        assert!(std::str::from_utf8(line).unwrap().chars().all(|letter| !letter.is_control()));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(log: Vec<u8>) {
        check(&log);
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(select(WORDS), 0..60)) {
        check(words.concat().as_bytes());
    }

    #[test]
    fn no_damage_panics(log in 0_usize..3, cut in 0_usize..5000, at in 0_usize..5000, byte: u8) {
        let mut log = LOGS[log].to_vec();
        log.truncate(cut.max(1));
        let length = log.len();
        log[at % length] = byte;
        check(&log);
    }
}

/// Logs put together from pieces of others, for `$FUZZ_SECONDS` seconds.
#[test]
fn pieces_of_logs() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let mut logs: Vec<Vec<u8>> = LOGS.iter().map(|log| log.to_vec()).collect();
    let corpus = Corpus::find().map(|corpus| corpus.syzkaller()).unwrap_or_default();
    logs.extend(corpus.into_iter().map(|sample| sample.log));
    let lines: Vec<&[u8]> = logs.iter().flat_map(|log| log.split_inclusive(|&byte| byte == b'\n')).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 8).unwrap() % below
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut rounds = 0_u64;
    while Instant::now() < end {
        let mut log = Vec::new();
        for _ in 0..=random(12) {
            // Runs of lines, so that there are reports.
            let from = random(lines.len());
            for line in lines.iter().skip(from).take(1 + random(30)) {
                log.extend_from_slice(line);
            }
        }
        for _ in 0..random(20) {
            let at = random(log.len());
            match random(5) {
                0 => log[at] = u8::try_from(random(256)).unwrap(),
                1 => log.insert(at, b"\n =>[<\0\x1b\\\"{"[random(11)]),
                2 => drop(log.drain(at..(at + random(40)).min(log.len()))),
                3 if log.len() > 1 => log.truncate(at.max(1)),
                _ => log[at] ^= 1 << random(8),
            }
            if log.is_empty() {
                log.push(b'\n');
            }
        }
        check(&log);
        rounds += 1;
    }
    eprintln!("\nlogs of pieces: {rounds}");
}
