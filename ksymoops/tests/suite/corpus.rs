// SPDX-License-Identifier: MIT OR Apache-2.0
//! Public logs, if they are at hand: see `modtest::corpus`.

use libksym::code::{Architecture, CodeBytes, Context, decode};
use liboops::report::{Block, Kind, Report};
use modtest::corpus::Corpus;

/// In at least this share of the logs that are not corrupted, the function of the title is found.
const MIN_FOUND_FUNCTIONS: f64 = 0.97;
/// In at least this share of the logs that are not corrupted, of any architecture, a report is found.
const MIN_FOUND_REPORTS: f64 = 0.95;

/// Whether two names are of one function. Titles leave out the prefixes that system calls had at one time or
/// another, and name one function of a family.
fn is_same_function(function: &str, wanted: &str) -> bool {
    let plain = |name: &str| {
        ["__x64_", "__ia32_", "__se_", "__do_", "compat_", "__"]
            .iter()
            .fold(name.to_owned(), |name, prefix| {
                name.strip_prefix(prefix).map(str::to_owned).unwrap_or(name)
            })
    };
    let (function, wanted) = (plain(function).replace("SyS_", "sys_"), plain(wanted));
    function == wanted
        || function.strip_prefix("sys_") == Some(&wanted)
        || wanted == "smp_call_function" && function.starts_with("smp_call_function")
        || function.contains("::") && function.starts_with(&wanted)
}

fn finds(report: &Report, wanted: &str) -> bool {
    report.places().filter_map(|place| place.function()).any(|function| is_same_function(&function, wanted))
}

fn reports(blocks: &[Block]) -> impl Iterator<Item = &Report> {
    blocks.iter().flat_map(|block| &block.reports)
}

#[test]
fn functions_of_titles_are_found() {
    let Some(corpus) = Corpus::find() else { return };
    let (mut asked, mut found, mut missed) = (0_u32, 0_u32, Vec::new());
    for sample in corpus.syzkaller() {
        let functions = sample.functions();
        if functions.is_empty() || sample.corrupted {
            continue;
        }
        asked += 1;
        if reports(&liboops::blocks(&sample.log))
            .any(|report| functions.iter().any(|function| finds(report, function)))
        {
            found += 1;
        } else {
            missed.push(format!("{} ({})", sample.name, functions.join(" or ")));
        }
    }
    let share = f64::from(found) / f64::from(asked);
    eprintln!("\nfunctions: {found} of {asked} ({:.1} %); missed: {}", share * 100.0, missed.join(", "));
    assert!(share >= MIN_FOUND_FUNCTIONS, "{missed:?}");
}

/// Fewer registers are those of a heading.
const MIN_REGISTERS: usize = 6;

#[test]
fn the_instruction_pointer_of_arm_and_arm64_is_read() {
    let Some(corpus) = Corpus::find() else { return };
    let mut count = 0;
    for sample in corpus.syzkaller() {
        for report in reports(&liboops::blocks(&sample.log)) {
            let is_arm = matches!(report.arch, Some("arm" | "aarch64"));
            let mut states = report.states.iter().filter(|state| state.registers.len() >= MIN_REGISTERS);
            if is_arm && let Some(first) = states.next() {
                count += 1;
                assert!(first.pc.is_some(), "{}: {:?}", sample.name, report.title);
            }
        }
    }
    eprintln!("\nreports of arm and arm64 with registers: {count}");
}

