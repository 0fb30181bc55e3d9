// SPDX-License-Identifier: MIT OR Apache-2.0
//! Public logs, where they are at hand: `shared/corpus` in a folder above the checkout, or `$CORPUS`.

use std::fs;
use std::path::{Path, PathBuf};

use libksym::code::{Architecture, CodeBytes, Context, decode};
use liboops::report::{Block, Report};

/// Of the x86-64 logs not marked as corrupted, in this share the function of the title is found.
const FUNCTIONS: f64 = 0.95;

fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("CORPUS").map(PathBuf::from);
    let above = || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        root.ancestors().map(|folder| folder.join("shared/corpus")).find(|folder| folder.is_dir())
    };
    let found = named.or_else(above).filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("\nSKIPPED: no corpus of logs here; $CORPUS names its folder");
    }
    found
}

/// A log of syzkaller's collection.
struct Sample {
    name: String,
    title: Option<String>,
    frame: Option<String>,
    alternative: Option<String>,
    corrupted: bool,
    log: Vec<u8>,
}

impl Sample {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").map_or(0, |at| at + 1);
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let value = |key: &str| head.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
        Self {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            title: value("TITLE: "),
            frame: value("FRAME: "),
            // Where the title has a family's name, the second has the function's own.
            alternative: value("ALT: "),
            corrupted: value("CORRUPTED: ").is_some(),
            log: bytes[end..].to_vec(),
        }
    }

    fn is_x86_64(&self) -> bool {
        let has = |word: &[u8]| self.log.windows(word.len()).any(|window| window == word);
        has(b"RSP: ") || has(b"RAX: ")
    }

    /// The function of the frame or the title, where there is one; the title may have two names for it.
    fn functions(&self) -> Vec<String> {
        let of = |title: &String| {
            let (_, rest) = title.rsplit_once(" in ")?;
            Some(rest.split(['/', ' ']).next()?.to_owned())
        };
        let names = match &self.frame {
            Some(frame) => vec![frame.clone()],
            None => [&self.title, &self.alternative].into_iter().flatten().filter_map(of).collect(),
        };
        names.into_iter().filter(|name| name != "corrupted").collect()
    }
}

fn samples(corpus: &Path) -> Vec<Sample> {
    let mut paths: Vec<_> =
        fs::read_dir(corpus.join("syzkaller/report")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| Sample::read(path)).collect()
}

/// The logs alone, for other tests.
pub(super) fn logs() -> Vec<Vec<u8>> {
    corpus().map(|corpus| samples(&corpus).into_iter().map(|sample| sample.log).collect()).unwrap_or_default()
}

/// System calls have a prefix of their time, which the titles leave out; of a family of clones the titles name one.
fn same(function: &str, wanted: &str) -> bool {
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
    report.places().filter_map(|place| place.function()).any(|function| same(&function, wanted))
}

fn reports(blocks: &[Block]) -> impl Iterator<Item = &Report> {
    blocks.iter().flat_map(|block| &block.reports)
}

#[test]
fn functions_of_titles_are_found() {
    let Some(corpus) = corpus() else { return };
    let (mut asked, mut found, mut missed) = (0_u32, 0_u32, Vec::new());
    for sample in samples(&corpus) {
        let functions = sample.functions();
        if functions.is_empty() || sample.corrupted || !sample.is_x86_64() {
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
    assert!(share >= FUNCTIONS, "{missed:?}");
}

#[test]
fn a_report_is_found_where_there_is_one() {
    let Some(corpus) = corpus() else { return };
    let (mut asked, mut found, mut missed) = (0_u32, 0_u32, Vec::new());
    for sample in samples(&corpus).iter().filter(|sample| sample.title.is_some() && !sample.corrupted) {
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
    assert!(share >= 0.95, "{missed:?}");
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let Some(corpus) = corpus() else { return };
    let mut logs: Vec<(String, Vec<u8>)> = samples(&corpus)
        .into_iter()
        .filter(|sample| sample.title.is_none())
        .map(|sample| (sample.name, sample.log))
        .collect();
    for entry in fs::read_dir(corpus.join("abrt")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains("not_oops") && name.ends_with(".test") || name == "no_oops.test" {
            logs.push((name, fs::read(&path).unwrap()));
        }
    }
    eprintln!("\nlogs without a report: {}", logs.len());
    for (name, log) in logs {
        let found: Vec<_> = liboops::blocks(&log)
            .iter()
            .flat_map(|block| &block.reports)
            .map(|report| report.title.value.clone())
            .collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn what_abrt_finds_is_found() {
    let Some(corpus) = corpus() else { return };
    for entry in fs::read_dir(corpus.join("abrt")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_log = name.ends_with(".test") || name.ends_with(".template");
        if !is_log || name.contains("not_oops") || name == "no_oops.test" {
            continue;
        }
        let log = String::from_utf8_lossy(&fs::read(&path).unwrap()).replace(":HOSTNAME:", "host");
        let blocks = liboops::blocks(log.as_bytes());
        assert!(reports(&blocks).next().is_some(), "{name}");
        let frames: usize = reports(&blocks).map(|report| report.frames.len()).sum();
        eprintln!("\n{name}: {} reports, {frames} frames", reports(&blocks).count());
    }
}

#[test]
fn nothing_of_a_log_is_lost() {
    let Some(corpus) = corpus() else { return };
    for sample in samples(&corpus) {
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
    let Some(corpus) = corpus() else { return };
    let (mut asked, mut good, mut missed) = (0_u32, 0_u32, Vec::new());
    for sample in samples(&corpus).iter().filter(|sample| !sample.corrupted && sample.is_x86_64()) {
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
