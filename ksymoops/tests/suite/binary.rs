// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command from outside: help, options, exit status.
//!
//! `SNAPSHOTS=overwrite cargo test -p ksymoops` writes the expected help anew.

use std::io::{BufRead, BufReader, Write};
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

/// Writes a log into a pipe that stays open, and reads what comes out until a line has a text.
#[test]
fn a_report_is_shown_when_it_has_ended_and_not_with_the_next_line() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ksymoops"))
        .args(["--no-journal", "--no-discovery"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let text = std::fs::read(log("page_fault.log")).unwrap();
    let end = b"---[ end Kernel panic - not syncing: Fatal exception ]---\n";
    let at = text.windows(end.len()).position(|part| part == end).unwrap() + end.len();
    pipe.write_all(&text[..at]).unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(out.any(|line| line.starts_with("  ;; what    page fault")));
    assert!(out.any(|line| line.ends_with("end Kernel panic - not syncing: Fatal exception ]---")));
    // What is written between reports is passed on, too.
    pipe.write_all(b"usb 1-1: new device\n").unwrap();
    assert!(out.any(|line| line == "usb 1-1: new device"));
    drop(pipe);
    assert!(child.wait().unwrap().success());
}

/// A server of debug files for one request.
#[test]
fn servers_are_asked_by_build_id_if_the_user_names_them() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let first = BufReader::new(stream.try_clone().unwrap()).lines().next().unwrap().unwrap();
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        first
    });
    let home = tempfile::tempdir().unwrap();
    let id = "0123456789abcdef0123456789abcdef01234567";
    let text = std::fs::read_to_string(log("page_fault.log")).unwrap();
    let text = text.replace("meter_store+0x12/0x40 [meter]", &format!("meter_store+0x12/0x40 [meter {id}]"));
    let path = home.path().join("log");
    std::fs::write(&path, text).unwrap();
    let run = |urls: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ksymoops"));
        command.env("DEBUGINFOD_URLS", urls).env("XDG_CACHE_HOME", home.path());
        command.args(["--no-journal", "--root"]).arg(home.path()).arg(&path).output().unwrap()
    };
    // Without servers nothing is asked for: the one request is still to come.
    assert!(run("").status.success());
    let out = run(&url);
    assert_eq!(serving.join().unwrap(), format!("GET /buildid/{id}/debuginfo HTTP/1.1"));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // Nobody is there any more.
    let out = run(&url);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && said.contains(&format!("WARNING: {url}: ")), "{said}");
}

#[test]
fn each_of_several_logs_is_named() {
    let (one, other) = (log("page_fault.log"), log("stale_pointer.log"));
    let (one, other) = (one.to_str().unwrap(), other.to_str().unwrap());
    let names = |args: &[&str]| -> Vec<String> {
        let out = run(args, b"").1;
        out.lines().filter_map(|line| line.strip_prefix("  ;; ==> ")).map(str::to_owned).collect()
    };
    assert_eq!(names(&[one]), [""; 0]);
    assert_eq!(names(&[one, other]), [one, other]);
    assert_eq!(names(&["--summary", "/dev/null", one, other]), [one, other]);
}

#[test]
fn parts_of_the_output() {
    let path = log("page_fault.log");
    let path = path.to_str().unwrap();
    let only = run(&["--only-reports", path], b"").1;
    assert!(!only.contains("usb 1-1") && !only.contains("the rest of the log"), "{only}");
    assert!(only.contains("RIP: 0010:meter_write"), "{only}");
    let summary = run(&["--summary", path], b"").1;
    assert!(summary.lines().all(|line| line.starts_with("  ;; ")), "{summary}");
    let frames = run(&["--frames", path], b"").1;
    assert!(frames.contains(";; #0  meter_write") && frames.contains(";; #1  meter_store"), "{frames}");
    assert_eq!(run(&["--frames", "--summary", path], b"").0, Some(2));
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
        // That the files do not exist is a warning.
        let expected = i32::from(args[0].contains("nonexistent"));
        assert_eq!((status, out.as_str()), (Some(expected), "nothing\n"), "{args:?}: {err}");
    }
}

#[test]
fn a_minus_is_standard_input() {
    let text = std::fs::read(log("page_fault.log")).unwrap();
    let from_pipe = run(&[], &text);
    assert_eq!(run(&["-"], &text), from_pipe);
    assert_eq!(run(&["-"], NONE).2, run(&[], NONE).2);
}

