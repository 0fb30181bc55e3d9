// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every log of a megabyte is read soon and with little memory. One test, since it measures the process.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use liboops::{panic_code, pstore};
use modtest::hostile_files::{after, noise, repeated};
use modtest::limits::assert_limits;
use modtest::panic_code::digits;

/// A report's first line, and lines that belong to it.
const START: &str = "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n";
const TRACE: &str = "[    1.000001] Call Trace:\n[    1.000001]  <TASK>\n";
const FRAME: &str = "[    1.000002]  ? a_function+0x1b/0x200 [module]\n";

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| repeated(text.as_bytes());
    let mut inputs: Vec<(&'static str, Vec<u8>)> = vec![
        ("zeros", repeated(&[0])),
        ("0xff", repeated(&[0xff])),
        ("noise", noise()),
        ("line feeds", text("\n")),
        ("carriage returns", text("\r")),
        ("one long line", after(b"[    1.000000] BUG: ", b"x")),
        ("a long line of beginnings", text("BUG: Oops: Call Trace: WARNING: RIP: ")),
        ("a long line of times", text("[    1.000000] ")),
        ("a long line of quotation marks", text("> ")),
        ("lines of quotation marks", text(">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>> BUG: \n")),
        ("beginnings", text("BUG: unable\n")),
        ("traces without reports", text("Call Trace:\n")),
        ("reports", text(START)),
        ("whole reports", text(&[START, TRACE, FRAME].concat())),
        ("a huge stack", after([START, TRACE].concat().as_bytes(), FRAME.as_bytes())),
        ("a stack in one line", after([START, TRACE].concat().as_bytes(), b" a+0x1/0x2")),
        ("a list of modules", after([START, "Modules linked in:"].concat().as_bytes(), b" module(OE)")),
        ("code", after([START, "Code:"].concat().as_bytes(), b" 90")),
        ("many lines of code", after(START.as_bytes(), b"Code: 90 90 <90> 90\n")),
        ("registers", after(START.as_bytes(), b"RAX: 0000000000000001 RBX: 0000000000000002\n")),
        ("a raw stack", after([START, "Stack:\n"].concat().as_bytes(), b" 0000000000000001")),
        ("traps in one line", after(START.as_bytes(), b"RIP: 0010:a+0x1/0x2 ")),
        ("empty lines of a report", after(START.as_bytes(), b"[    1.000001] \n")),
        ("wrapped lines", after([START, TRACE].concat().as_bytes(), b" a_function+\n0x1b/0x200\n")),
        ("JSON of journalctl", text("{\"MESSAGE\":\"BUG: x\",\"_TRANSPORT\":\"kernel\"}\n")),
        ("nested JSON", text("{\"MESSAGE\":[")),
        ("numbers as JSON text", text("{\"MESSAGE\":[66,85,71,58,32]}\n")),
        ("escapes", text("<4>\\x0a\\x42UG: \\n")),
        ("dumps of pstore", text("Oops#1 Part1\n<4>BUG: x\n")),
        ("cut", text("------------[ cut here ]------------\n")),
        ("codes without text", text("?a=x86_64&v=6.16.0&z=1 ")),
        ("parameters", text("&z=1&v=2&a=3")),
        ("one code", after(b"?a=x86_64&v=6.16.0&z=", b"1")),
        ("a wrapped code", after(b"?a=x86_64&v=6.16.0&z=1\n", b"1\n")),
    ];
    // Each stands for as much text as is read of one.
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b'a'; 2 << 20]).expect("memory can be written to");
    let digits = digits(&encoder.finish().expect("memory can be written to"));
    inputs.push(("codes of much text", text(&format!("?a=x86_64&v=6.16.0&z={digits}\n"))));
    let writers: String = (0..20_000).map(|number| format!("[    1.0][ T{number}] BUG: x\n")).collect();
    inputs.push(("many writers", after(writers.as_bytes(), b"[    1.0][ T1]  a+0x1/0x2\n")));
    let interleaved: String = (0..64)
        .map(|number| {
            format!("[    1.0][ T{number}] {}", START.split_once("] ").map_or("", |(_, line)| line))
        })
        .collect();
    let frames: String = (0..64).map(|number| format!("[    1.0][ T{number}]  a+0x1/0x2\n")).collect();
    inputs.push(("interleaved writers", after(interleaved.as_bytes(), frames.as_bytes())));
    inputs
}

#[test]
fn a_megabyte_costs_two_seconds_and_512_megabytes_at_most() {
    for (input, data) in inputs() {
        assert_limits(&format!("a log of {input}"), || {
            let length: usize = liboops::blocks(&data).iter().map(|block| block.text.len()).sum();
            assert!(length <= data.len(), "{input}");
            assert!(!pstore::in_order(&data).is_empty(), "{input}");
            let (mut log, _codes) = panic_code::reader(&*data);
            io::copy(&mut log, &mut io::sink()).unwrap();
        });
    }
}
