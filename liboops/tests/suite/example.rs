// SPDX-License-Identifier: MIT OR Apache-2.0
//! The example program does what its first lines say.

#[allow(dead_code, reason = "its main function")]
#[path = "../../examples/report.rs"]
mod report;

const PAGE_FAULT: &[u8] = include_bytes!("../../../tests/fixtures/logs/page_fault.log");

#[test]
fn what_where_and_frames() {
    let mut out = Vec::new();
    report::print(PAGE_FAULT, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = out.lines().take(4).collect();
    assert_eq!(
        lines,
        [
            "page fault: BUG: kernel NULL pointer dereference, address: 0000000000000010",
            "  at meter_write+0x1b [meter]",
            "  from meter_store+0x12 [meter]",
            "  from kernfs_fop_write_iter+0x12e"
        ]
    );
}
