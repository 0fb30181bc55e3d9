// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is read from logs of our own.

use liboops::report::{Caller, Hex, Kind, Origin};

use super::support::{BANNER, MAILED, PAGE_FAULT, STALE, only};

#[test]
fn a_page_fault_is_read_in_full() {
    let report = only(PAGE_FAULT);
    assert_eq!(report.kind, Kind::PageFault);
    assert_eq!((report.fault_address(), report.time_us), (Some(0x10), Some(12_500_000)));
    let context = &report.context;
    assert_eq!((context.cpu, context.pid, context.comm.as_deref()), (Some(1), Some(321), Some("my tool")));
    assert_eq!(context.release.as_ref().unwrap().value, "6.1.0-99-amd64");
    assert_eq!(context.version.as_deref(), Some("#1  Debian 6.1.999-1"));
    assert_eq!(context.taint.as_ref().unwrap().value, "GOE");
    assert_eq!(context.banner.as_deref(), Some(BANNER));
    assert_eq!(context.kernel_offset.unwrap().slide, Hex(0x19a0_0000));
    assert_eq!(context.last_unloaded.as_deref(), Some("foo"));
    let modules: Vec<_> =
        context.modules.as_ref().unwrap().iter().map(|module| module.name.as_str()).collect();
    assert_eq!(modules, ["meter", "meter__persist", "ext4", "crc16"]);
    let origins: Vec<_> = report.states.iter().map(|state| state.origin).collect();
    assert_eq!(origins, [Origin::Fault, Origin::User, Origin::Repeat]);
    let fault = report.fault().unwrap();
    let pc = fault.pc.as_ref().unwrap();
    assert_eq!((pc.symbol.as_deref(), pc.offset, pc.size), (Some("meter_write"), 0x1b, Some(0x30)));
    assert!(pc.exact);
    assert_eq!(fault.register("RBX"), Some(0xffff_ffff_c0a0_2018));
    assert_eq!(fault.code.as_ref().unwrap().marker, Some(22));
    let frames: Vec<_> = report.frames.iter().map(|frame| frame.place.symbol.clone().unwrap()).collect();
    assert_eq!(frames, ["__die", "meter_store", "kernfs_fop_write_iter", "entry_SYSCALL_64_after_hwframe"]);
    assert!(report.frames[0].place.unreliable && !report.frames[1].place.unreliable);
    assert_eq!(report.frames[1].context.as_deref(), Some("TASK"));
    assert!(report.panicked);
}

#[test]
fn spans_are_of_the_text() {
    let blocks = liboops::blocks(PAGE_FAULT);
    let report = &blocks[0].reports[0];
    for register in report.states.iter().flat_map(|state| &state.registers) {
        let text = blocks[0].text_at(register.span);
        assert_eq!(u64::from_str_radix(&text, 16), Ok(register.value.0), "{register:?}");
    }
    let start = usize::try_from(report.context.release.as_ref().unwrap().span.start).unwrap();
    assert!(PAGE_FAULT[start..].starts_with(b"6.1.0-99-amd64 #1"));
    assert_eq!(blocks[0].text_at(report.frames[1].place.span), "meter_store+0x12/0x40 [meter]");
}

#[test]
fn another_writer_is_kept_apart() {
    let report = only(STALE);
    assert_eq!(report.caller, Some(Caller::Task(400)));
    assert_eq!(report.had_module("meter"), Some(false));
    let block = &liboops::blocks(STALE)[0];
    assert_eq!(block.lines[3].report, None, "the clock source's line");
}

#[test]
fn a_mailed_log_is_read_without_its_hashed_addresses() {
    let report = only(MAILED);
    assert_eq!(report.kind, Kind::Warning);
    assert_eq!(report.mentions[0].module.as_deref(), Some("m"));
    assert_eq!(report.frames[0].place.address, Some(Hex(0xffff_ffff_8123_4600)));
    assert_eq!((report.frames[1].place.address, report.frames[1].place.offset), (None, 1));
}
