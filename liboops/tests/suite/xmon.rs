// SPDX-License-Identifier: MIT OR Apache-2.0
//! What powerpc's debugger xmon prints in place of an oops, and the lines before a machine check.

use liboops::report::Kind;

use super::common::only;

#[test]
fn each_line_of_xmon() {
    let log = "cpu 0xb: Vector: 380 (Data SLB Access) at [c0000003fb6cb7b0]\n\
        \x20   pc: c0080000002f007c: victim+0xc/0x1c [m]\n\
        \x20   lr: c0080000002f00f0: caller+0x64/0xac [m]\n\
        \x20   sp: c0000003fb6cba30\n\
        \x20  msr: 800000000280b033\n\
        \x20  dar: 10\n\
        \x20 current = 0xc0000003f9d6c000\n\
        \x20   pid   = 321, comm = tool\n\
        [c0000003fb6cba50] c0080000002f017c init+0x44/0xfec8 [m]\n";
    let report = only(log.as_bytes());
    let context = &report.context;
    assert_eq!(
        (report.arch, context.cpu, context.comm.as_deref()),
        (Some("ppc64le"), Some(11), Some("tool"))
    );
    let state = report.fault().unwrap();
    assert_eq!(state.return_address.as_ref().unwrap().symbol.as_deref(), Some("caller"));
    assert_eq!((state.register("SP"), state.register("DAR")), (Some(0xc000_0003_fb6c_ba30), Some(0x10)));
    assert_eq!((report.fault_address(), report.frames.len()), (Some(0x10), 1));
}

#[test]
fn of_one_processor_of_32_bits() {
    let log = "Vector: 300 (Data Access) at [c1a0bd80]\n\
        \x20   pc: c00123f0: victim+0xc/0x1c\n\
        \x20   lr: c0012300: caller+0x64/0xac\n\
        \x20  dar: 10\n\
        \x20dsisr: 40000000\n";
    let report = only(log.as_bytes());
    assert_eq!(
        (report.kind, report.arch, report.fault_address()),
        (Kind::PageFault, Some("ppc"), Some(0x10))
    );
}

#[test]
fn the_line_of_a_bug_comes_behind_the_registers() {
    let log = "cpu 0x0: Vector: 700 (Program Check) at [c000000004a6b4d0]\n\
        \x20   pc: c0080000002f007c: .victim+0xc/0x1c\n\
        kernel BUG at mm/slub.c:123!\n\
        \x20   pid   = 321, comm = tool\n";
    let report = only(log.as_bytes());
    assert_eq!((report.kind, report.context.pid), (Kind::Bug, Some(321)));
    assert_eq!(report.message.unwrap().value, "kernel BUG at mm/slub.c:123!");
}

#[test]
fn a_machine_check_is_one_report() {
    let log = "Severe Machine check interrupt [Not recovered]\n\
        \x20 NIP [c008000000ea007c]: victim+0xc/0x1c\n\
        \x20 Initiator: CPU\n\
        Oops: Machine check, sig: 7 [#1]\n\
        NIP:  c008000000ea007c LR: c008000000ea00f0 CTR: c008000000ea00ec\n";
    let report = only(log.as_bytes());
    assert_eq!((report.kind, report.states.len()), (Kind::MachineCheck, 1));
    let place = &report.mentions[0];
    assert_eq!(
        (place.symbol.as_deref(), place.address.map(|a| a.0)),
        (Some("victim"), Some(0xc008_0000_00ea_007c))
    );
}

#[test]
fn the_return_address_may_come_before_the_instruction_pointer() {
    let report = only(b"LR [c008000000ea00f0] caller+0x64/0xac\nNIP [c008000000ea007c] victim+0xc/0x1c\n");
    let [state] = report.states.as_slice() else { panic!("{:?}", report.states) };
    assert!(state.pc.is_some() && state.return_address.is_some());
}
