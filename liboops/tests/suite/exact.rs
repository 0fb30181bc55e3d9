// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which places are those of the instruction itself, and which are return addresses.

use liboops::report::Place;

/// The places outside of traces and registers.
fn mentions(log: &str) -> Vec<Place> {
    let blocks = liboops::blocks(log.as_bytes());
    blocks.into_iter().flat_map(|block| block.reports).flat_map(|report| report.mentions).collect()
}

#[test]
fn of_start_lines() {
    for (line, exact) in [
        ("WARNING: CPU: 1 PID: 321 at kernel/x.c:12 f+0x5/0x10 [m]", true),
        ("WARNING: kernel/x.c:12 at f+0x5/0x10, CPU#1: tool/321", true),
        // A call of a function that prints.
        ("WARNING: CPU: 1 PID: 321 at kernel/x.c:12 f+0x5/0x10 [m]()", false),
        ("WARNING: at kernel/x.c:12 f+0x5/0x10()", false),
        ("WARNING: stack going in the wrong direction? at f+0x5/0x10", false),
        ("kernel BUG at f+0x5/0x10 [verbose debug info unavailable]", true),
        ("BUG: KASAN: use-after-free in f+0x5/0x10", false),
        ("BUG: KASAN: double-free in f+0x5/0x10 [m]", false),
        ("BUG: KMSAN: uninit-value in f+0x5/0x10", false),
        ("BUG: KCSAN: data-race in f+0x5/0x10 / f+0x7/0x10", false),
        ("BUG: KFENCE: out-of-bounds read in f+0x5/0x10", true),
        ("BUG: KFENCE: use-after-free write in f+0x5/0x10", true),
        ("BUG: KFENCE: invalid read in f+0x5/0x10", true),
        ("BUG: KFENCE: memory corruption in f+0x5/0x10", false),
        ("BUG: KFENCE: invalid free in f+0x5/0x10", false),
        ("traps: Missing ENDBR: f+0x0/0x10", true),
        ("CFI failure at f+0x5/0x10 (target: f+0x0/0x10; expected type: 0x12345678)", true),
        ("Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: f+0x5/0x10", false),
    ] {
        let found = mentions(&format!("[    1.000000] {line}\n"));
        assert!(
            !found.is_empty() && found.iter().all(|place| place.symbol.as_deref() == Some("f")),
            "{line}"
        );
        assert!(found.iter().all(|place| place.exact == exact), "{line}: {found:?}");
    }
}

#[test]
fn of_lines_in_a_report() {
    for (line, exact) in [
        ("IP: [<ffffffff81363490>] f+0x0/0x310", true),
        ("IP: f+0x0/0x310", true),
        ("mce: [Hardware Error]: RIP !INEXACT! 10:<ffffffff81363490> {f+0x0/0x310}", true),
        (" lock: f+0x0/0x40, .magic: 00000000, .owner: <none>/-1, .owner_cpu: 0", true),
        ("caller is f+0x10/0x310", false),
        ("Preemption disabled at:[<ffffffff81363490>] f+0x10/0x310", false),
        ("ffff888107a3c010 (&mm->mmap_lock#2){++++}-{3:3}, at: f+0x6f/0x310", false),
    ] {
        let found = mentions(&format!("BUG: unable to handle kernel paging request at 00000010\n{line}\n"));
        assert_eq!(found.iter().map(|place| place.exact).collect::<Vec<_>>(), [exact], "{line}");
    }
}
