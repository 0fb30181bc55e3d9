// SPDX-License-Identifier: MIT OR Apache-2.0
//! One report, and whether another log has the same; all logs that are at hand.

use std::fs;
use std::path::{Path, PathBuf};

use liboops::report::{Place, Report, Span};

/// The messages of the fixture with a page fault.
pub(super) fn bare() -> Vec<String> {
    let log =
        String::from_utf8(include_bytes!("../../../tests/fixtures/logs/page_fault.log").to_vec()).unwrap();
    let lines = log.lines().filter(|line| line.starts_with("[   12.5"));
    lines.map(|line| line.split_once("] ").unwrap().1.to_owned()).collect()
}

/// A report without what depends on the way of its log: spans, time, caller and banner.
fn essence(report: &Report) -> Report {
    fn place(place: &mut Place) {
        place.span = Span::default();
    }
    let mut report = report.clone();
    (report.span, report.title.span) = (Span::default(), Span::default());
    (report.time_us, report.caller, report.context.banner) = (None, None, None);
    report.mentions.iter_mut().for_each(place);
    report.frames.iter_mut().for_each(|frame| place(&mut frame.place));
    report.words.iter_mut().for_each(|word| word.span = Span::default());
    for state in &mut report.states {
        state.pc.iter_mut().for_each(place);
        state.registers.iter_mut().for_each(|register| register.span = Span::default());
        state.code.iter_mut().for_each(|code| code.span = Span::default());
    }
    let context = &mut report.context;
    context.taint.iter_mut().for_each(|taint| taint.span = Span::default());
    context.release.iter_mut().for_each(|release| release.span = Span::default());
    context.kernel_offset.iter_mut().for_each(|offset| offset.span = Span::default());
    context.modules.iter_mut().flatten().for_each(|module| module.span = Span::default());
    report
}

pub(super) fn only(log: &[u8]) -> Report {
    let blocks = liboops::blocks(log);
    let mut reports: Vec<Report> = blocks.into_iter().flat_map(|block| block.reports).collect();
    assert_eq!(reports.len(), 1, "{}", String::from_utf8_lossy(log));
    reports.remove(0)
}

pub(super) fn is_the_same(name: &str, log: &[u8]) {
    let (own, bare) = (essence(&only(log)), essence(&only(bare().join("\n").as_bytes())));
    assert_eq!(own, bare, "{name}:\n{}", String::from_utf8_lossy(log));
}

/// Breaks at the last blank before the margin, as mail programs do, and drops it.
pub(super) fn wrapped(line: &str, margin: usize, quote: &str) -> String {
    let mut out = String::new();
    let mut rest = line.trim_end().to_owned();
    while quote.len() + rest.len() > margin && rest.is_ascii() {
        let indent = rest.len() - rest.trim_start().len();
        let Some(at) = rest[..margin - quote.len()].rfind(' ').filter(|&at| at > indent) else { break };
        out.push_str(&format!("{quote}{}\n", &rest[..at]));
        rest = rest[at + 1..].to_owned();
    }
    format!("{out}{quote}{rest}\n")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The fixtures and the corpus with their names. The corpus is `shared/corpus` in a folder above the
/// checkout, or `$CORPUS`.
pub(super) fn logs() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("CORPUS").map(PathBuf::from);
    let above = || root.ancestors().map(|folder| folder.join("shared/corpus")).find(|folder| folder.is_dir());
    let mut paths = Vec::new();
    files(&root.join("../tests/fixtures/logs"), &mut paths);
    match named.or_else(above) {
        Some(corpus) => files(&corpus, &mut paths),
        None => eprintln!("\nSKIPPED: no corpus of logs here; $CORPUS names its folder"),
    }
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}
