// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head above each report: taken away with the other lines of our own, the log is left; and the output is
//! read as the log is.

use ksymoops::decode::Decoder;
use ksymoops::head::Searched;
use ksymoops::render::{Annotated, Look, Shown};
use libksym::{Discover, FileSearch};
use modtest::corpus::Corpus;
use serde_json::Value;

use super::support::{MAILED, PAGE_FAULT, STALE, rendered, without_ours};

fn decoder() -> Decoder {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    decoder
}

/// The reports of a log, without the places in the log.
fn reports(log: &[u8]) -> Vec<Value> {
    let blocks = liboops::blocks(log);
    let reports = blocks.iter().flat_map(|block| &block.reports);
    reports.map(|report| without_spans(serde_json::to_value(report).unwrap())).collect()
}

fn without_spans(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| name != "span");
            Value::Object(kept.map(|(name, value)| (name, without_spans(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_spans).collect()),
        other => other,
    }
}

fn logs() -> Vec<(String, Vec<u8>)> {
    let own = [("page fault", PAGE_FAULT), ("stale", STALE), ("mailed", MAILED)];
    let mut logs: Vec<_> = own.iter().map(|(name, log)| ((*name).to_owned(), log.to_vec())).collect();
    if let Some(corpus) = Corpus::find() {
        logs.extend(corpus.syzkaller().into_iter().map(|sample| (sample.name, sample.log)));
        logs.extend(corpus.abrt().into_iter().map(|log| (log.name, log.log)));
    }
    logs
}

#[test]
fn without_our_lines_the_log_is_left() {
    let decoder = decoder();
    for (name, mut log) in logs() {
        let out = rendered(&log, &decoder, Annotated::default());
        let kept = without_ours(&out);
        // What we say of the last line needs a line end in front of it.
        if kept.len() > log.len() && !log.ends_with(b"\n") {
            log.push(b'\n');
        }
        // The log may have been in such an output before.
        assert!(kept == without_ours(&log), "{name}");
    }
}

#[test]
fn our_output_is_read_as_the_log_is() {
    let decoder = decoder();
    let mut differ = Vec::new();
    for (name, log) in logs() {
        let out = rendered(&log, &decoder, Annotated::default());
        if reports(&out) != reports(&log) {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "{differ:?}");
}

/// Where in the head of each report a row begins, counted from 1.
fn first_lines(out: &[u8], label: &str) -> Vec<usize> {
    let text = String::from_utf8_lossy(out);
    let (mut lines, mut found) = (0, Vec::new());
    for line in text.lines() {
        let own = line.strip_prefix("  ;; ");
        lines = if own.is_some_and(|line| line.starts_with("what ")) { 1 } else { lines + 1 };
        if own.is_some_and(|line| line.starts_with(label)) {
            found.push(lines);
        }
    }
    found
}

/// What is known about why comes behind who.
#[test]
fn what_where_and_who_are_in_the_first_seven_lines() {
    let decoder = decoder();
    for columns in [80, 100, 120] {
        let mut count = 0;
        for (name, log) in logs() {
            let look = Look { columns, shown: Shown::Summary, ..Look::default() };
            let out = rendered(&log, &decoder, Annotated::new(look, Searched::default()));
            for line in first_lines(&out, "who ") {
                count += 1;
                assert!(line <= 7, "{name}: {line}");
            }
            let words = |line: &str| line.split_whitespace().skip(1).count();
            let text = String::from_utf8_lossy(&out).into_owned();
            let long = text.lines().find(|line| line.chars().count() > columns && words(line) > 2);
            assert_eq!(long, None, "{name}");
        }
        assert!(count > 0);
    }
}
