// SPDX-License-Identifier: MIT OR Apache-2.0
//! The page for a browser: well-formed whatever a log has, and without anything that runs or is loaded.

use ksymoops::head::Searched;
use ksymoops::render::{Html, Shown};
use libmodfmt::journal::Journal;
use modtest::corpus::Corpus;

use super::support::{MAILED, PAGE_FAULT, STALE, decoder, journal, rendered};

/// Elements without an end.
const EMPTY: [&str; 4] = ["!DOCTYPE", "meta", "br", "rect"];

/// Checks that each element ends where it must, and that all are ours.
fn assert_well_formed(page: &str, name: &str) {
    const KNOWN: [&str; 28] = [
        "html", "head", "title", "style", "body", "h1", "h2", "dl", "dt", "dd", "p", "article", "div",
        "span", "details", "summary", "pre", "ol", "li", "table", "tr", "td", "svg", "line", "rect", "br",
        "meta", "!DOCTYPE",
    ];
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("{name}: {part}"));
        let element = tag.trim_matches('/').split_whitespace().next().unwrap_or_default();
        assert!(KNOWN.contains(&element), "{name}: <{tag}>");
        assert!(!tag.contains("src=") && !tag.contains("href=") && !tag.contains(" on"), "{name}: <{tag}>");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(element), "{name}");
        } else if !tag.ends_with('/') && !EMPTY.contains(&element) {
            open.push(element);
        }
    }
    assert!(open.is_empty(), "{name}: {open:?}");
}

fn page(log: &[u8], shown: Shown) -> String {
    let decoder = decoder(Journal::default());
    String::from_utf8(rendered(log, &decoder, Html::new(shown, Searched::default(), None))).unwrap()
}

#[test]
fn the_page_has_the_answer_the_map_and_the_log() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    let page = rendered(PAGE_FAULT, &decoder, Html::default());
    let page = String::from_utf8(page).unwrap();
    assert_well_formed(&page, "page fault");
    for part in [
        "<h2 class=\"what\">page fault: kernel NULL pointer dereference",
        "<p>meter_write+0x1b/0x30 [meter]</p>",
        "<span>RBX +0x18</span>",
        "<title>RBX</title></line>",
        "<tr class=\"fault\"><td>CR2</td>",
        "Comm: my tool",
        "usb 1-1: new device",
        "<li class=\"doubtful\">__die+0x23/0x70",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn a_page_without_reports_is_a_page() {
    let page = page(b"usb 1-1: <b>new</b> device\n", Shown::Everything);
    assert_well_formed(&page, "no report");
    assert!(page.contains("usb 1-1: &lt;b&gt;new&lt;/b&gt; device") && page.contains("No report."), "{page}");
    assert_well_formed(&self::page(b"", Shown::Everything), "nothing");
}

#[test]
fn every_log_gives_a_page() {
    let mut logs = vec![("stale".to_owned(), STALE.to_vec()), ("mailed".to_owned(), MAILED.to_vec())];
    logs.extend(
        Corpus::find().into_iter().flat_map(|corpus| corpus.syzkaller()).map(|log| (log.name, log.log)),
    );
    for (name, log) in logs {
        for shown in [Shown::Everything, Shown::OnlyReports, Shown::Frames, Shown::Summary] {
            assert_well_formed(&page(&log, shown), &name);
        }
    }
}
