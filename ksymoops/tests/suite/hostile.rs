// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names and paths that somebody else chose: in a journal, in symbol files, on another machine's disk.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ksymoops::render::{Annotated, Json};
use libmodfmt::journal::{Entry, Journal, file_name};
use modtest::hostile::{NAME, assert_harmless};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use proptest::prelude::*;

use super::binary::run_plainly;
use super::support::{PAGE_FAULT, STALE, annotated, decoder, journal, rendered};

const BASE: u64 = 0xffff_ffff_c0a0_2000;

/// A report in `meter`, a module that the journal has.
const IN_METER: &[u8] = b"BUG: x\nCPU: 0 PID: 1 Comm: x Not tainted 6.1.0-99-amd64 #1  Debian 6.1.999-1\n\
    RIP: 0010:meter_read+0x9/0x20 [meter]\nRAX: ffffffffc0a0201c RBX: 0000000000000000 RCX: 0000000000000000\n\
    Modules linked in: meter(OE) meter__persist(OE)\n";

/// Every name in the header of the keeper is this one.
fn journal_with(name: &str) -> Journal {
    let mut journal = journal("b-1", BASE, Some(1500));
    for entry in &mut journal.entries {
        let Entry::Module(module) = entry else { continue };
        for variable in
            module.persistent.iter_mut().flat_map(|header| &mut Arc::make_mut(header).units[0].variables)
        {
            variable.name = name.to_owned();
            variable.file = Some(name.to_owned());
            variable.type_name = Some(format!("struct {name}"));
        }
    }
    journal
}

#[test]
fn names_of_a_journal() {
    let decoder = decoder(journal_with(NAME));
    for log in [STALE, PAGE_FAULT] {
        assert_harmless(&rendered(log, &decoder, Annotated::default()));
        let text = annotated(log, &decoder);
        let shown = "evil\\x1b]0;pwned\\x07\\x1b[2J\\nmodpersist: all is well\\r\\t\\x7f\\u{9b}31m\\u{202e}";
        assert!(text.contains(shown), "{text}");
        let json = rendered(log, &decoder, Json);
        assert_harmless(&json);
        assert!(String::from_utf8(json).unwrap().contains("evil\\u001b]0;pwned\\u0007\\u001b[2J\\nmod"));
    }
}

#[test]
fn names_of_symbols_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join(NAME.replace('/', "_"));
    // A blank ends a symbol's name.
    let name = NAME.replace(['\n', ' ', '\t', '\r'], "_");
    fs::write(
        &map,
        format!("ffffffff81000000 T _text\nffffffff81000010 T {name}\nffffffff81100000 T _end\n"),
    )
    .unwrap();
    let map = map.to_str().unwrap();
    let log = b"BUG: x\nCPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #1\nRIP: 0010:0xffffffff81000014\n";
    for format in ["--format=annotated", "--format=json"] {
        let (_, out, err) = run_plainly(&["--no-discovery", format, "-k", map], log);
        assert_harmless(out.as_bytes());
        assert_harmless(err.as_bytes());
        assert!(out.contains("pwned"), "{out}");
    }
    for option in ["-v", "-k", "-l", "-m", "-o", "--persist"] {
        let missing = format!("{map}/x.ko");
        let (_, out, err) = run_plainly(&["--no-discovery", option, &missing], log);
        assert_harmless(out.as_bytes());
        assert_harmless(err.as_bytes());
    }
    let (_, _, err) = run_plainly(&["--no-discovery", &format!("{map}/x"), &format!("-A{NAME}")], b"");
    assert_harmless(err.as_bytes());
    assert_harmless(run_plainly(&[&format!("--{NAME}")], b"").2.as_bytes());
}

proptest! {
    #[test]
    fn any_names_of_a_journal(name in ".*") {
        let decoder = decoder(journal_with(&name));
        assert_harmless(&rendered(STALE, &decoder, Annotated::default()));
        assert_harmless(&rendered(STALE, &decoder, Json));
    }
}

/// Runs with a limit: opening a FIFO, or reading `/dev/zero`, would never end.
fn ends(args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let start = Instant::now();
    let result = run_plainly(args, input);
    assert!(start.elapsed() < Duration::from_secs(120), "{args:?}");
    result
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("meter.ko");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let zero = folder.path().join("zero.ko");
    symlink("/dev/zero", &zero).unwrap();
    for path in [fifo.to_str().unwrap(), zero.to_str().unwrap()] {
        for option in ["-v", "-k", "-l", "-m", "-o", "--persist"] {
            let (status, _, err) = ends(&["--no-discovery", option, path], IN_METER);
            assert!(status != Some(0) || option == "-o", "{option} {path}: {err}");
        }
    }
    // A folder, too, may have one in it.
    let folder = folder.path().to_str().unwrap();
    ends(&["--no-discovery", "-o", folder, "--debug-dir", folder, "--persist", folder], IN_METER);
}

/// A journal below `root` that says that `meter` was loaded from this file.
fn write_journal(root: &Path, file: &str) {
    let mut journal = journal("b-1", BASE, None);
    for entry in &mut journal.entries {
        if let Entry::Module(module) = entry
            && module.name == "meter"
        {
            module.file = Some(file.to_owned());
        }
    }
    let folder = root.join("var/log/ksymoops");
    fs::create_dir_all(&folder).unwrap();
    let text: Vec<u8> = journal.entries.iter().flat_map(Entry::to_line).collect();
    fs::write(folder.join(file_name("b-1")), text).unwrap();
}

#[test]
fn paths_of_a_journal_are_below_the_root() {
    let outside = tempfile::tempdir().unwrap();
    let fifo = outside.path().join("meter.ko");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("disk");
    fs::create_dir_all(root.join("lib/modules/6.1.0-99-amd64")).unwrap();
    let up = format!("/lib/{}{}", "../".repeat(12), outside.path().join("meter.ko").display());
    symlink(outside.path(), root.join("link")).unwrap();
    symlink(outside.path().join("meter.ko"), root.join("lib/modules/6.1.0-99-amd64/meter.ko")).unwrap();
    for file in ["/dev/zero", fifo.to_str().unwrap(), &up, "/link/meter.ko", "meter.ko", "", "/"] {
        write_journal(&root, file);
        let args = ["--root", root.to_str().unwrap()];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ksymoops"));
        command.args(args).arg("--color=never");
        let start = Instant::now();
        let log = folder.path().join("log");
        fs::write(&log, IN_METER).unwrap();
        let output = command.arg(&log).output().unwrap();
        assert!(start.elapsed() < Duration::from_secs(120), "{file}");
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(out.contains("persistent data of meter"), "{file}: {out}{err}");
        // Nothing outside was found, not even to be refused.
        assert!(!err.contains("not a regular file") || matches!(file, "" | "/"), "{file}: {err}");
    }
}
