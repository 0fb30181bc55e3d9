// SPDX-License-Identifier: MIT OR Apache-2.0
//! What reports say about the kernel, the task and the processor, in every form.

use liboops::report::Report;

fn only(log: &str) -> Report {
    let mut reports: Vec<Report> =
        liboops::blocks(log.as_bytes()).into_iter().flat_map(|block| block.reports).collect();
    assert_eq!(reports.len(), 1, "{log}: {reports:?}");
    reports.remove(0)
}

/// Release, version and taint.
fn kernel(report: &Report) -> [Option<&str>; 3] {
    let context = &report.context;
    let (release, taint) = (context.release.as_ref(), context.taint.as_ref());
    [
        release.map(|text| text.value.as_str()),
        context.version.as_deref(),
        taint.map(|text| text.value.as_str()),
    ]
}

/// Processor and task.
fn task(report: &Report) -> (Option<u32>, Option<u32>, Option<&str>) {
    (report.context.cpu, report.context.pid, report.context.comm.as_deref())
}

const BUG: &str = "BUG: kernel NULL pointer dereference, address: 0000000000000010\n";

#[test]
fn of_kernels() {
    let release = Some("6.1.0-99-amd64");
    for (line, expected) in [
        (
            "CPU: 1 PID: 321 Comm: bash Not tainted 6.1.0-99-amd64 #1 Debian 6.1.999-1",
            [release, Some("#1 Debian 6.1.999-1"), Some("")],
        ),
        (
            "CPU: 1 UID: 0 PID: 321 Comm: bash Kdump: loaded Tainted: G        W  OE      6.1.0-99-amd64 #1 PREEMPT(full)",
            [release, Some("#1 PREEMPT(full)"), Some("GWOE")],
        ),
        ("Pid: 321, comm: bash Not tainted 2.6.32 #1 KVM", [Some("2.6.32"), Some("#1"), Some("")]),
        // On a hung task.
        (
            "      Not tainted 6.1.0-99-amd64 #1 Debian 6.1.999-1",
            [release, Some("#1 Debian 6.1.999-1"), Some("")],
        ),
        ("      Tainted: G           OE      6.1.0-99-amd64 #1", [release, Some("#1"), Some("GOE")]),
        // Of lockdep.
        ("6.1.0-99-amd64 #1 Tainted: G        W  OE     ", [release, Some("#1"), Some("GWOE")]),
        ("4.14.0-rc3+ #22 Not tainted", [Some("4.14.0-rc3+"), Some("#22"), Some("")]),
        // Only words on the letters.
        ("Tainted: [W]=WARN, [O]=OOT_MODULE", [None, None, None]),
    ] {
        assert_eq!(kernel(&only(&format!("{BUG}{line}\n"))), expected, "{line}");
    }
}

/// That line is long enough for one that a mail program has wrapped.
#[test]
fn a_stack_is_no_part_of_the_line_above_it() {
    let line = "CPU: 0 UID: 0 PID: 1 Comm: swapper Not tainted 6.12.0-mac-00971-g158f238aa69d #1";
    for heading in ["Stack from 00c63e5c:", "Stack : 00000003 00000001", "Stack: (0xc0601ea0 to 0xc0602000)"]
    {
        let report = only(&format!("{BUG}{line}\n{heading}\n        00c63e5c 00612c1c 00612c1c 00000300\n"));
        assert_eq!(report.context.version.as_deref(), Some("#1"), "{heading}");
    }
}

#[test]
fn of_start_lines() {
    for (line, expected) in [
        (
            "INFO: task kworker/0:1:77 blocked for more than 120 seconds.",
            (None, Some(77), Some("kworker/0:1")),
        ),
        (
            "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [a tool:321]",
            (Some(3), Some(321), Some("a tool")),
        ),
        ("watchdog: CPU28: Watchdog detected hard LOCKUP on cpu 28", (Some(28), None, None)),
        ("BUG: NMI Watchdog detected LOCKUP on CPU1, ip ffffffff8100c0de, registers:", (Some(1), None, None)),
        ("WARNING: CPU: 1 PID: 321 at kernel/x.c:12 f+0x5/0x10 [m]", (Some(1), Some(321), None)),
        ("WARNING: kernel/x.c:12 at f+0x5/0x10, CPU#1: tool/321", (Some(1), Some(321), Some("tool"))),
        ("WARNING: tool/321 still has locks held!", (None, Some(321), Some("tool"))),
        ("BUG: scheduling while atomic: kworker/0:1/77/0x00000002", (None, Some(77), Some("kworker/0:1"))),
        ("BUG: spinlock bad magic on CPU#1, tool/321", (Some(1), Some(321), Some("tool"))),
        ("BUG: Bad page state in process tool  pfn:12345", (None, None, Some("tool"))),
        ("BUG: Bad page map in process a tool  pte:00000001 pmd:12345067", (None, None, Some("a tool"))),
        (
            "mce: [Hardware Error]: CPU 2: Machine Check Exception: 5 Bank 3: be00000000800400",
            (Some(2), None, None),
        ),
    ] {
        assert_eq!(task(&only(&format!("[    1.000000] {line}\n"))), expected, "{line}");
    }
}

