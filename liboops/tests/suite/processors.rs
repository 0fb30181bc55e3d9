// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs of every architecture in the forms of several kernels, and what is read from them: `NAME.log` and
//! `NAME.expected` in `tests/fixtures/processors`. With `SNAPSHOTS=overwrite` the latter are written.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use liboops::report::{Place, Report, WordRole};

fn place(place: &Place) -> String {
    let mut out = place.address.map_or_else(|| "-".to_owned(), |address| format!("{:x}", address.0));
    if let Some(symbol) = &place.symbol {
        let size = place.size.map(|size| format!("/{size:#x}")).unwrap_or_default();
        write!(out, " {symbol}+{:#x}{size}", place.offset).unwrap();
    }
    if let Some(module) = &place.module {
        write!(out, " [{module}]").unwrap();
    }
    out + if place.exact { " exact" } else { "" } + if place.unreliable { " unreliable" } else { "" }
}

/// What is read from a log, for a reader.
fn summary(report: &Report) -> String {
    let mut out = String::new();
    let arch = report.arch.unwrap_or("unknown");
    writeln!(out, "{arch}: {}: {}", report.kind.name(), report.title.value).unwrap();
    let context = &report.context;
    writeln!(out, "task {:?} {:?}", context.comm.as_deref().unwrap_or("?"), context.pid.unwrap_or(0))
        .unwrap();
    if let Some(address) = report.fault_address() {
        writeln!(out, "fault address {address:#x}").unwrap();
    }
    for status in &report.fault_status {
        writeln!(out, "{} {:#x}: {}", status.register, status.value.0, status.meaning).unwrap();
    }
    for mention in &report.mentions {
        writeln!(out, "mention {}", place(mention)).unwrap();
    }
    for state in &report.states {
        writeln!(out, "state {:?}", state.origin).unwrap();
        if let Some(pc) = &state.pc {
            writeln!(out, "  pc {}; instruction at {}", place(pc), state.instruction_offset).unwrap();
        }
        if let Some(address) = &state.return_address {
            writeln!(out, "  return {}", place(address)).unwrap();
        }
        for register in &state.registers {
            writeln!(out, "  {} = {:x}", register.name, register.value.0).unwrap();
        }
        if let Some(code) = &state.code {
            let bytes: Vec<String> = code.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(out, "  code {} mark {:?} of {}", bytes.join(" "), code.marker, code.word_bytes)
                .unwrap();
            if let Some(text) = &code.unreadable {
                writeln!(out, "  code unreadable: {text}").unwrap();
            }
        }
    }
    for frame in &report.frames {
        writeln!(out, "frame {}", place(&frame.place)).unwrap();
    }
    let stack = report.words.iter().filter(|word| word.role == WordRole::Stack).count();
    if stack > 0 {
        writeln!(out, "stack words {stack}").unwrap();
    }
    out
}

#[test]
fn every_form_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/processors");
    let overwrite = std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite");
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        count += 1;
        let blocks = liboops::blocks(&fs::read(&path).unwrap());
        let found: Vec<String> = blocks.iter().flat_map(|block| &block.reports).map(summary).collect();
        let found = found.join("\n");
        let expected = path.with_extension("expected");
        if overwrite {
            fs::write(&expected, &found).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if expected != found {
            wrong.push(format!("{}:\n{found}\ninstead of\n{expected}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 35, "{count}");
}