#[test]
fn what_the_user_names_and_is_of_no_use_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (passwd, missing, empty) = (path("passwd"), path("missing"), path("empty"));
    std::fs::write(&passwd, "root:x:0:0:root:/root:/bin/sh\n").unwrap();
    std::fs::create_dir(&empty).unwrap();
    let text = std::fs::read(log("page_fault.log")).unwrap();
    for (option, named, said) in [
        ("-v", &missing, "missing: cannot be opened: No such file or directory"),
        ("-v", &passwd, "passwd: not an ELF file"),
        ("-k", &missing, "missing: No such file or directory"),
        ("-k", &passwd, "passwd: no symbols of the kernel"),
        ("-m", &missing, "missing: No such file or directory"),
        ("-m", &passwd, "passwd: no symbols of the kernel"),
        ("-l", &missing, "missing: No such file or directory"),
        ("-l", &passwd, "passwd: no loaded modules"),
        ("-o", &missing, "missing: No such file or directory"),
        ("-o", &passwd, "passwd: not an ELF file"),
        ("--source", &missing, "missing: No such file or directory"),
        ("--source", &passwd, "passwd: Not a directory"),
        ("-o", &empty, "empty: no modules"),
        ("--debug-dir", &missing, "missing: No such file or directory"),
        ("--debug-dir", &empty, "empty: no files"),
        ("--debug-dir", &passwd, "passwd: Not a directory"),
        ("--root", &missing, "missing: No such file or directory"),
    ] {
        for format in ["--format=annotated", "--format=json", "--format=ksymoops"] {
            let (status, _, err) = run(&[format, option, named], &text);
            let warnings = err.lines().filter(|line| line.contains(named.as_str())).count();
            let is_said = err.contains(said) || format == "--format=ksymoops" && option == "-v";
            assert!(status == Some(1) && warnings == 1 && is_said, "{format} {option} {named}: {err}");
        }
    }
}

#[test]
fn messages_have_no_numbers_of_errors() {
    for args in [&["/nonexistent"][..], &["-k", "/nonexistent"], &["--format=ksymoops", "/nonexistent"]] {
        let err = run(args, b"nothing\n").2;
        assert!(err.contains("No such file or directory\n") && !err.contains("os error"), "{err}");
    }
    let err = run(&["--kaslr-offset", "zz"], b"").2;
    assert!(err.ends_with("--kaslr-offset takes up to 16 hexadecimal digits, not 'zz'\n"), "{err}");
}

#[test]
fn what_cannot_be_written_is_said() {
    for format in ["--format=annotated", "--format=json", "--format=ksymoops"] {
        let output = Command::new(env!("CARGO_BIN_EXE_ksymoops"))
            .args(["--no-journal", "--no-discovery", format])
            .arg(log("page_fault.log"))
            .stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.ends_with("cannot write to standard output: No space left on device\n"), "{err}");
    }
}

#[test]
fn addresses_without_a_log() {
    let (status, out, _) = run(&["-A", "at ffffffff81234567 and 0xc0123456"], b"");
    assert_eq!(status, Some(0));
    assert!(out.starts_with("Addresses\n  ffffffff81234567\n"), "{out}");
    assert!(out.contains("  00000000c0123456\n"), "{out}");
    assert_eq!(run(&["-A", "none"], b"").0, Some(1));
    let (status, out, err) = run(&["-A", "m_put+0x13/0xf0 [m] or c0123456"], b"");
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("Addresses\n  m_put+0x13/0xf0 [m]\n"), "{out}");
    assert!(out.contains("  00000000c0123456\n"), "{out}");
}

#[test]
fn a_place_without_a_log_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("System.map");
    std::fs::write(&map, "ffffffff81364000 T m_put\nffffffff813640f0 T next\n").unwrap();
    let args = ["--kaslr-offset", "0", "-m", map.to_str().unwrap(), "-A"];
    let (status, out, _) = run(&[&args[..], &["m_put+0x13/0xf0"]].concat(), b"");
    assert!(status == Some(0) && out.contains(";; m_put+0x13/0xf0"), "{out}");
    // The size is that of another build.
    let out = run(&[&args[..], &["m_put+0x13/0x80"]].concat(), b"").1;
    assert!(out.contains("not 0x80: the file is of"), "{out}");
}

const NONE: &[u8] = b"usb 1-1: new device\nusb 1-1: gone";

#[test]
fn that_there_is_no_report_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.log");
    std::fs::write(&path, NONE).unwrap();
    let path = path.to_str().unwrap();
    let (status, out, err) = run(&[path], b"");
    assert_eq!((status, out.as_bytes()), (Some(0), NONE));
    assert_eq!(err, format!("ksymoops: NOTICE: no report in {path} (2 lines)\n"));
    let (status, _, err) = run(&["--format=json"], NONE);
    assert_eq!(
        (status, err.as_str()),
        (Some(0), "ksymoops: NOTICE: no report in standard input (2 lines)\n")
    );
    assert_eq!(run(&["-1"], NONE).0, Some(3));
    assert_eq!(run(&["--fail-if-none"], NONE).0, Some(2));
    assert_eq!(run(&["--fail-if-none", "-1"], NONE).0, Some(2));
    let fault = log("page_fault.log");
    let (status, _, err) = run(&["--fail-if-none", path, fault.to_str().unwrap()], b"");
    assert_eq!((status, err.lines().count()), (Some(0), 1), "{err}");
}

