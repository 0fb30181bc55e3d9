// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reports whose first lines are missing: cut logs, screenshots, quotations.

use std::collections::BTreeSet;

use liboops::report::{Kind, Origin, Report};
use proptest::prelude::*;

use super::common::{bare, logs};

fn reports(log: &str) -> Vec<Report> {
    liboops::blocks(log.as_bytes()).into_iter().flat_map(|block| block.reports).collect()
}

fn functions(report: &Report) -> Vec<String> {
    report.places().filter_map(|place| place.function()).collect()
}

#[test]
fn a_report_cut_at_each_of_its_lines() {
    let lines = bare();
    for time in [false, true] {
        let line = |(n, line): (usize, &String)| {
            if time { format!("[   12.5{n:05}] {line}\n") } else { format!("{line}\n") }
        };
        let first_frame = lines.iter().position(|line| line.contains("meter_store+")).unwrap();
        let pc = lines.iter().position(|line| line.starts_with("RIP: 0010:")).unwrap();
        let code = lines.iter().position(|line| line.starts_with("Code:")).unwrap();
        for cut in 1..lines.len() {
            let log: String = lines.iter().enumerate().skip(cut).map(line).collect();
            let found = reports(&log);
            let own = found.first();
            let has = |name: &str| own.is_some_and(|report| functions(report).iter().any(|own| own == name));
            if cut <= first_frame {
                assert!(has("meter_store"), "{cut}: {log}");
            }
            if cut <= pc {
                let pc = own.unwrap().fault().unwrap().pc.as_ref().unwrap();
                assert_eq!(pc.symbol.as_deref(), Some("meter_write"), "{cut}");
            }
            if cut <= code {
                assert!(own.unwrap().states.iter().any(|state| state.code.is_some()), "{cut}");
            }
            // The other part.
            let log: String = lines.iter().enumerate().take(cut).map(line).collect();
            let found = reports(&log);
            assert_eq!(found.len(), 1, "{cut}: {log}");
            assert_eq!(
                (found[0].kind, cut > first_frame),
                (Kind::PageFault, functions(&found[0]).iter().any(|own| own == "meter_store")),
                "{cut}"
            );
        }
    }
}

/// Whether the first trace of a part is one that the kernel prints although nothing is wrong. It was taken
/// for the trace of the report that it interrupted.
fn begins_with_harmless_trace(part: &[u8]) -> bool {
    let part = String::from_utf8_lossy(part);
    let frames: Vec<_> = part.lines().filter(|line| line.contains("+0x")).take(12).collect();
    let has = |name: &str| frames.iter().any(|line| line.contains(name));
    has("dump_stack") && (has("should_fail") || has("warn_alloc"))
}

/// What a log was found to have, by where it is: instruction pointers, frames and code.
fn found(log: &[u8], base: usize) -> BTreeSet<(u64, u64)> {
    let mut found = BTreeSet::new();
    for report in liboops::blocks(log).iter().flat_map(|block| &block.reports) {
        let states = report.states.iter().filter(|state| state.origin != Origin::User);
        let pcs = states.clone().filter_map(|state| state.pc.as_ref()).map(|pc| pc.span);
        let code = states.filter_map(|state| state.code.as_ref()).filter(|code| !code.bytes.is_empty());
        let code = code.map(|code| code.span);
        let frames = report.frames.iter().map(|frame| frame.place.span);
        let base = u64::try_from(base).unwrap();
        found.extend(pcs.chain(code).chain(frames).map(|span| (span.start + base, span.end + base)));
    }
    found
}

