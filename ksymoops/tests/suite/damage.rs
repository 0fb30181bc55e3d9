// SPDX-License-Identifier: MIT OR Apache-2.0
//! Damaged input: no panic, and nothing of it is lost.

use ksymoops::decode::Decoder;
use ksymoops::parse::{self, Event};
use ksymoops::render::{Annotated, Render};
use proptest::prelude::*;

const LOGS: [&[u8]; 3] = [
    include_bytes!("../logs/page_fault.log"),
    include_bytes!("../logs/stale_pointer.log"),
    include_bytes!("../logs/mailed_warning.log"),
];

/// The log without what was put in.
fn check(log: &[u8]) {
    let mut decoder = Decoder::default();
    decoder.sources.discover = false;
    let (mut plain, mut found) = (Vec::new(), Vec::new());
    let mut render = Annotated::default();
    parse::stream(log, |event| match event {
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
    assert!(plain == log, "without annotations the output is the input");
}

proptest! {
    #[test]
    fn no_bytes_panic(log: Vec<u8>) {
        check(&log);
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(prop_oneof![
        Just("BUG: "), Just("WARNING: CPU: "), Just("RIP: 0010:"), Just("Code: "), Just("<48> "), Just("Call Trace:"), Just("\n"),
        Just("[    1.000000]"), Just("[   T1] "), Just("f+0x1/0x2"), Just(" ? "), Just("[<ffffffff81000000>]"), Just("RAX: "), Just("0123456789abcdef"),
        Just("Modules linked in: "), Just("Tainted: "), Just("Kernel Offset: 0x"), Just("6,1,2,-,caller=C1;"), Just(" [m] (P)"), Just("{:m:f+1}"),
        Just("Jan 23 09:11:20 host kernel: "), Just("> "), Just("\r"), Just("<IRQ>"), Just("+"), Just("\u{0}"),
    ], 0..60)) {
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
