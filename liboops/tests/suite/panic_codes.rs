// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs in the QR codes of panic screens, whole and cut, made by an encoder of the tests.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use liboops::panic_code::{Extent, decode, reader};
use modtest::corpus::Corpus;
use modtest::panic_code::{digits, old_digits};
use proptest::prelude::*;

/// What the kernel takes of its log at most: three times the bytes of a code.
const KERNEL_BYTES: usize = 3 * 2956;
/// Bytes of compressed text that fit into the largest code, with a URL of 60 bytes.
const CODE_BYTES: usize = 2880;
/// Every tenth digit is the last one once.
const STEP: usize = 10;

/// All logs at hand.
fn logs() -> Vec<(String, Vec<u8>)> {
    let mut logs = vec![
        ("page_fault".to_owned(), include_bytes!("../../../tests/fixtures/logs/page_fault.log").to_vec()),
        ("mailed".to_owned(), include_bytes!("../../../tests/fixtures/logs/mailed_warning.log").to_vec()),
    ];
    if let Some(corpus) = Corpus::find() {
        logs.extend(corpus.syzkaller().into_iter().map(|sample| (sample.name, sample.log)));
        logs.extend(corpus.abrt().into_iter().map(|log| (log.name, log.log)));
    }
    logs
}

/// Compresses as the kernel does: level 6 and a window of 4 KiB.
fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = Compress::new_with_window_bits(Compression::new(6), true, 12);
    let mut bytes = Vec::with_capacity(text.len() + 1024);
    let status = encoder.compress_vec(text, &mut bytes, FlushCompress::Finish).unwrap();
    assert_eq!(status, Status::StreamEnd);
    bytes
}

/// What zlib's bytes hold as far as they go.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() * 16 + 1024);
    let _ = Decompress::new(true).decompress_vec(bytes, &mut text, FlushDecompress::None);
    text
}

/// The end of a log that fits into a code, from the beginning of a line on, as the kernel leaves out line
/// by line.
fn newest(log: &[u8]) -> &[u8] {
    let mut text = &log[log.len().saturating_sub(KERNEL_BYTES)..];
    while zlib(text).len() > CODE_BYTES {
        let line = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        text = &text[line..];
    }
    text
}

fn url(name: &str, digits: &str) -> String {
    format!("https://panic.example.org/report#?a=x86_64&v=6.16.0-rc1+&{name}={digits}")
}

#[test]
fn every_log_comes_out_of_its_code() {
    for (name, log) in logs() {
        let bytes = zlib(&log);
        for (parameter, digits) in [("z", Some(digits(&bytes))), ("zl", old_digits(&bytes))] {
            // A kernel's last group may have too few digits: then there is no such code.
            let Some(digits) = digits else { continue };
            let code = decode(url(parameter, &digits).as_bytes()).unwrap();
            assert!(code.text == log && code.extent == Extent::Whole, "{name} {parameter}");
        }
    }
}

#[test]
fn of_a_cut_code_what_is_whole_comes_out() {
    let (mut cuts, mut looks_whole) = (0, 0);
    for (name, log) in logs() {
        let text = newest(&log);
        let bytes = zlib(text);
        let all = digits(&bytes);
        for length in (STEP..all.len()).step_by(STEP) {
            let code = decode(url("z", &all[..length]).as_bytes()).unwrap();
            // A last group of fewer than 17 digits is not known to be whole.
            let expected = inflated(&bytes[..length / 17 * 7]);
            assert!(code.text == expected, "{name}: {length} of {}", all.len());
            assert!(text.starts_with(&code.text) && !code.extent.is_whole(), "{name}: {length}");
            cuts += 1;
            looks_whole += usize::from([3, 5, 8, 10, 13, 15].contains(&(length % 17)));
        }
    }
    eprintln!("\ncuts: {cuts}, {looks_whole} of them with a rest that may be a whole last group");
    assert!(cuts > 20 && looks_whole > 5);
}

#[test]
fn of_a_cut_code_of_older_kernels_too() {
    // With all logs this takes long in a debug build.
    for (name, log) in logs().into_iter().step_by(8) {
        let text = newest(&log);
        let bytes = zlib(text);
        let Some(all) = old_digits(&bytes) else { continue };
        for length in (STEP..all.len()).step_by(STEP) {
            let code = decode(url("zl", &all[..length]).as_bytes()).unwrap();
            let expected = inflated(&bytes[..length / 4 * 13 / 8]);
            assert!(code.text == expected, "{name}: {length} of {}", all.len());
            assert!(text.starts_with(&code.text) && !code.extent.is_whole(), "{name}: {length}");
        }
    }
}

#[test]
fn reports_know_the_release_of_their_code() {
    let log = "[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000010\n";
    let url = url("z", &digits(&zlib(log.as_bytes())));
    let other = "WARNING: CPU: 0 PID: 1 at kernel/x.c:12 f+0x1/0x2\n---[ end trace 0000000000000000 ]---\n";
    let input = format!("{other}QR-Code:{url}\n");
    let (mut text, codes) = reader(input.as_bytes());
    let mut found = Vec::new();
    liboops::stream(&mut text, |event| {
        if let liboops::Event::Block(block) = event {
            found.extend(block.reports);
        }
        Ok(())
    })
    .unwrap();
    found.iter_mut().for_each(|report| codes.complete(report));
    let releases: Vec<_> = found.iter().map(|report| report.context.release.as_ref()).collect();
    assert_eq!(releases.len(), 2);
    assert_eq!((releases[0], releases[1].map(|it| it.value.as_str())), (None, Some("6.16.0-rc1+")));
    assert_eq!((found[0].arch, found[1].arch), (None, Some("x86_64")));
}

proptest! {
    /// Whatever comes in is passed on, or replaced, without a panic; other text stays as it is.
    #[test]
    fn any_text(before in "[a&?#z=v0-9\n ]{0,80}", digits in "[0-9]{0,200}", after in "[0-9=>\n x]{0,40}") {
        let text = format!("{before}a=x&v=6&z={digits}{after}");
        let (mut log, codes) = reader(text.as_bytes());
        let mut out = Vec::new();
        std::io::Read::read_to_end(&mut log, &mut out).unwrap();
        if codes.take_new().iter().all(|code| code.span.start == code.span.end) {
            prop_assert_eq!(out.as_slice(), text.as_bytes());
        }
    }

    #[test]
    fn any_bytes_in_a_code(bytes in prop::collection::vec(any::<u8>(), 1..300), is_zlib: bool) {
        let bytes = if is_zlib { zlib(&bytes) } else { bytes };
        let code = decode(url("z", &digits(&bytes)).as_bytes()).unwrap();
        prop_assert!(!is_zlib || code.extent.is_whole());
        if let Some(digits) = old_digits(&bytes) {
            let old = decode(url("zl", &digits).as_bytes()).unwrap();
            prop_assert_eq!(old.text, code.text);
        }
    }
}
