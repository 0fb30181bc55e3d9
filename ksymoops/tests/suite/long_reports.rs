// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the time that reports take grows with their length.

use std::time::Duration;

use ksymoops::decode::Decoder;
use libmodfmt::journal::Journal;
use modtest::CpuTimer;

use super::support::{annotated, decoder};

/// What is printed for a report with so many frames, and how long that takes.
fn long_report(frames: usize, decoder: &Decoder) -> (String, Duration) {
    let log = format!("BUG: long\nCall Trace:\n{}", " ksys_read+0x67/0xf0\n".repeat(frames));
    let timer = CpuTimer::start();
    let text = annotated(log.as_bytes(), decoder);
    (text, timer.elapsed())
}

#[test]
fn a_long_report_takes_no_longer_for_each_frame() {
    let alone = decoder(Journal::default());
    assert_eq!(long_report(100, &alone).0.matches(";; symbols unknown").count(), 1, "said once");
    // With symbols there is no such reason to be found.
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("System.map");
    std::fs::write(&map, "ffffffff81000000 T ksys_read\nffffffff810000f0 T _end\n").unwrap();
    let mut with = decoder(Journal::default());
    with.sources.system_map = Some(map);
    let (text, short) = long_report(5000, &with);
    assert_eq!(text.matches("ksys_read+0x67/0xf0: line unknown").count(), 5000);
    let (text, long) = long_report(50_000, &with);
    assert_eq!(text.matches(";; symbols unknown").count(), 0);
    // Ten times as long, and not a hundred times.
    assert!(long < short * 40 + Duration::from_millis(500), "{short:?} {long:?}");
    // Each in a module of its own.
    let frame = |number: usize| format!(" f+0x67/0xf0 [m{number} {number:040x}]\n");
    let modules = |count: usize| {
        let log = format!("BUG: long\nCall Trace:\n{}", (0..count).map(frame).collect::<String>());
        let timer = CpuTimer::start();
        assert_eq!(annotated(log.as_bytes(), &with).matches("unknown: no file of module m").count(), count);
        timer.elapsed()
    };
    let (short, long) = (modules(1000), modules(10_000));
    assert!(long < short * 40 + Duration::from_millis(500), "{short:?} {long:?}");
}
