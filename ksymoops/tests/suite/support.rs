// SPDX-License-Identifier: MIT OR Apache-2.0
//! What several tests share: logs of our own, a journal, a decoder, the output.

use ksymoops::decode::Decoder;
use ksymoops::head::Searched;
use ksymoops::render::{Annotated, Look, Render};
use libksym::{Discover, FileSearch};
use libmodfmt::journal::{Boot, Entry, Journal, LoadedModule, Unload};
use libmodfmt::persist::{Header, Unit, Variable};
use liboops::Event;
use liboops::report::Report;

pub(super) const PAGE_FAULT: &[u8] = include_bytes!("../../../tests/fixtures/logs/page_fault.log");
pub(super) const STALE: &[u8] = include_bytes!("../../../tests/fixtures/logs/stale_pointer.log");
pub(super) const MAILED: &[u8] = include_bytes!("../../../tests/fixtures/logs/mailed_warning.log");
pub(super) const BANNER: &str = "Linux version 6.1.0-99-amd64 (build@example.org) (gcc-12 (Debian 12.2.0) \
                                 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.999-1 (2026-01-01)";

/// The only report in a log.
pub(super) fn only(log: &[u8]) -> Report {
    let mut reports: Vec<Report> = liboops::blocks(log).into_iter().flat_map(|block| block.reports).collect();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.remove(0)
}

/// The journal of a boot in which `meter` was loaded, and unloaded at `unloaded` hundredths of a second.
pub(super) fn journal(id: &str, base: u64, unloaded: Option<u64>) -> Journal {
    let mut section = Unit::new(".data..persistent", 0x40, 32);
    for (name, offset, size) in [("stats", 0, 0x20), ("dev", 0x20, 0x18)] {
        let mut variable = Variable::new(name, offset, size, 8);
        variable.file = Some("meter.c".into());
        variable.type_name = Some(format!("struct {name}"));
        section.variables.push(variable);
    }
    let mut header = Header::new("meter");
    header.build_id = vec![1, 2, 3];
    header.units.push(section);
    let boot = id.to_owned();
    let text = Some(("_stext".to_owned(), 0xffff_ffff_9aa0_0000));
    let keeper = LoadedModule {
        boot: boot.clone(),
        name: "meter__persist".into(),
        base: Some(base),
        sections: vec![(".data..persistent".into(), base)],
        persistent: Some(header.into()),
        at: 1100,
        ..LoadedModule::default()
    };
    let meter =
        LoadedModule { boot: boot.clone(), name: "meter".into(), at: 1100, ..LoadedModule::default() };
    let mut entries = vec![
        Entry::Boot(Boot { id: id.into(), banner: BANNER.into(), text, at: 1000, ..Boot::default() }),
        Entry::Module(keeper),
        Entry::Module(meter),
    ];
    entries
        .extend(unloaded.map(|at| Entry::Unload(Unload { boot, name: "meter".into(), removed: true, at })));
    Journal { entries, skipped: 0 }
}

pub(super) fn decoder(journal: Journal) -> Decoder {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    decoder.journal = journal;
    decoder
}

pub(super) fn rendered(log: &[u8], decoder: &Decoder, mut render: impl Render) -> Vec<u8> {
    let mut out = Vec::new();
    liboops::stream(log, |event| match event {
        Event::Text(text) => render.text(text, &mut out),
        Event::Block(block) => render.block(&block, &decoder.decode(&block), &mut out),
    })
    .unwrap();
    render.finish(&mut out).unwrap();
    out
}

/// The annotated log, in which no line is broken.
pub(super) fn annotated(log: &[u8], decoder: &Decoder) -> String {
    let look = Look { columns: usize::MAX, ..Look::default() };
    String::from_utf8(rendered(log, decoder, Annotated::new(look, Searched::default()))).unwrap()
}

/// The lines of our own below those of a log that begins with its only report.
pub(super) fn below_lines(log: &str, decoder: &Decoder) -> Vec<String> {
    let text = annotated(log.as_bytes(), decoder);
    let below = text.lines().skip_while(|line| line.starts_with("  ;; "));
    below.filter_map(|line| line.strip_prefix("  ;; ")).map(str::to_owned).collect()
}

/// The lines that do not begin with our mark.
pub(super) fn without_ours(text: &[u8]) -> Vec<u8> {
    let ours = |line: &&[u8]| line.starts_with(b"  ;; ");
    text.split_inclusive(|&byte| byte == b'\n').filter(|line| !ours(line)).flatten().copied().collect()
}
