// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reports whose first lines are missing: cut logs, screenshots, quotations.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use liboops::report::{Kind, Origin, Report};
use proptest::prelude::*;

use super::common::bare;

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

/// What a log was found to have, by where it is: instruction pointers, frames and code.
fn found(log: &[u8], base: usize) -> BTreeSet<(u64, u64)> {
    let mut found = BTreeSet::new();
    for report in liboops::blocks(log).iter().flat_map(|block| &block.reports) {
        let states = report.states.iter().filter(|state| state.origin != Origin::User);
        let pcs = states.clone().filter_map(|state| state.pc.as_ref()).map(|pc| pc.span);
        let code = states.filter_map(|state| state.code.as_ref()).map(|code| code.span);
        let frames = report.frames.iter().map(|frame| frame.place.span);
        let base = u64::try_from(base).unwrap();
        found.extend(pcs.chain(code).chain(frames).map(|span| (span.start + base, span.end + base)));
    }
    found
}

/// The logs are the fixtures; the corpus is cut in the same way by hand.
#[test]
fn each_log_cut_at_20_places() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/logs");
    let folders = [folder.join("kinds"), folder];
    let paths =
        folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let mut count = 0;
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "log")) {
        let log = fs::read(&path).unwrap();
        let ends: Vec<usize> =
            log.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
        let whole = found(&log, 0);
        for place in 1..=20 {
            let Some(&cut) = ends.get(ends.len() * place / 21) else { continue };
            let mut parts = found(&log[..cut], 0);
            parts.extend(found(&log[cut..], cut));
            let at = u64::try_from(cut).unwrap();
            // A place, or a wrapped line, may be cut through.
            let lost: Vec<_> = whole
                .iter()
                .filter(|(start, end)| !(*start < at && at < *end))
                .filter(|one| !parts.contains(one))
                .collect();
            assert!(lost.is_empty(), "{} at byte {cut}: {lost:?}", path.display());
            count += 1;
        }
    }
    assert!(count >= 200, "{count}");
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
