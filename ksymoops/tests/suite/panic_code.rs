// SPDX-License-Identifier: MIT OR Apache-2.0
//! The QR code of a panic screen as input of the command.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use modtest::panic_code::digits;

use super::binary::run_plainly;
use super::support::PAGE_FAULT;

fn run(args: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    run_plainly(&[&["--no-discovery"], args].concat(), input)
}

fn url(log: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(log).unwrap();
    let digits = digits(&encoder.finish().unwrap());
    format!("https://panic.example.org/report#?a=x86_64&v=6.16.0-rc1+&z={digits}")
}

#[test]
fn the_text_of_a_scanner_is_decoded_like_its_log() {
    let (_, expected, _) = run(&[], PAGE_FAULT);
    let url = url(PAGE_FAULT);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("code.txt");
    std::fs::write(&file, &url).unwrap();
    let fragment = url.split_once('#').unwrap().1;
    let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
    compressed.write_all(url.as_bytes()).unwrap();
    let utf16: Vec<u8> = format!("\u{feff}{url}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (args, input) in [
        (&[][..], url.as_bytes()),
        (&[], format!("QR-Code:{url}\n").as_bytes()),
        (&[], fragment.as_bytes()),
        (&["-"], &compressed.finish().unwrap()),
        (&[], &utf16),
        (&[file.to_str().unwrap()], b""),
        (&[&url], b""),
        (&[fragment], b""),
    ] {
        let (status, out, err) = run(args, input);
        assert_eq!((status, &out), (Some(0), &expected), "{err}");
        assert!(err.contains("the QR code of a panic screen (x86_64, release 6.16.0-rc1+)\n"), "{err}");
    }
    // Where no URL is configured.
    let (status, out, err) = run(&["--format=json"], &[b"QR-Code:", PAGE_FAULT].concat());
    let (_, json, _) = run(&["--format=json"], PAGE_FAULT);
    assert_eq!((status, out.len(), err.as_str()), (Some(0), json.len(), ""));
}

/// A report that does not say what kernel it is from.
const ANONYMOUS: &[u8] = b"[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
    [    1.000001] Code: 48 89 e5 <48> 8b 47 10\n";

#[test]
fn release_and_processor_are_those_of_the_code() {
    let (status, out, err) = run(&["--format=json"], url(ANONYMOUS).as_bytes());
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    let report = &value["report"];
    assert_eq!((status, &report["arch"], err.lines().count()), (Some(0), &"x86_64".into(), 1));
    assert_eq!(report["context"]["release"]["value"], "6.16.0-rc1+");
    assert!(out.contains("0x10(%rdi)"), "{out}");
    let (_, out, _) = run(&["--format=json"], ANONYMOUS);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(value["report"]["context"]["release"].is_null());
}

#[test]
fn of_a_cut_code_the_beginning_is_decoded() {
    let url = url(PAGE_FAULT);
    for length in (100..url.len()).step_by(97) {
        let (status, out, err) = run(&[], &url.as_bytes()[..length]);
        let is_empty = out.starts_with("https://");
        assert!(is_empty || PAGE_FAULT.starts_with(&out.as_bytes()[..20]), "{out}");
        assert_eq!(status, Some(i32::from(is_empty)), "{err}");
        assert!(err.contains("digits are missing at its end"), "{err}");
    }
    let classic = run(&["--format=ksymoops", "-VKLOM"], &url.as_bytes()[..url.len() * 2 / 3]);
    assert!(classic.1.contains("RIP: 0010:meter_write+0x1b/0x30"), "{classic:?}");
    assert!(classic.2.contains("digits are missing at its end"), "{classic:?}");
}