/// What is found in a whole log is found in the part that holds it.
#[test]
fn each_log_cut_at_20_places() {
    let (mut cuts, mut things, mut lost) = (0, 0, Vec::new());
    for (name, log) in logs() {
        let ends: Vec<usize> =
            log.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
        let whole = found(&log, 0);
        let places: BTreeSet<usize> =
            (1..=20).filter_map(|place| ends.get(ends.len() * place / 21)).copied().collect();
        for cut in places {
            let mut parts = found(&log[..cut], 0);
            parts.extend(found(&log[cut..], cut));
            let at = u64::try_from(cut).unwrap();
            let is_harmless = begins_with_harmless_trace(&log[cut..]);
            for one in &whole {
                let (start, end) = *one;
                // A place, or a wrapped line, may be cut through.
                if start < at && at < end || start >= at && is_harmless {
                    continue;
                }
                things += 1;
                if !parts.contains(one) {
                    let bytes = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
                    lost.push(format!("{name} cut at {cut}: {}", String::from_utf8_lossy(&log[bytes])));
                }
            }
            cuts += 1;
        }
    }
    eprintln!("\nfound in parts of logs: {} of {things}", things - lost.len());
    assert!(cuts >= 150, "{cuts}");
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn little_is_enough() {
    for (log, function) in [
        ("RIP: 0010:__kmalloc+0x111/0x330\n", "__kmalloc"),
        (" meter_store+0x12/0x40 [meter]\n", "meter_store"),
        (" ? meter_store+0x12/0x40 [meter]\n", "meter_store"),
        (" [<ffffffffa01c435a>] radeon_gart_unbind+0xca/0xe0 [radeon]\n", "radeon_gart_unbind"),
        ("Call Trace:\n meter_store+0x12/0x40 [meter]\n", "meter_store"),
        (" <TASK>\n meter_store+0x12/0x40 [meter]\n </TASK>\n", "meter_store"),
        ("CPU: 1 PID: 7 Comm: cat Not tainted 6.1.0-99-amd64 #1\nRIP: 0010:f+0x1/0x2\n", "f"),
        ("EIP: f+0x1/0x2\n", "f"),
        ("EIP is at f+0x1/0x2 [m]\n", "f"),
        (
            "Modules linked in: a b\n\nPid: 7, comm: cat Not tainted 2.6.32 #1\nRIP: 0010:[<ffffffff8100c0de>]  [<ffffffff8100c0de>] f+0x1/0x2\n",
            "f",
        ),
        (
            ">>EIP; c026cd54 <__kfree_skb+144/160>   <=====\nTrace; c0112345 <schedule+144/160>\n",
            "__kfree_skb",
        ),
    ] {
        for before in ["", "usb 1-1: new device\n"] {
            let found = reports(&format!("{before}{log}"));
            assert_eq!(found.len(), 1, "{log}");
            assert_eq!(found[0].kind, Kind::Fragment, "{log}");
            assert!(functions(&found[0]).iter().any(|own| own == function), "{log}");
        }
    }
    let code = reports("Code: 48 01 c1 <48> 8b 19 48 89 ce\n");
    assert_eq!(code[0].fault().unwrap().code.as_ref().unwrap().bytes.len(), 9);
}

#[test]
fn in_front_of_and_between_whole_reports() {
    let whole = "BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:whole+0x1/0x2\n---[ end trace 0000000000000000 ]---\n";
    let part = "RIP: 0010:part+0x1/0x2\nCode: 48 01 c1 <48> 8b 19 48 89 ce\n";
    for noise in ["", "usb 1-1: new device\n"] {
        let noise = noise.repeat(10);
        let log = format!("{part}{noise}{whole}{noise}{part}{noise}{whole}");
        let kinds: Vec<_> = reports(&log).iter().map(|report| report.kind).collect();
        assert_eq!(kinds, [Kind::Fragment, Kind::PageFault, Kind::Fragment, Kind::PageFault], "{log}");
    }
}

/// Each line says who wrote it, so a fragment may be among the lines of another report.
#[test]
fn among_the_lines_of_another_report() {
    let log = "[    5.000000][   T21] Kernel panic - not syncing: corrupted stack end detected inside scheduler\n[    5.000001][   T21] CPU: 5 PID: 21 Comm: kworker/5:1 Not tainted 6.1.0-99-amd64 #1\n[    5.000002][   T21] Call Trace:\n[    5.000003][   T21]  <TASK>\n[    5.000004][   T33] Call Trace:\n[    5.000005][   T21]  panic+0x1/0x2\n[    5.000006][   T33]  <TASK>\n[    5.000007][   T33]  meter_store+0x12/0x40 [meter]\n[    5.000008][   T21]  </TASK>\n[    5.000009][   T33]  </TASK>\n";
    let found = reports(log);
    let own: Vec<_> = found.iter().map(|report| (report.kind, functions(report))).collect();
    assert_eq!(
        own,
        [(Kind::Panic, vec!["panic".to_owned()]), (Kind::Fragment, vec!["meter_store".to_owned()])]
    );
}

/// What a processor did that was stopped has its beginning.
#[test]
fn other_processors() {
    for other in ["NMI backtrace for cpu 0", "CPU0: stopping"] {
        let log = format!(
            "[    5.000000][   T21] Unable to handle kernel NULL pointer dereference at virtual address 00000000\n[    5.000001][   T21] PC is at meter_write+0x1b/0x200\n[    5.000002][    C0] {other}\n[    5.000003][    C0] CPU: 0 PID: 8603 Comm: cat Not tainted 6.1.0 #1\n[    5.000004][    C0]  dump_backtrace from show_stack+0x18/0x1c\n"
        );
        let kinds: Vec<_> = reports(&log).iter().map(|report| report.kind).collect();
        assert_eq!(kinds, [Kind::PageFault, Kind::Backtrace], "{log}");
    }
}

/// The line that is found has lines of the same report before it that look like any others.
#[test]
fn lines_before_the_one_that_is_found() {
    let log = "usb 1-1: new device\nHardware name: Generic DT based system\nPC is at 0x0\nLR is at meter_store+0xc0/0x15c\npc : [<00000000>]    lr : [<808eaab4>]    psr: 60000013\nsp : dfa2de28  ip : 826efeb0  fp : dfa2de6c\nr10: 81de5c68  r9 : 825d5140  r8 : dfa2de7c\n";
    let found = reports(log);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].context.hardware.as_deref(), Some("Generic DT based system"));
    let pc = found[0].fault().unwrap().pc.as_ref().unwrap();
    assert_eq!(pc.span.start, u64::try_from(log.find("0x0\n").unwrap()).unwrap());
    // s390 has an address in parentheses first, which is not hashed although it is low.
    let log = "Call Trace:\n([<00000000027f8000>] 0x27f8000)\n [<0000000000432114>] meter_store+0xdc/0x184\n";
    let found = reports(log);
    let addresses: Vec<_> = found[0].frames.iter().map(|frame| frame.place.address.unwrap().0).collect();
    assert_eq!((found[0].arch, addresses), (Some("s390x"), vec![0x27f_8000, 0x43_2114]));
    // Registers that ARM's traces have below a function; x86's have capital letters.
    let log = " r10:80ffa650 r9:83710000 r8:80ffa650 r7:83711e04 r6:ffffffff r5:60000013\n r4:8018c67c\n[<8034d5f8>] (f) from [<80cc74b4>] (meter_store+0xa70/0x14bc)\n";
    let found = reports(log);
    assert_eq!((found[0].arch, functions(&found[0])), (Some("arm"), vec!["f".into(), "meter_store".into()]));
    // Several addresses in the first line that is left.
    let found = reports("  [<c010749e>] [<c012ab50>]\nCode: 0f 0b 3b 01 cf 2d 31 c0 8b 5c 24 14\n");
    assert_eq!(found[0].frames.len(), 2);
}

