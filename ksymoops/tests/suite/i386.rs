// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reports of 32-bit x86 kernels, some of whose lines are those of x86-64.

use ksymoops::decode::{AnnotationKind, Decoder};
use libksym::{Discover, FileSearch};
use liboops::report::{Hex, Origin, Report};

/// Since 5.1: `#PF:` comes first, which x86-64 has as well.
const MODERN: &str = "\
BUG: kernel NULL pointer dereference, address: 00000010
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
*pde = 00000000
Oops: 0002 [#1] PREEMPT SMP
CPU: 0 PID: 321 Comm: bash Not tainted 6.1.0-99-686-pae #1  Debian 6.1.999-1
EIP: meter_write+0x14/0x30 [meter]
Code: 40 48 89 e5 8b 45 08 5d c3 <c7> 40 10 01 00 00 00 5d c3
EAX: 00000000 EBX: 00000001 ECX: 00000002 EDX: 00000003
ESI: 00000063 EDI: 00000000 EBP: c2b7fe90 ESP: c2b7fe8c
DS: 007b ES: 007b FS: 00d8 GS: 00e0 SS: 0068 EFLAGS: 00010246
CR0: 80050033 CR2: 00000010 CR3: 0296c000 CR4: 00000690
Call Trace:
 meter_store+0x2a/0x40 [meter]
EIP: 0xb7f13549
EAX: ffffffda EBX: 00000001 ECX: 00000002 EDX: 00000003
---[ end trace 0000000000000000 ]---
";

const OLD: &str = "\
Unable to handle kernel NULL pointer dereference at virtual address 00000010
 printing eip:
c0123456
*pde = 00000000
Oops: 0002 [#1]
CPU:    0
EIP:    0060:[<c0123456>]    Not tainted VLI
EFLAGS: 00010246   (2.6.10)
EIP is at meter_write+0x14/0x30 [meter]
eax: 00000000   ebx: c84e41a0   ecx: 00000000   edx: 00000001
esi: c84e41a0   edi: 00000000   ebp: 00000000   esp: c1234f00
ds: 007b   es: 007b   ss: 0068
Process tool (pid: 321, threadinfo=c1235000 task=c1236000)
Stack: c0123456 00000000 c84e41a0
       c0123456 00000000 c84e41a0
Call Trace:
 [<c0123500>] meter_store+0x2a/0x40 [meter]
Code: 89 42 10 8b 45 08 <c7> 40 10 00 00 00 00
EIP: [<c0123456>] meter_write+0x14/0x30 [meter] SS:ESP 0068:c1234f00
";

fn only(log: &str) -> Report {
    let mut reports: Vec<Report> =
        liboops::blocks(log.as_bytes()).into_iter().flat_map(|block| block.reports).collect();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.remove(0)
}

/// What is said about the code bytes: the instruction at the mark and what it accesses, or why there is none.
fn code(log: &str) -> String {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    let blocks = liboops::blocks(log.as_bytes());
    let said = decoder.decode(&blocks[0]).into_iter().find_map(|annotation| match annotation.kind {
        AnnotationKind::Instructions(listing) => {
            let [access] = listing.access.as_slice() else { panic!("{listing:?}") };
            let instruction = &listing.instructions[listing.marked.unwrap()];
            Some(format!("{} at {:#x} {:?}", instruction.text, access.address.unwrap(), access.is_fault))
        }
        AnnotationKind::NoInstructions(why) => Some(why),
        _ => None,
    });
    said.unwrap()
}

#[test]
fn both_old_and_new_are_read() {
    for (log, address) in [(MODERN, None), (OLD, Some(Hex(0xc012_3456)))] {
        let report = only(log);
        assert_eq!((report.arch, report.fault_address()), (Some("i386"), Some(0x10)));
        let fault = report.fault().unwrap();
        let pc = fault.pc.as_ref().unwrap();
        assert_eq!((pc.symbol.as_deref(), pc.offset, pc.size), (Some("meter_write"), 0x14, Some(0x30)));
        assert_eq!((pc.module.as_deref(), pc.address, pc.exact), (Some("meter"), address, true));
        assert_eq!(
            (fault.register("EAX"), fault.register("EDX")),
            (Some(0), Some(if log == OLD { 1 } else { 3 }))
        );
        assert_eq!(fault.code.as_ref().unwrap().marker, Some(if log == OLD { 6 } else { 9 }));
        assert_eq!(report.frames.len(), 1);
        assert!(report.mentions.is_empty(), "{:?}", report.mentions);
        let origins: Vec<_> = report.states.iter().map(|state| state.origin).collect();
        assert_eq!(origins, [Origin::Fault, if log == OLD { Origin::Repeat } else { Origin::User }]);
    }
}

#[test]
fn instructions_are_those_of_the_processor() {
    for log in [MODERN, OLD] {
        assert!(code(log).ends_with(",0x10(%eax) at 0x10 Some(true)"), "{}", code(log));
    }
    let wide = MODERN.replace("EIP: ", "RIP: 0010:").replace("EAX: ", "RAX: 00000000");
    assert_eq!(code(&wide), "movl $0x1,0x10(%rax) at 0x10 Some(true)");
}

#[test]
fn code_of_an_unknown_processor_is_not_disassembled() {
    let unknown: String =
        MODERN.lines().filter(|line| !line.starts_with('E')).map(|line| format!("{line}\n")).collect();
    let cut = unknown;
    assert_eq!(only(&cut).arch, None);
    assert_eq!(code(&cut), "nothing in the report tells the processor");
    let arm = "Oops: 0002 [#1]\nPC is at f+0x1/0x2\n";
    assert_eq!(only(arm).arch, Some("arm"));
}
