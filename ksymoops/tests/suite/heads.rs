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

/// The row of a head that begins with a label, and what goes on below it.
fn row(log: &str, label: &str) -> String {
    let out = String::from_utf8(rendered(log.as_bytes(), &decoder(), Annotated::default())).unwrap();
    let mut rows = out.lines().filter_map(|line| line.trim_start().strip_prefix(";; "));
    let first = rows.find_map(|row| row.strip_prefix(label)).unwrap_or_default().trim().to_owned();
    let more = rows.take_while(|row| row.starts_with("    ")).map(|row| row.trim().to_owned());
    std::iter::once(first).chain(more).collect::<Vec<_>>().join(" ")
}

#[test]
fn where_a_task_waits_if_the_unwinder_vouches_for_nothing() {
    let log = "INFO: task tool:321 blocked for more than 143 seconds.\n      Not tainted 5.7.0-rc5 #0\n\
               tool  D29600 321   7376 0x00000004\nCall Trace:\n ? __schedule+0x937/0x1ff0\n\
               \x20? __sched_text_start+0x8/0x8\n ? down_write+0x137/0x150\n ? find_held_lock+0x2d/0x110\n\
               \x20? meter_register+0x1e/0x270\n ? meter_register+0x1e/0x270\n ? meter_open+0x90/0x90\n";
    assert_eq!(row(log, "where"), "uncertain, as all entries are marked ?: meter_register, meter_open");
    let known = log.replace("? meter_open", "meter_open");
    assert_eq!(row(&known, "where"), "meter_open+0x90/0x90");
}

#[test]
fn the_offset_in_a_part_of_a_function_is_one_in_that_part() {
    let log = "BUG: kernel NULL pointer dereference, address: 0000000000000008\n\
               CPU: 1 PID: 321 Comm: tool Not tainted 6.1.0-9-amd64 #1\n\
               RIP: 0010:meter_put.cold+0xf/0x55 [meter]\nCall Trace:\n meter_close.isra.0+0x8/0x10 [meter]\n";
    assert_eq!(row(log, "where"), "meter_put.cold+0xf/0x55 [meter] called by meter_close");
}