#[test]
fn what_is_no_part_of_a_report() {
    for log in [
        // A boot.
        "[    0.000000] Linux version 6.1.0-99-amd64 (build@example.org) #1 SMP\n[    0.000000] CPU: vendor_id 'GenuineIntel'\n[    0.000000] x86/fpu: Supporting XSAVE feature 0x001: 'x87'\n[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n[    0.100000] CPU: ARMv7 Processor [410fc075] revision 5 (ARMv7), cr=10c5387d\n[    0.200000] Hardware name: Generic DT based system\n[    0.300000] Kernel command line: console=ttyS0 crashkernel=256M\n[    0.400000] smpboot: CPU0: Intel(R) Xeon(R) (family: 0x6, model: 0x55)\n[    0.500000] Modules linked in:\n[    0.600000] random: crng init done\n",
        // A listing of source code.
        "static int f(void)\n{\n\tif (WARN_ON(x))\n\t\treturn -EINVAL;\n\tprintk(KERN_ERR \"BUG: unable to handle %s\\n\", s);\n\tpr_emerg(\"RIP: %04x:%pS\\n\", regs->cs, ip);\n\tprintk(\"Call Trace:\\n\");\n\tpr_alert(\"Code: \");\n\tshow_regs(regs); /* RIP: 0010 */\n}\n",
        // A mail that talks about an oops.
        "Hi,\n\nafter the update I get a NULL pointer dereference in nvidia_vma_access+0x1b when I\nclose the lid. It says Oops, then Call Trace: and some numbers. RIP is always\nnvidia_vma_access+0x1b/0x350, as Code: 48 89 e5 shows. It is not the BUG that you\nfixed in 6.1, where WARNING: CPU: 0 was printed and\n    kernel BUG at\ncame after it. Modules linked in: too many to list.\n\nRegards\n",
        // Traces that the kernel prints although nothing is wrong.
        "[    1.000000] FAULT_INJECTION: forcing a failure.\n[    1.000001] name failslab, interval 1, probability 0, space 0, times 0\n[    1.000002] CPU: 0 PID: 7 Comm: cat Not tainted 6.1.0-99-amd64 #1\n[    1.000003] Call Trace:\n[    1.000004]  dump_stack_lvl+0x1/0x2\n[    1.000005]  should_fail_ex+0x1/0x2\n",
        "[    1.000000] cat: page allocation failure: order:4, mode:0x40cc0\n[    1.000002] CPU: 0 PID: 7 Comm: cat Not tainted 6.1.0-99-amd64 #1\n[    1.000003] Call Trace:\n[    1.000004]  dump_stack+0x1/0x2\n[    1.000005]  warn_alloc+0x1/0x2\n",
        // Programs.
        "(EE) 0: /usr/bin/X (xorg_backtrace+0x49) [0x5555555]\n(EE) 1: /usr/bin/X (0x400000+0x1a2b) [0x5555]\ntool[7]: segfault at 0 ip 00005555 sp 00007ffe error 4 in tool[5555+1000]\n[    1.0] tool[7]: segfault at 10 ip 00007f9a1c1f1300 sp 00007ffe12345678 error 4 in libc.so.6[7f9a1c1f1000+1000]\n[    1.1] Code: Unable to access opcode bytes at 0x7f9a1c1f12d6.\n",
        "[   10.000000] usb 1-1: new device\n[   11.000000] tool[77]: segfault at 0 ip 000055d0c0ffee12 sp 00007ffd1234aa40 error 4 in tool[55d0c0ffe000+2000]\n[   11.000010] Code: 00 00 48 8b 45 f8 48 8b 00 48 89 c7 e8 3b fe ff ff 90 c9 c3 f3 0f 1e fa 55 48 89 e5 48 89 7d f8 48 8b 45 f8 48 8b 40 08 8b 00 <8b> 00 5d c3 f3 0f 1e fa 55 48 89 e5 48 83 ec 10\n[   12.000000] usb 1-1: new device\n",
        "Nov 26 11:00:00 box kernel: tool[77]: segfault at 0 ip 000055d0c0ffee12 sp 00007ffd1234aa40 error 4 in tool[55d0c0ffe000+2000] likely on CPU 3 (core 1, socket 0)\nNov 26 11:00:00 box kernel: Code: 00 00 48 8b 45 f8 48 8b 00 48 89 c7 e8 3b fe ff ff 90 c9 c3 f3 0f 1e fa 55 48 89 e5 48 89 7d f8 48 8b 45 f8 48 8b 40 08 8b 00 <8b> 00 5d c3 f3 0f 1e fa 55 48 89 e5 48 83 ec 10\n",
        "[   11.000000] tool[77]: unhandled exception: DABT (lower EL), ESR 0x0000000092000006, level 2 translation fault in tool[aaaac3f10000+1000]\n[   11.000001] CPU: 1 PID: 77 Comm: tool Not tainted 6.1.0-99-arm64 #1\n[   11.000002] Hardware name: linux,dummy-virt (DT)\n[   11.000003] pstate: 60001000 (nZCv daif -PAN -UAO -TCO -DIT +SSBS BTYPE=--)\n[   11.000004] pc : 0000aaaac3f10778\n[   11.000005] lr : 0000ffff9ac373fc\n[   11.000006] sp : 0000ffffd5a1c2a0\n[   11.000007] x29: 0000ffffd5a1c2b0 x28: 0000000000000000 x27: 0000000000000000\n[   11.000008] x26: 0000000000000000 x25: 0000000000000000 x24: 0000000000000000\n",
        "[   11.000000] tool[77]: unhandled signal 11 code 0x1 at 0x0000000000000000 in tool[2aaaaaa000+1000]\n[   11.000001] CPU: 1 PID: 77 Comm: tool Not tainted 6.1.0-99-riscv64 #1\n[   11.000002] Hardware name: riscv-virtio,qemu (DT)\n[   11.000003] epc : 0000002aaaaaa6b8 ra : 0000003fb4f1e2a0 sp : 0000003fffa7ab10\n[   11.000004]  gp : 0000002aaaaac800 tp : 0000003fb4f01780 t0 : 0000003fb4f1e000\n[   11.000005]  t1 : 0000003fb4f1e2a0 t2 : 0000000000000000 s0 : 0000003fffa7ab20\n[   11.000006] status: 0000000200004020 badaddr: 0000000000000000 cause: 000000000000000d\n",
        "[   11.000000] tool[77]: segfault (11) at 0 nip 10000784 lr 7fff8e4b3c4c code 1 in tool[10000000+10000]\n[   11.000001] tool[77]: code: 60000000 4bfffea5 39200000 38600000 <89290000> 38210030 e8010010 7c0803a6\n",
        "[   11.000000] User process fault: interruption code 003b ilc:3 in tool[2aa00000000+1000]\n[   11.000001] Failing address: 0000000000000000 TEID: 0000000000000800\n[   11.000002] Fault in primary space mode while using user ASCE.\n[   11.000003] AS:000000008a5c01c7 R3:0000000000000024\n[   11.000004] CPU: 1 PID: 77 Comm: tool Not tainted 6.1.0-99-s390x #1\n[   11.000005] Hardware name: QEMU 8561 QEMU (KVM/Linux)\n[   11.000006] User PSW : 0705000180000000 000002aa000007ac\n[   11.000007]            R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:1 AS:0 CC:0 PM:0 RI:0 EA:3\n[   11.000008] User GPRS: 0000000000000000 000003ff9a0a1234 0000000000000001 000003ffd127f4b8\n[   11.000009]            000003ffd127f4c8 0000000000000000 0000000000000000 0000000000000000\n[   11.000010]            0000000000000000 0000000000000000 0000000000000000 0000000000000000\n[   11.000011]            000003ff9a1f8f58 0000000000000000 000002aa00000766 000003ffd127f2d0\n[   11.000012] User Code: 000002aa000007a0: e3b0f0a80024\tstg\t%r11,168(%r15)\n[   11.000013]            000002aa000007a6: a7190000\t\tlghi\t%r1,0\n[   11.000014]           #000002aa000007aa: a7390000\t\tlghi\t%r3,0\n[   11.000015]           >000002aa000007ac: e31010000004\tlg\t%r1,0(%r1)\n[   11.000016] Last Breaking-Event-Address:\n[   11.000017]  [<000003ff9a0a1234>] libc.so.6[3ff9a080000+1c0000]\n",
        "[   11.000000] tool: unhandled page fault (11) at 0x00000000, code 0x017\n[   11.000001] pgd = 5d1c1c4c\n[   11.000002] [00000000] *pgd=00000000\n[   11.000003] CPU: 0 PID: 77 Comm: tool Not tainted 5.10.0 #1\n[   11.000004] Hardware name: Generic DT based system\n[   11.000005] PC is at 0x10408\n[   11.000006] LR is at 0xb6e8d5c4\n[   11.000007] pc : [<00010408>]    lr : [<b6e8d5c4>]    psr: 60000010\n[   11.000008] sp : befffc98  ip : b6fb6e10  fp : befffcac\n[   11.000009] r10: 00000000  r9 : 00000000  r8 : 00000000\n[   11.000010] Flags: nZCv  IRQs on  FIQs on  Mode USER_32  ISA ARM  Segment user\n[   11.000011] Control: 10c5387d  Table: 4000406a  DAC: 00000055\n",
        "[   11.000000][   T77] tool[77]: segfault at 8 ip 0000000000402000 sp 00007ffd1234aa40 error 15 in tool[402000+2000]\n*** stack smashing detected ***: terminated\n[   11.000010][   T78] tool[78]: segfault at 8 ip 0000000000402000 sp 00007ffd1234ab40 error 15 in tool[402000+2000]\n[   11.000020][   T77] Code: 00 00 48 8b 45 f8 48 8b 00 48 89 c7 e8 3b fe ff ff 90 c9 c3 <8b> 00 5d c3 f3 0f 1e fa 55 48\n[   11.000030][   T78] Code: 00 00 48 8b 45 f8 48 8b 00 48 89 c7 e8 3b fe ff ff 90 c9 c3 <8b> 00 5d c3 f3 0f 1e fa 55 48\n",
        // A detail of KASAN's reports up to 4.7.
        "[   72.100000] BUG kmalloc-64 (Not tainted): kasan: bad access detected\n",
        // Commands and comments.
        "# BUG: this needs a fix\n$ WARNING: at your own risk\nFIXME: Oops: 0 is not handled\n> BUG: quoted in a mail? no\n".split_at(74).0,
    ] {
        let found: Vec<_> = reports(log).into_iter().map(|report| (report.kind, report.title.value)).collect();
        assert_eq!(found, [], "{log}");
    }
}

