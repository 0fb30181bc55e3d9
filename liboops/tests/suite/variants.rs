// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kinds of reports in the words of many kernels, releases and distributions: `fixtures/variants.txt` has
//! each log under its name (`####`), and below it what must be found in it (`#=`), which begins with the kind
//! of each report. Line ends of DOS change nothing, and neither does a time in front of each line, except
//! where the log is about what is in front (`#! as it is`).

use std::fmt::Write;

use liboops::report::{Report, WordRole};

const VARIANTS: &str = include_str!("../fixtures/variants.txt");

/// What was found, by the name that the fixture has for it.
fn found(report: &Report, key: &str) -> String {
    let context = &report.context;
    let state = report.fault();
    match key {
        "kind" => report.kind.name().to_owned(),
        "arch" => report.arch.unwrap_or_default().to_owned(),
        "release" => context.release.as_ref().map(|release| release.value.clone()).unwrap_or_default(),
        "version" => context.version.clone().unwrap_or_default(),
        "taint" => context.taint.as_ref().map(|taint| taint.value.clone()).unwrap_or_default(),
        "comm" => context.comm.clone().unwrap_or_default(),
        "cpu" => context.cpu.map(|cpu| cpu.to_string()).unwrap_or_default(),
        "pid" => context.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        "panicked" => report.panicked.to_string(),
        "message" => report.message.as_ref().map(|message| message.value.clone()).unwrap_or_default(),
        "registers" => state.map_or_else(String::new, |state| {
            let registers = state.registers.iter();
            let each = registers.map(|register| format!("{}={:#x}", register.name, register.value.0));
            each.collect::<Vec<_>>().join(" ")
        }),
        "states" => report.states.len().to_string(),
        "fault" => {
            let mut words = report.words.iter().filter(|word| word.role == WordRole::FaultAddress);
            words.next().map(|word| format!("{:#x}", word.value.0)).unwrap_or_default()
        }
        "frames" => {
            let names = report.frames.iter().filter_map(|frame| frame.place.symbol.as_deref());
            names.collect::<Vec<_>>().join(" ")
        }
        "mentions" => {
            let names = report.mentions.iter().filter_map(|place| place.symbol.as_deref());
            names.collect::<Vec<_>>().join(" ")
        }
        "modules" => {
            let names = context.modules.iter().flatten().map(|module| module.name.as_str());
            names.collect::<Vec<_>>().join(" ")
        }
        "pc" => state.and_then(|state| state.pc.as_ref()).map_or_else(String::new, |pc| {
            let exact = if pc.exact { "exact" } else { "behind" };
            format!("{}+{:#x} {exact}", pc.symbol.as_deref().unwrap_or_default(), pc.offset)
        }),
        _ => panic!("{key}"),
    }
}

/// What is wrong with the reports of a log.
fn wrong(log: &str, expected: &[(&str, &str)]) -> String {
    let reports: Vec<_> =
        liboops::blocks(log.as_bytes()).into_iter().flat_map(|block| block.reports).collect();
    let mut wrong = String::new();
    let count = expected.iter().filter(|(key, _)| *key == "kind").count();
    if reports.len() != count {
        let kinds: Vec<_> = reports.iter().map(|report| report.kind).collect();
        return format!("{kinds:?} in place of {count} reports");
    }
    let mut next = 0;
    for (key, value) in expected {
        next += usize::from(*key == "kind");
        let own = found(&reports[next - 1], key);
        if own != *value {
            writeln!(wrong, "{key} is {own:?}, not {value:?}").unwrap();
        }
    }
    wrong
}

#[test]
fn every_variant_is_read() {
    let (mut count, mut failures) = (0, String::new());
    for variant in VARIANTS.split("#### ").skip(1) {
        let (name, rest) = variant.split_once('\n').unwrap();
        let end = rest.find("\n#! ").or_else(|| rest.find("\n#= ")).unwrap() + 1;
        let (log, notes) = rest.split_at(end);
        let as_it_is = notes.starts_with("#! ");
        let expected: Vec<_> = notes
            .lines()
            .filter_map(|line| line.strip_prefix("#= "))
            .map(|line| line.split_once(':').map(|(key, value)| (key, value.trim_start())).unwrap())
            .collect();
        let timed: String =
            log.lines().enumerate().map(|(n, line)| format!("[   77.{n:06}] {line}\n")).collect();
        let dos = log.replace('\n', "\r\n");
        for log in [log, &dos].into_iter().chain((!as_it_is).then_some(timed.as_str())) {
            let wrong = wrong(log, &expected);
            if !wrong.is_empty() {
                writeln!(failures, "{name}: {wrong}{log}").unwrap();
            }
        }
        count += 1;
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(count >= 79, "{count}");
}