#[test]
fn a_log_that_cannot_be_read_does_not_keep_the_others_from_it() {
    let fault = log("page_fault.log");
    let fault = fault.to_str().unwrap();
    for missing in ["/nonexistent/log", "/"] {
        let (status, out, err) = run(&[missing, fault], b"");
        assert_eq!((status, out.contains(";; -> +0x00")), (Some(1), true), "{missing}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with(&format!("ksymoops: ERROR: {missing}: ")), "{err}");
    }
    assert_eq!(run(&["-1", "/nonexistent/log"], b"").0, Some(3));
}

#[test]
fn that_the_beginning_is_missing_is_said() {
    let (status, out, err) = run(&[], include_bytes!("../../../tests/fixtures/logs/kinds/no_start_line.log"));
    assert_eq!(status, Some(0));
    assert!(out.contains(";; -> +0x00  48 8b 19"), "{out}");
    assert_eq!(
        err,
        "ksymoops: NOTICE: the beginning of a report is missing; it is decoded from this line on: \
         RIP: 0010:__kmalloc+0x111/0x330\n"
    );
}

#[test]
fn a_missing_module_is_said_once_a_report() {
    let log = include_bytes!("../../../tests/fixtures/logs/kinds/missing_module.log");
    let (_, out, _) = run(&[], &[&log[..], &[b'\n'; 100], log].concat());
    assert_eq!(out.matches("no file of module zfs").count(), 2, "{out}");
}

/// `xz -c` and `zstd -c` of `BUG: kernel NULL pointer dereference, address: 0000000000000030\n`.
const XZ: &str = "fd377a585a000004e6d6b4460200210116000000742fe5a3e0003f00375d00211544efd03c5cc86b701d2e006abc659e1a47919cab4cf22a47f18fb777faab2c8da97f390412ca149a27bd1245c9a4fe4fc45f6100000000501dbf10533363c0000153402cfaccc71fb6f37d010000000004595a";
const ZSTD: &str = "28b52ffd0458d5010034034255473a206b65726e656c204e554c4c20706f696e7465722064657265666572656e63652c20616464726573733a203033300a0100700028d0b0030d";
/// `gzip -nc`
const GZIP: &str = "1f8b0800000000000003730a75b752c84e2dca4bcd51f00bf5f15128c8cfcc2b492d5248492d4a4d03e2bce4541d85c49494a2d4e2622b050314606cc00500aabee00c40000000";

#[test]
fn compressed_logs_and_utf_16() {
    let text = "BUG: kernel NULL pointer dereference, address: 0000000000000030\n";
    let expected = run(&["--format=json"], text.as_bytes());
    assert!(expected.1.contains("page-fault"));
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let units: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let folder = tempfile::tempdir().unwrap();
    for input in [hex(XZ), hex(ZSTD), hex(GZIP), units] {
        assert_eq!(run(&["--format=json"], &input), expected);
        let path = folder.path().join("log");
        std::fs::write(&path, &input).unwrap();
        assert_eq!(run(&["--format=json", path.to_str().unwrap()], b""), expected);
    }
    // What could be read is decoded.
    let cut = hex(GZIP);
    let (status, out, err) = run(&["--format=json"], &cut[..cut.len() - 6]);
    assert_eq!((status, out.contains("page-fault")), (Some(1), true), "{err}");
    assert!(err.starts_with("ksymoops: ERROR: standard input: "), "{err}");
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

/// Lines of an earlier run are written anew, not beside the old ones.
#[test]
fn the_output_decoded_again_is_the_same() {
    for name in ["page_fault.log", "stale_pointer.log"] {
        let log = std::fs::read(log(name)).unwrap();
        for options in [&[][..], &["--only-reports"], &["--summary"]] {
            let (_, once, _) = run(&[], &log);
            let (_, first, _) = run(options, &log);
            let (_, again, _) = run(options, once.as_bytes());
            assert!(once.contains("  ;; what "), "{once}");
            assert_eq!(again, first, "{name} {options:?}");
        }
        let (_, once, _) = run(&["--color=always"], &log);
        let (_, first, _) = run(&["--format=html"], &log);
        let (_, again, _) = run(&["--format=html"], once.as_bytes());
        assert_eq!(again.matches(";; ").count(), first.matches(";; ").count(), "{name}");
    }
}