#[test]
fn lines_that_were_decoded_before() {
    for (log, sources) in [
        (
            "BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:f (mm/a.c:12 mm/b.h:3) m\nCall Trace:\n <TASK>\n g (mm/a.c:20 (discriminator 4)) m\n ? h (kernel/c.c:1)\n </TASK>\n",
            ["f mm/a.c:12 mm/b.h:3", "g mm/a.c:20 (discriminator 4)", "h kernel/c.c:1"],
        ),
        (
            "BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:f+0x1/0x2 mm/a.c:12\nCall Trace:\n <TASK>\n g mm/a.c:20 [inline]\n h+0x1/0x2 kernel/c.c:1\n </TASK>\n",
            ["f mm/a.c:12", "g mm/a.c:20", "h kernel/c.c:1"],
        ),
        (
            "BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:f+0x1/0x2 (a.c:12)\nCall Trace:\n <TASK>\n g+0x1/0x2 [m] (a.c:20)\n ? h+0x1/0x2 (c.c:1)\n </TASK>\n",
            ["f a.c:12", "g a.c:20", "h c.c:1"],
        ),
        (
            "Unable to handle kernel NULL pointer dereference at virtual address 00000000\nBacktrace: \n[<817b2528>] (f) from [<817b261c>] (g mm/a.h:12 [inline])\n r7:81d81ac0 r6:82422c04\n[<817b2528>] (f) from [<817b261c>] (h+0x18/0x1c kernel/c.c:1)\n",
            ["g mm/a.h:12", "f ?", "h kernel/c.c:1"],
        ),
    ] {
        let found = reports(log);
        assert_eq!(found.len(), 1, "{log}");
        let places: Vec<_> = found[0]
            .places()
            .map(|place| {
                format!("{} {}", place.symbol.as_deref().unwrap(), place.source.as_deref().unwrap_or("?"))
            })
            .collect();
        assert_eq!(places, sources, "{log}");
    }
    // ksymoops's own classic output.
    let log = "Unable to handle kernel NULL pointer dereference at virtual address 00000010\nOops: 0002\n>>EIP; c026cd54 <__kfree_skb+144/160>   <=====\n>>ebx; c84e41a0 <_end+7e7a5d4/1058e494>\nTrace; c0112345 <schedule+144/160>\nTrace; d08a1234 <[nfsd]nfsd_svc+10/20>\nCode;  c026cd54 <__kfree_skb+144/160>\n00000000 <_EIP>:\n";
    let found = reports(log);
    assert_eq!(
        (found.len(), functions(&found[0])),
        (1, vec!["__kfree_skb".into(), "schedule".into(), "nfsd_svc".into()])
    );
    assert_eq!(found[0].frames[1].place.module.as_deref(), Some("nfsd"));
}

proptest! {
    /// However the fragment is cut, nothing is lost and nothing panics.
    #[test]
    fn any_part(from in 0_usize..2000, to in 0_usize..3000) {
        let log = bare().join("\n");
        let part = log.as_bytes().get(from..to.min(log.len())).unwrap_or_default();
        let mut out = Vec::new();
        liboops::stream(part, |event| {
            out.extend_from_slice(match &event {
                liboops::Event::Text(text) => text,
                liboops::Event::Block(block) => &block.text,
            });
            Ok(())
        })
        .unwrap();
        prop_assert!(out == part);
    }
}
