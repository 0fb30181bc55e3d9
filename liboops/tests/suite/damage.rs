// SPDX-License-Identifier: MIT OR Apache-2.0
//! Damaged logs: no panic, and every byte comes out again.

use liboops::Event;
use proptest::prelude::*;

const LOG: &[u8] = include_bytes!("../../../tests/fixtures/logs/page_fault.log");

/// Parses a log, and checks that what comes out is the log, and that every span is within its block.
fn check(log: &[u8]) {
    let mut out = Vec::new();
    liboops::stream(log, |event| {
        match event {
            Event::Text(text) => out.extend_from_slice(text),
            Event::Block(block) => {
                out.extend_from_slice(&block.text);
                let end = block.base + block.text.len() as u64;
                for place in block.reports.iter().flat_map(|report| report.places()) {
                    let span = place.span;
                    assert!(
                        block.base <= span.start && span.start <= span.end && span.end <= end,
                        "{span:?}"
                    );
                }
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(out == log);
}

/// What is before messages, between them and in them.
const PIECES: &[&str] = &[
    "BUG: ",
    "Oops: 0002 [#1]",
    "RIP: 0010:f+0x1/0x2",
    "\n",
    "\r\n",
    "[    1.000000] ",
    "[   T1] ",
    "<4>",
    "> ",
    ">",
    "=\n",
    "=3D",
    "Jan 23 09:11:20 host kernel: ",
    "июл 27 14:08:04 ",
    "[Di Jul 27 14:08:04 2021] ",
    "7月 27 14:08:04 ",
    "\u{ff}",
    "2024-01-23T09:11:20Z ",
    "1 2024-01-23T09:11:20Z host kernel - - [a b=\"",
    "\\]\"] ",
    "6,1,2,-,ncfrag=0/90;",
    "6,1,2,-,ncfrag=3/90;",
    "E/kernel(0): ",
    "01-01 12:00:00.1 1 2 E kernel: ",
    "** replaying previous printk message **",
    "** 1 printk messages dropped ** ",
    "[4:a: 1] ",
    "{\"MESSAGE\":\"",
    "{\"MESSAGE\":[66,",
    "MESSAGE=",
    "\\x0a",
    "\u{1b}[31m",
    "\0",
    "quoted-printable\n",
    "[<c0112345>]",
    "[f+1/2]",
    "a long word to get over the margin of a mail ",
    "Oops#1 Part1\n",
];

proptest! {
    #[test]
    fn any_bytes(log: Vec<u8>) {
        check(&log);
    }

    #[test]
    fn any_pieces(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        check(pieces.concat().as_bytes());
    }

    #[test]
    fn any_change(cut in 1_usize..5000, at in 0_usize..5000, byte: u8) {
        let mut log = LOG.to_vec();
        log.truncate(cut);
        let length = log.len();
        log[at % length] = byte;
        check(&log);
    }
}