#[test]
fn a_report_is_found_where_there_is_one() {
    let Some(corpus) = Corpus::find() else { return };
    let (mut asked, mut found, mut missed) = (0_u32, 0_u32, Vec::new());
    for sample in corpus.syzkaller().iter().filter(|sample| sample.title.is_some() && !sample.corrupted) {
        asked += 1;
        match reports(&liboops::blocks(&sample.log)).next() {
            Some(_) => found += 1,
            None => missed.push(format!("{} ({})", sample.name, sample.title.as_deref().unwrap_or_default())),
        }
    }
    let share = f64::from(found) / f64::from(asked);
    eprintln!(
        "\nreports, any architecture: {found} of {asked} ({:.1} %); missed: {}",
        share * 100.0,
        missed.join(", ")
    );
    assert!(share >= MIN_FOUND_REPORTS, "{missed:?}");
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let Some(corpus) = Corpus::find() else { return };
    let syzkaller = corpus.syzkaller().into_iter().filter(|sample| sample.title.is_none());
    let abrt = corpus.abrt().into_iter().filter(|log| !log.has_report);
    let logs: Vec<_> = syzkaller
        .map(|sample| (sample.name, sample.log))
        .chain(abrt.map(|log| (log.name, log.log)))
        .collect();
    eprintln!("\nlogs without a report: {}", logs.len());
    for (name, log) in logs {
        let blocks = liboops::blocks(&log);
        let found: Vec<_> = reports(&blocks).map(|report| (report.kind, &report.title.value)).collect();
        // This one was cut: it has the trace of a warning and nothing before it.
        let is_fragment = name == "no_oops.test" && matches!(found.as_slice(), [(Kind::Fragment, _)]);
        assert!(found.is_empty() || is_fragment, "{name}: {found:?}");
    }
}

#[test]
fn what_abrt_finds_is_found() {
    let Some(corpus) = Corpus::find() else { return };
    for log in corpus.abrt().iter().filter(|log| log.has_report) {
        let (name, blocks) = (&log.name, liboops::blocks(&log.log));
        assert!(reports(&blocks).next().is_some(), "{name}");
        let frames: usize = reports(&blocks).map(|report| report.frames.len()).sum();
        eprintln!("\n{name}: {} reports, {frames} frames", reports(&blocks).count());
    }
}

#[test]
fn nothing_of_a_log_is_lost() {
    let Some(corpus) = Corpus::find() else { return };
    for sample in corpus.syzkaller() {
        let mut copy = Vec::new();
        liboops::stream(&sample.log[..], |event| {
            match event {
                liboops::Event::Text(text) => copy.extend_from_slice(text),
                liboops::Event::Block(block) => {
                    let lines: u64 = block.lines.iter().map(|line| line.span.len()).sum();
                    assert_eq!(lines, u64::try_from(block.text.len()).unwrap());
                    copy.extend_from_slice(&block.text);
                }
            }
            Ok(())
        })
        .unwrap();
        assert!(copy == sample.log, "{}", sample.name);
    }
}

#[test]
fn code_decodes_up_to_the_marker() {
    let Some(corpus) = Corpus::find() else { return };
    let (mut asked, mut good, mut missed) = (0_u32, 0_u32, Vec::new());
    for sample in corpus.syzkaller().iter().filter(|sample| !sample.corrupted && sample.is_x86_64()) {
        for block in liboops::blocks(&sample.log) {
            for code in
                block.reports.iter().flat_map(|report| &report.states).filter_map(|state| state.code.as_ref())
            {
                if code.bytes.is_empty() || code.marker.is_none() {
                    continue;
                }
                asked += 1;
                let bytes = CodeBytes::new(code.bytes.clone(), code.marker);
                match decode(Architecture::X86_64, &bytes, &Context::default()) {
                    Ok(listing)
                        if listing
                            .instructions
                            .iter()
                            .all(|instruction| instruction.offset >= 0 || instruction.valid)
                            && listing.marked.is_some() =>
                    {
                        good += 1;
                    }
                    _ => missed.push(sample.name.clone()),
                }
            }
        }
    }
    let share = f64::from(good) / f64::from(asked.max(1));
    eprintln!("\ncode: {good} of {asked} ({:.1} %); missed: {}", share * 100.0, missed.join(", "));
    assert!(asked > 100, "{asked}");
    assert!(missed.is_empty(), "{missed:?}");
}
