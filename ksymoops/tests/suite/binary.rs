// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command from outside: help, options, exit status.
//!
//! `SNAPSHOTS=overwrite cargo test -p ksymoops` writes the expected help anew.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use snapbox::{assert_data_eq, file};

fn log(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/logs").join(name)
}

fn run(args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    run_plainly(&[&["--no-discovery"], args].concat(), input)
}

pub(super) fn run_plainly(args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ksymoops"))
        .arg("--no-journal")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may exit without reading.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn help() {
    let (status, out, _) = run(&["--help"], b"");
    assert_eq!(status, Some(0));
    assert_data_eq!(out, file!["../help.txt"].raw());
}

#[test]
fn standard_input_and_files_give_the_same() {
    let path = log("page_fault.log");
    let text = std::fs::read(&path).unwrap();
    let (status, from_file, _) = run(&[path.to_str().unwrap()], b"");
    assert_eq!((status, from_file.contains(";; -> +0x00")), (Some(0), true));
    assert_eq!(run(&[], &text).1, from_file);
    let json = run(&["--format=json"], &text).1;
    assert_eq!(json.lines().count(), 1);
}

#[test]
fn exit_status() {
    assert_eq!(run(&["--one-shot"], b"nothing here\n").0, Some(3));
    assert_eq!(run(&["-1"], &std::fs::read(log("page_fault.log")).unwrap()).0, Some(0));
    assert_eq!(run(&["--bogus"], b"").0, Some(2));
    for offset in ["xyz", "0x1c400fff"] {
        let (status, _, err) = run(&["--kaslr-offset", offset], b"nothing\n");
        assert!(status == Some(2) && err.contains("--kaslr-offset"), "{err}");
    }
    let (status, _, err) = run(&["/nonexistent/log"], b"");
    assert_eq!((status, err.contains("/nonexistent/log: No such file")), (Some(1), true), "{err}");
    let (status, _, err) = run(&["-V", "-v", "/nonexistent/vmlinux"], b"nothing\n");
    assert_eq!(status, Some(1));
    assert!(err.contains("-v and -V conflict; using the last one, -v"), "{err}");
}

#[test]
fn long_names_are_those_of_ksymoops() {
    for args in [
        ["--no-vmlinux", "--no-ksyms"],
        ["--no-lsmod", "--no-object"],
        ["--no-system-map", "--no-vmlinux"],
        ["--object=/nonexistent", "--system-map=/nonexistent/*r"],
        ["-VKLO", "-M"],
    ] {
        let (status, out, err) = run(&args, b"nothing\n");
        assert_eq!((status, out.as_str()), (Some(0), "nothing\n"), "{args:?}: {err}");
    }
}

#[test]
fn addresses_without_a_log() {
    let (status, out, _) = run(&["-A", "at ffffffff81234567 and 0xc0123456"], b"");
    assert_eq!(status, Some(0));
    assert!(out.starts_with("Addresses\n  ffffffff81234567\n"), "{out}");
    assert!(out.contains("  00000000c0123456\n"), "{out}");
    assert_eq!(run(&["-A", "none"], b"").0, Some(1));
}

#[test]
fn without_a_terminal_there_is_no_colour_and_no_progress() {
    let (_, out, err) = run(&[log("page_fault.log").to_str().unwrap()], b"");
    assert!(!out.contains('\u{1b}') && err.is_empty(), "{err}");
}

#[test]
fn each_letter_is_about_its_own_source() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let boot = root.join("boot");
    std::fs::create_dir_all(&boot).unwrap();
    std::fs::write(boot.join("System.map-9.9.9-fixture"), "ffffffff81000000 T one\nffffffff81000030 T two\n")
        .unwrap();
    let log = b"BUG: x\nCPU: 0 PID: 1 Comm: x Not tainted 9.9.9-fixture #1\nRIP: 0010:one+0x1/0x30\n";
    let with = |args: &[&str]| run_plainly(&[&["--root", root.to_str().unwrap()], args].concat(), log);
    for args in [&[][..], &["-V"], &["-O"], &["-K", "-L"], &["-VKLO"]] {
        let (status, out, err) = with(args);
        assert!(
            status == Some(0) && out.contains(";; RIP one+0x1/0x30: line unknown"),
            "{args:?}: {out}{err}"
        );
    }
    for args in [&["-M"][..], &["--no-discovery"], &["-VM"]] {
        let out = with(args).1;
        assert!(out.contains("symbols unknown"), "{args:?}: {out}");
    }
    // The log is believed.
    let (status, out, err) = with(&["--release", "9.9.8"]);
    assert!(status == Some(1) && out.contains(";; RIP one+0x1/0x30"), "{out}");
    assert!(err.contains("the log is from release 9.9.9-fixture, not 9.9.8"), "{err}");
    assert_eq!(with(&["--release", "9.9.9-fixture"]).0, Some(0));
    let silent = b"BUG: x\nRIP: 0010:one+0x1/0x30\n";
    let (status, out, _) =
        run_plainly(&["--root", root.to_str().unwrap(), "--release", "9.9.9-fixture"], silent);
    assert!(status == Some(0) && out.contains(";; RIP one+0x1/0x30"), "{out}");
}