#[test]
fn of_lines_in_a_report() {
    let tool = (None, Some(321), Some("tool"));
    for (line, expected) in [
        ("CPU:    1", (Some(1), None, None)),
        ("CPU 1 ", (Some(1), None, None)),
        ("CPU:0 PID:321 Comm:tool Not tainted 5.6.0 #1", (Some(0), Some(321), Some("tool"))),
        ("Process tool (pid: 321, threadinfo ffff88007a3c0000, task ffff88007a3c0000)", tool),
        ("Pid: 321, comm: tool Not tainted 2.6.10 #1", tool),
        (
            "task:kworker/0:1     state:D stack:0     pid:77 ppid:2 flags:0x00004000",
            (None, Some(77), Some("kworker/0:1")),
        ),
        ("in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 321, name: tool", tool),
        ("Read of size 8 at addr ffff888107a3c010 by task tool/321", tool),
        ("Read of size 8 by task kworker/u8:1/77", (None, Some(77), Some("kworker/u8:1"))),
        ("write to 0xffff888107a3c010 of 8 bytes by task 321 on cpu 1:", (Some(1), Some(321), None)),
        ("tool/321 is trying to acquire lock:", tool),
        ("comm \"tool\", pid 321, jiffies 4294937579 (age 8.300s)", tool),
        ("Allocated by task 321:", (None, None, None)),
    ] {
        assert_eq!(task(&only(&format!("{BUG}{line}\n"))), expected, "{line}");
    }
    // The address is not lost.
    let report = only(
        "BUG: KASAN: use-after-free in f+0x5/0x10\nRead of size 8 at addr ffff888107a3c010 by task tool/321\n",
    );
    assert_eq!(report.words[0].value.0, 0xffff_8881_07a3_c010);
}

#[test]
fn hardware_is_not_part_of_the_version() {
    for (line, version, hardware) in [
        (
            "Not tainted 2.6.32-5-amd64 #1 Dell Inc. OptiPlex 755/0PU052",
            "#1",
            Some("Dell Inc. OptiPlex 755/0PU052"),
        ),
        (
            "Tainted: P        W    3.0.0-12-generic #20-Ubuntu LENOVO 4236BR9",
            "#20-Ubuntu",
            Some("LENOVO 4236BR9"),
        ),
        ("Not tainted (2.6.31-14-generic #48-Ubuntu) HP Pavilion dv7", "#48-Ubuntu", Some("HP Pavilion dv7")),
        (
            "Not tainted 3.2.0-4-amd64 #1 Debian 3.2.41-2 Bochs Bochs",
            "#1 Debian 3.2.41-2",
            Some("Bochs Bochs"),
        ),
        ("Not tainted 2.6.32 #1  /", "#1", None),
        ("Not tainted 2.6.24 #1", "#1", None),
    ] {
        let context = only(&format!("{BUG}Pid: 321, comm: tool {line}\n")).context;
        assert_eq!(
            (context.version.as_deref(), context.hardware.as_deref()),
            (Some(version), hardware),
            "{line}"
        );
    }
}

#[test]
fn a_second_line_about_the_processor_does_not_count() {
    let line = |taint: &str| format!("CPU: 1 PID: 321 Comm: tool {taint} 6.1.0 #1\n");
    let panic = "Kernel panic - not syncing: Fatal exception\n";
    let report =
        only(&format!("{BUG}{}{panic}{}", line("Not tainted"), line("Tainted: G      D           ")));
    assert_eq!(kernel(&report), [Some("6.1.0"), Some("#1"), Some("")]);
}

#[test]
fn of_old_mips() {
    let report = only("Oops[#1]:\nCpu 3\nepc   : 80123454 f+0x14/0x20\n    Not tainted\n");
    assert_eq!((report.context.cpu, report.context.taint.unwrap().value.as_str()), (Some(3), ""));
}

#[test]
fn who_waits_is_not_who_says_so() {
    let hung = "INFO: task kworker/0:1:77 blocked for more than 120 seconds.\n";
    let other = "NMI backtrace for cpu 0\nCPU: 0 PID: 30 Comm: khungtaskd Not tainted 6.1.0-99-amd64 #1\n";
    let panic = "Kernel panic - not syncing: hung_task: blocked tasks\nCPU: 0 PID: 30 Comm: khungtaskd Not tainted 6.1.0-99-amd64 #1\n";
    for more in [other, panic] {
        let report = only(&format!("{hung}{more}"));
        assert_eq!(task(&report), (None, Some(77), Some("kworker/0:1")));
        assert_eq!(kernel(&report)[0], Some("6.1.0-99-amd64"));
    }
    let own = "CPU: 1 PID: 321 Comm: tool Not tainted 6.1.0-99-amd64 #1\n";
    assert_eq!(task(&only(&format!("{BUG}{own}{other}"))), (Some(1), Some(321), Some("tool")));
}

#[test]
fn of_modules() {
    for end in ["", " [unloaded tainted modules: e():1]"] {
        let report = only(&format!("{BUG}Modules linked in: a(O) b(POE+) c(-){end} [last unloaded: d(O)]\n"));
        let modules = report.context.modules.as_ref().unwrap();
        let names: Vec<_> =
            modules.iter().map(|module| (module.name.as_str(), module.flags.as_str())).collect();
        assert_eq!(names, [("a", "O"), ("b", "POE+"), ("c", "-")]);
        assert_eq!(report.context.last_unloaded.as_deref(), Some("d"));
    }
}
