// SPDX-License-Identifier: MIT OR Apache-2.0
//! One small log for each kind of report and of damage that was once read wrongly.

use liboops::report::{Kind, Origin, Report, Trace};

macro_rules! log {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/logs/kinds/", $name, ".log"))
    };
}

fn reports(log: &[u8]) -> Vec<Report> {
    liboops::blocks(log).into_iter().flat_map(|block| block.reports).collect()
}

fn only(log: &[u8]) -> Report {
    super::common::only(log)
}

/// Release, version and taint.
fn kernel(report: &Report) -> (Option<&str>, Option<&str>, Option<&str>) {
    let (release, taint) = (report.context.release.as_ref(), report.context.taint.as_ref());
    let version = report.context.version.as_deref();
    (release.map(|text| text.value.as_str()), version, taint.map(|text| text.value.as_str()))
}

fn pc(report: &Report) -> Option<&str> {
    report.fault()?.pc.as_ref()?.symbol.as_deref()
}

fn frames(report: &Report) -> Vec<(&str, Trace)> {
    report.frames.iter().map(|frame| (frame.place.symbol.as_deref().unwrap(), frame.trace)).collect()
}

fn modules(report: &Report) -> Vec<&str> {
    report.context.modules.iter().flatten().map(|module| module.name.as_str()).collect()
}

#[test]
fn a_separator_joins_no_lines() {
    let found = reports(log!("separator"));
    assert_eq!(found.iter().map(|report| report.kind).collect::<Vec<_>>(), [Kind::PageFault, Kind::Kasan]);
    assert_eq!(pc(&found[0]), Some("first"));
    assert_eq!(found[1].context.pid, Some(77));
    let found = reports(log!("separator_with_time"));
    assert_eq!(found.iter().map(|report| report.kind).collect::<Vec<_>>(), [Kind::Bug, Kind::Lockdep]);
    assert_eq!(found[1].context.comm.as_deref(), Some("cat"));
    for separator in [
        "=".repeat(70),
        "-".repeat(72),
        "#".repeat(76),
        "*".repeat(66),
        format!("[    1.000000] {}", "=".repeat(50)),
    ] {
        let log = format!(
            "BUG: unable to handle page fault for address: ffffffffc0a02018\nRIP: 0010:f+0x1/0x2\n\
             {separator}\nBUG: KASAN: use-after-free in g+0x3/0x4\n\
             CPU: 1 PID: 2 Comm: cat Not tainted 6.1.0-99-amd64 #1\n"
        );
        let found = reports(log.as_bytes());
        assert_eq!(found.len(), 2, "{separator}");
        assert_eq!((kernel(&found[0]).0, kernel(&found[1]).0), (None, Some("6.1.0-99-amd64")), "{separator}");
    }
}

#[test]
fn an_oops_is_not_titled_by_the_panic_after_it() {
    for (log, title) in [
        (
            &log!("panic_after_oops")[..],
            "Internal error: synchronous external abort: 96000050 [#1] PREEMPT SMP",
        ),
        (
            log!("panic_after_cfi"),
            "CFI failure at caller+0x10/0x20 (target: victim+0x0/0x10; expected type: 0x12345678)",
        ),
    ] {
        let report = only(log);
        assert_eq!((report.kind, report.title.value.as_str(), report.panicked), (Kind::Oops, title, true));
    }
}

#[test]
fn one_report_with_several_start_lines() {
    for (log, kind, title) in [
        (
            &log!("arm_domain_fault")[..],
            Kind::Oops,
            "Unhandled fault: page domain fault (0x01b) at 0x00000e30",
        ),
        (log!("memory_leak"), Kind::MemoryLeak, "BUG: memory leak"),
        (log!("watchdog_warning"), Kind::HardLockup, "Watchdog detected hard LOCKUP on cpu 0"),
        (
            log!("login_prompt"),
            Kind::PageFault,
            "Unable to handle kernel paging request at virtual address fc14ef08",
        ),
        (log!("list_corruption"), Kind::Bug, "kernel BUG at lib/list_debug.c:53!"),
    ] {
        let report = only(log);
        assert_eq!((report.kind, report.title.value.as_str()), (kind, title));
    }
    assert_eq!(frames(&only(log!("memory_leak"))), [("kmalloc", Trace::Allocated)]);
    assert_eq!(frames(&only(log!("watchdog_warning"))), [("warn_slowpath_common", Trace::Own)]);
}

#[test]
fn kinds() {
    for (log, kind) in [
        (&log!("divide_error")[..], Kind::DivideError),
        (log!("hung_in_io_wait"), Kind::HungTask),
        (log!("softirq_safe"), Kind::Lockdep),
        (log!("slub"), Kind::Slub),
        (log!("broadcast"), Kind::SoftLockup),
        (log!("shell_prompt"), Kind::Panic),
        (log!("russian_syslog"), Kind::PageFault),
        (log!("german_dmesg"), Kind::PageFault),
        (b"[ 1.0] Division by zero in kernel.\n", Kind::DivideError),
        (b"Bad mode in Error handler detected on CPU0, code 0xbf000002 -- SError\n", Kind::Oops),
        (b"cpu 0x3: Vector: 300 (Data Access) at [c00000000123f8e0]\n", Kind::PageFault),
        (b"cpu 0x0: Vector: 700 (Program Check) at [c0000000fea3b950]\n", Kind::Bug),
        (b"CFI failure (target: bar+0x0/0x8):\n", Kind::Oops),
        (b"BUG: Kernel NULL pointer dereference on read at 0x00000000\n", Kind::PageFault),
        (b"PANIC: invalid or fatal FRED event; event type 3 vector 8\n", Kind::Trap),
        (b"BUG kmalloc-64 (Tainted: G    B     ): Redzone overwritten\n", Kind::Slub),
        (b"INFO: task cat:7 blocked in I/O wait for more than 143 seconds.\n", Kind::HungTask),
        (b"WARNING: [idx >= MAX] kernel/x.c:12 at f+0x5/0x10, CPU#1: tool/321\n", Kind::Warning),
    ] {
        assert_eq!(only(log).kind, kind, "{}", String::from_utf8_lossy(log));
    }
    let hung = only(log!("hung_in_io_wait"));
    assert_eq!((hung.context.comm.as_deref(), hung.context.pid), (Some("udevd"), Some(5612)));
    let locks = only(log!("softirq_safe"));
    assert_eq!((locks.context.comm.as_deref(), locks.context.pid), (Some("cat"), Some(77)));
}

#[test]
fn the_address_in_the_words_of_a_protection_fault() {
    for (words, address) in [
        ("kernel NULL pointer dereference 0x10: 0000 [#1] SMP", 0x10),
        ("LASS prevented access to address 0x7f0012345678: 0000 [#1] SMP", 0x7f00_1234_5678),
        ("probably for non-canonical address 0xdffffc0000000003: 0000 [#1] SMP", 0xdfff_fc00_0000_0003),
        ("maybe for address 0xffffc90000123456: 0000 [#1] SMP", 0xffff_c900_0012_3456),
    ] {
        for before in ["general protection fault, ", "Oops: general protection fault, "] {
            let report = only(format!("{before}{words}\n").as_bytes());
            assert_eq!(report.kind, Kind::GeneralProtection, "{words}");
            assert_eq!(report.fault_address(), Some(address), "{words}");
        }
    }
}

#[test]
fn a_report_without_a_body_takes_none_of_the_next() {
    let found = reports(log!("lockdep_then_gpf"));
    assert_eq!(
        found.iter().map(|report| (report.kind, pc(report))).collect::<Vec<_>>(),
        [(Kind::Lockdep, None), (Kind::GeneralProtection, Some("victim"))]
    );
    let kasan = "BUG: KASAN: wild-memory-access in f+0x1/0x2\ngeneral protection fault: 0000 [#1] SMP KASAN\nRIP: 0010:victim+0x1/0x2\n";
    assert_eq!(reports(kasan.as_bytes()).iter().map(pc).collect::<Vec<_>>(), [None, Some("victim")]);
}

#[test]
fn a_message_glued_to_the_one_before() {
    let report = only(log!("glued"));
    assert_eq!(report.kind, Kind::GeneralProtection);
    assert_eq!(report.title.value, "general protection fault: 0000 [#1] PREEMPT SMP KASAN");
    assert_eq!(pc(&report), Some("victim"));
    // The second one has a time of its own.
    let log =
        b"[    1.000000] usb 1-1: new device[    1.000001][   T7] BUG: KASAN: use-after-free in f+0x1/0x2\n\
                [    1.000002][   T7] Read of size 8 at addr ffff888012345678 by task cat/7\n";
    let report = only(log);
    assert_eq!((report.kind, report.context.pid, report.time_us), (Kind::Kasan, Some(7), Some(1_000_001)));
}

#[test]
fn stacks_are_told_apart() {
    let report = only(log!("slub"));
    assert_eq!(frames(&report), [("owner", Trace::Allocated), ("check_object", Trace::Own)]);
    let kasan = "BUG: KASAN: slab-use-after-free in f+0x1/0x2\nCall Trace:\n f+0x1/0x2\n\n\
                 Allocated by task 7:\n a+0x1/0x2\n\nFreed by task 8:\n b+0x1/0x2\n\n\
                 Last potentially related work creation:\n c+0x1/0x2\n";
    let expected = [("f", Trace::Own), ("a", Trace::Allocated), ("b", Trace::Freed), ("c", Trace::Queued)];
    assert_eq!(frames(&only(kasan.as_bytes())), expected);
    let kmsan = "BUG: KMSAN: uninit-value in f+0x1/0x2\n f+0x1/0x2\n\nUninit was stored to memory at:\n \
                 s+0x1/0x2\n\nUninit was created at:\n c+0x1/0x2\n";
    assert_eq!(
        frames(&only(kmsan.as_bytes())),
        [("f", Trace::Own), ("s", Trace::Stored), ("c", Trace::Allocated)]
    );
    let kcsan = "BUG: KCSAN: data-race in f / g\n\nwrite to 0xffff888107a3c010 of 8 bytes by task 7 on cpu 1:\n \
                 f+0x1/0x2\n\nread to 0xffff888107a3c010 of 8 bytes by task 8 on cpu 0:\n g+0x1/0x2\n";
    assert_eq!(frames(&only(kcsan.as_bytes())), [("f", Trace::Own), ("g", Trace::OtherAccess)]);
}

#[test]
fn the_rows_of_a_dump_do_not_end_a_report() {
    let rows = "[    1.000000] Redzone  00000000b311f692: bb bb bb bb bb bb bb bb  ........\n".repeat(60);
    let log = format!(
        "[    1.000000] BUG kmalloc-256 (Not tainted): Poison overwritten\n\
         [    1.000000] INFO: Freed in krealloc+0x77/0xb0 age=6 cpu=26 pid=0\n{rows}\
         [    1.000000] Call Trace:\n[    1.000000]  check_bytes_and_report+0xc4/0x10c\n"
    );
    let expected = [("krealloc", Trace::Freed), ("check_bytes_and_report", Trace::Own)];
    assert_eq!(frames(&only(log.as_bytes())), expected);
}

#[test]
fn what_xmon_prints() {
    let log = "cpu 0x3: Vector: 300 (Data Access) at [c00000000123f8e0]\n    \
               pc: c0000000008cb4dc: .victim+0x2c/0x110 [ipr]\n    lr: c0000000008cb4d0: .caller+0x20/0x110\n    \
               sp: c00000000123fb60\n   msr: 8000000000009032\n   dar: 12e0\n dsisr: 40000000\n  \
               current = 0xc0000000fe9a2000\n    pid   = 1234, comm = insmod\nenter ? for help\n\
               [link register   ] c0000000008cb4d0 .caller+0x20/0x110\n\
               [c00000000123fb60] c000000000123456 .top+0x20/0x110 (unreliable)\n";
    let report = only(log.as_bytes());
    let pc = report.fault().unwrap().pc.as_ref().unwrap();
    assert_eq!((pc.symbol.as_deref(), pc.offset, pc.exact), (Some(".victim"), 0x2c, true));
    assert_eq!((pc.address.unwrap().0, pc.module.as_deref()), (0xc000_0000_008c_b4dc, Some("ipr")));
    assert_eq!(frames(&report), [(".caller", Trace::Own), (".top", Trace::Own)]);
    assert!(report.frames[1].place.unreliable);
    assert_eq!(report.fault_address(), Some(0x12e0));
    assert_eq!((report.context.pid, report.context.comm.as_deref()), (Some(1234), Some("insmod")));
}

#[test]
fn release_and_taint_of_distributions() {
    assert_eq!(
        kernel(&only(log!("release_rhel7"))),
        (Some("3.10.0-957.el7.x86_64"), Some("#1"), Some("GOET"))
    );
    assert_eq!(
        kernel(&only(log!("release_rhel8"))),
        (Some("4.18.0-80.el8.x86_64"), Some("#1"), Some("GWOE"))
    );
    assert_eq!(kernel(&only(log!("release_i386"))), (Some("2.6.27.9-159.fc10.i686"), Some("#1"), Some("")));
    assert_eq!(kernel(&only(log!("release_i386_eflags"))), (Some("2.6.23-1-686"), Some("#1"), Some("")));
    for (line, release, version, taint) in [
        ("Pid: 7, comm: cat Not tainted 2.6.18-8.el5 #1", "2.6.18-8.el5", "#1", ""),
        (
            "Pid: 7, comm: cat Tainted: G        W  ---------------    2.6.32-220.el6.x86_64 #1 HP ProLiant",
            "2.6.32-220.el6.x86_64",
            "#1",
            "GW",
        ),
        (
            "Pid: 7, comm: cat Tainted: P           ---------------  T 2.6.32-279.el6.x86_64 #1",
            "2.6.32-279.el6.x86_64",
            "#1",
            "PT",
        ),
        ("Pid: 7, comm: cat Not tainted 2.6.32-431.el6.x86_64 #1", "2.6.32-431.el6.x86_64", "#1", ""),
        (
            "CPU: 0 PID: 7 Comm: cat Tainted: P           OE K------------   3.10.0-1160.el7.x86_64 #1",
            "3.10.0-1160.el7.x86_64",
            "#1",
            "POEK",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Tainted: G             O--------------   3.10.0-327.el7.x86_64 #1",
            "3.10.0-327.el7.x86_64",
            "#1",
            "GO",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Kdump: loaded Tainted: P           OE    --------- -t - 4.18.0-425.el8.x86_64 #1",
            "4.18.0-425.el8.x86_64",
            "#1",
            "POEt",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Kdump: loaded Not tainted 5.14.0-70.13.1.el9_0.x86_64 #1",
            "5.14.0-70.13.1.el9_0.x86_64",
            "#1",
            "",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Kdump: loaded Tainted: G        W  OE     -------  ---  5.14.0-70.13.1.el9_0.x86_64 #1",
            "5.14.0-70.13.1.el9_0.x86_64",
            "#1",
            "GWOE",
        ),
        (
            "CPU: 0 UID: 0 PID: 7 Comm: cat Kdump: loaded Tainted: G        W  OE     -------  ---  6.12.0-55.9.1.el10_0.x86_64 #1 PREEMPT(voluntary)",
            "6.12.0-55.9.1.el10_0.x86_64",
            "#1 PREEMPT(voluntary)",
            "GWOE",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Tainted: G           OE  X 3.12.28-4-default #1",
            "3.12.28-4-default",
            "#1",
            "GOEX",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Not tainted 4.12.14-lp151.28.40-default #1 openSUSE Leap 15.1",
            "4.12.14-lp151.28.40-default",
            "#1 openSUSE Leap 15.1",
            "",
        ),
        ("Pid: 7, comm: cat Tainted: P  N (3.0.13-0.27-default #1)", "3.0.13-0.27-default", "#1", "PN"),
        (
            "CPU: 0 PID: 7 Comm: cat Tainted: P           OE     5.4.0-42-generic #46-Ubuntu",
            "5.4.0-42-generic",
            "#46-Ubuntu",
            "POE",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Not tainted 5.15.0-1025-raspi #27-Ubuntu",
            "5.15.0-1025-raspi",
            "#27-Ubuntu",
            "",
        ),
        (
            "CPU: 0 PID: 7 Comm: cat Tainted: G S      W  OE      5.10.43-android12-9-g0123abcd-ab7943734 #1",
            "5.10.43-android12-9-g0123abcd-ab7943734",
            "#1",
            "GSWOE",
        ),
        ("CPU: 0    Not tainted  (2.6.27 #1)", "2.6.27", "#1", ""),
        (
            "CPU: 0 PID: 7 Comm: cat Not tainted syzkaller #0 PREEMPT(full)",
            "syzkaller",
            "#0 PREEMPT(full)",
            "",
        ),
    ] {
        let report = only(
            format!("BUG: kernel NULL pointer dereference, address: 0000000000000010\n{line}\n").as_bytes(),
        );
        assert_eq!(kernel(&report), (Some(release), Some(version), Some(taint)), "{line}");
    }
}

#[test]
fn what_the_kernel_says_in_addition() {
    let report = only(log!("list_corruption"));
    let message = report.message.unwrap();
    assert!(message.value.starts_with("list_del corruption. prev->next"), "{}", message.value);
    for log in [
        "------------[ cut here ]------------\nrefcount_t: underflow; use-after-free.\nWARNING: CPU: 0 PID: 7 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110\n",
        "------------[ cut here ]------------\nWARNING: CPU: 0 PID: 7 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110\nrefcount_t: underflow; use-after-free.\nModules linked in:\n",
        "WARNING: at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110()\nHardware name: Bochs\nrefcount_t: underflow; use-after-free.\nModules linked in:\n",
    ] {
        let report = only(log.as_bytes());
        assert_eq!(report.kind, Kind::Warning, "{log}");
        assert_eq!(report.message.unwrap().value, "refcount_t: underflow; use-after-free.", "{log}");
    }
    let log = "list_add corruption. next->prev should be prev\n------------[ cut here ]------------\nkernel BUG at lib/list_debug.c:29!\n";
    let report = only(log.as_bytes());
    assert_eq!(
        (report.kind, report.message.unwrap().value.as_str()),
        (Kind::Bug, "list_add corruption. next->prev should be prev")
    );
}

#[test]
fn cut_and_wrapped_lists_of_modules() {
    assert_eq!(modules(&only(log!("cut_at_margin"))), ["snd_hrtimer", "rfcomm"]);
    let wrapped = only(log!("wrapped_by_terminal"));
    let names = modules(&wrapped);
    assert_eq!((names.len(), names[16], names[19]), (20, "input_leds", "videobuf2_common"));
    assert_eq!(kernel(&wrapped).0, Some("6.18.20"));
}

/// A terminal breaks every line at the same column, in words and at blanks.
#[test]
fn lines_broken_at_a_column() {
    let lines: Vec<String> =
        super::common::bare().iter().map(|line| format!("[   12.500000] {line}")).collect();
    for columns in [80, 100, 132] {
        let mut log = String::new();
        for line in &lines {
            let mut rest = line.as_str();
            while rest.len() > columns {
                log.push_str(&format!("{}\n", &rest[..columns]));
                rest = &rest[columns..];
            }
            log.push_str(&format!("{rest}\n"));
        }
        super::common::is_the_same(&format!("broken at column {columns}"), log.as_bytes());
    }
}

#[test]
fn what_follows_a_long_line_is_no_module() {
    let long = format!("[    1.000000] Modules linked in: {}\n", "a_module ".repeat(20).trim_end());
    for next in [
        "Starting service: done.",
        "root@host:~# ls",
        "[  OK  ] Reached target",
        "[    1.000001] CPU: 0 PID: 7 Comm: cat",
        "========================",
        "login: ",
    ] {
        let log = format!(
            "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n{long}{next}\n"
        );
        let report = only(log.as_bytes());
        assert!(modules(&report).iter().all(|name| *name == "a_module"), "{next}: {:?}", modules(&report));
    }
}

#[test]
fn tags_at_the_ends_of_a_web_pages_lines() {
    let log = "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010<br />\n\
               [    1.000000] RIP: 0010:victim+0x1/0x2 [m]<br>\n[    1.000000] &nbsp;&lt;TASK&gt;<br>\n\
               [    1.000000] &nbsp;caller&#43;0x1/0x2</code></pre>\n";
    let report = only(log.as_bytes());
    assert_eq!(report.title.value, "BUG: kernel NULL pointer dereference, address: 0000000000000010");
    assert_eq!((pc(&report), frames(&report)), (Some("victim"), vec![("caller", Trace::Own)]));
}

#[test]
fn escapes_of_a_web_page() {
    let report = only(log!("html"));
    let code = report.fault().unwrap().code.as_ref().unwrap();
    assert_eq!((code.bytes.len(), code.marker), (9, Some(3)));
    let log = "<pre>&lt;1&gt;[   12.500000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
               &lt;1&gt;[   12.500001] RIP: 0010:f+0x1/0x2\n&lt;1&gt;[   12.500002]  &lt;TASK&gt;<br>\n";
    let report = only(log.as_bytes());
    assert_eq!((report.kind, pc(&report)), (Kind::PageFault, Some("f")));
}

#[test]
fn a_fragment_has_its_state_and_code() {
    let report = only(log!("no_start_line"));
    assert_eq!((report.kind, pc(&report)), (Kind::Fragment, Some("__kmalloc")));
    let fault = report.fault().unwrap();
    assert_eq!((fault.origin, fault.registers.len()), (Origin::Fault, 3));
    assert_eq!(fault.code.as_ref().unwrap().marker, Some(3));
}

/// Programs choose the names of their tasks, and the kernel prints them as they are.
#[test]
fn a_line_end_in_a_tasks_name() {
    for time in ["", "[   52.080846][   T41] "] {
        let log = format!(
            "{time}INFO: task left\n{time}right:18088 blocked for more than 143 seconds.\n{time}      Tainted: G             L      6.18.0 #1\n{time}task:left\n{time}right state:D stack:25960 pid:18088 tgid:18087 ppid:15126\n{time}Call Trace:\n{time} <TASK>\n{time} schedule+0xdd/0x390\n"
        );
        let report = only(log.as_bytes());
        assert_eq!((report.kind, report.context.pid), (Kind::HungTask, Some(18088)), "{log}");
        assert_eq!(report.context.comm.as_deref(), Some("left right"), "{log}");
        assert_eq!(report.frames.len(), 1, "{log}");
        let log = format!(
            "{time}BUG: kernel NULL pointer dereference, address: 0000000000000010\n{time}CPU: 1 UID: 0 PID: 77 Comm: left\n{time}right Not tainted 6.18.0 #1 PREEMPT(lazy)\n{time}RIP: 0010:f+0x1/0x2\n"
        );
        let report = only(log.as_bytes());
        assert_eq!(
            (report.context.pid, report.context.comm.as_deref()),
            (Some(77), Some("left right")),
            "{log}"
        );
        assert_eq!(report.context.release.unwrap().value, "6.18.0", "{log}");
    }
    // Two tasks, of which one is not known to wait.
    let log = "INFO: task left\nINFO: task right:7 blocked for more than 143 seconds.\n";
    assert_eq!(only(log.as_bytes()).context.comm.as_deref(), Some("right"));
}

#[test]
fn the_function_that_a_workqueue_called_last() {
    for log in [
        "BUG: workqueue leaked lock or atomic: kworker/1:2/0x00000000/77\n     last function: meter_work [meter]\n1 lock held by kworker/1:2/77:\nCPU: 1 PID: 77 Comm: kworker/1:2 Not tainted 6.1.0-99-amd64 #1\nCall Trace:\n process_one_work+0x1/0x2\n",
        "BUG: workqueue leaked atomic, lock or RCU: kworker/1:2[77]\n     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=meter_work [meter]\nCall Trace:\n process_one_work+0x1/0x2\n",
    ] {
        let report = only(log.as_bytes());
        let place =
            report.mentions.iter().find(|place| place.symbol.as_deref() == Some("meter_work")).unwrap();
        assert_eq!(
            (place.module.as_deref(), place.offset, report.kind),
            (Some("meter"), 0, Kind::Bug),
            "{log}"
        );
    }
}

/// KASAN up to 4.7 let SLUB describe the object, in the middle of its own report.
#[test]
fn slub_in_a_report_of_kasan() {
    let rows = "Object ffff880000000010: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n"
        .repeat(80);
    let log = format!(
        "BUG: KASAN: use-after-free in meter_read+0x1b/0x200 [meter] at addr ffff880000000010\nRead of size 8 by task cat/77\n=============================================================================\nBUG kmalloc-64 (Not tainted): kasan: bad access detected\n-----------------------------------------------------------------------------\nINFO: Allocated in meter_open+0x1/0x2 [meter] age=1 cpu=1 pid=77\n\tkmem_cache_alloc+0x1/0x2\n{rows}CPU: 1 PID: 77 Comm: cat Not tainted 4.4.0 #1\nCall Trace:\n meter_store+0x12/0x40 [meter]\n"
    );
    let report = only(log.as_bytes());
    let traces: Vec<_> = report.frames.iter().map(|frame| frame.trace).collect();
    assert_eq!((report.kind, traces), (Kind::Kasan, vec![Trace::Allocated, Trace::Allocated, Trace::Own]));
}

/// Alpha and sparc name the task in the line of `die()`.
#[test]
fn the_task_in_front_of_the_oops() {
    for line in ["cat(77): Oops 0", "tool(77): Oops 0", "cat(77): Oops [#1]"] {
        let log =
            format!("Unable to handle kernel paging request at virtual address 0000000000000010\n{line}\n");
        let report = only(log.as_bytes());
        assert_eq!((report.kind, report.context.pid), (Kind::PageFault, Some(77)), "{log}");
        assert!(report.context.comm.is_some_and(|comm| line.starts_with(&comm)), "{log}");
    }
}

/// SuperH prints the instruction pointer before the line of `die()`, as alpha does in another form.
#[test]
fn an_instruction_pointer_before_the_oops() {
    let log = b"Unable to handle kernel NULL pointer dereference at virtual address 00000010\npc = 8c012340\n*pde = 00000000\nOops: 0000 [#1]\nCPU: 0 PID: 77 Comm: cat Not tainted 4.19.0 #1\nPC is at victim+0x10/0x40\nPR is at caller+0x8/0x40\nPC  : 8c012340 SP  : 8f8a9e40 SR  : 40008001 TEA : 00000010\n";
    let report = only(log);
    assert_eq!((report.arch, pc(&report)), (Some("sh4"), Some("victim")));
}

#[test]
fn variable_length_instructions_are_no_taint() {
    let log = b"Unable to handle kernel paging request at virtual address 6b6b6b6b\nEIP:    0060:[<c0101010>]    Tainted: P      VLI\nEFLAGS: 00210246   (2.6.12-9-686 #2) \nEIP is at f+0x3/0x10 [m]\n";
    assert_eq!(kernel(&only(log)), (Some("2.6.12-9-686"), Some("#2"), Some("P")));
}

#[test]
fn a_panic_of_rust_and_its_bug() {
    let log = b"rust_kernel: panicked at drivers/x.rs:12:5:\nattempt to add with overflow\n------------[ cut here ]------------\nkernel BUG at rust/helpers/bug.c:7!\nOops: invalid opcode: 0000 [#1] SMP\nRIP: 0010:rust_helper_BUG+0x1/0x2\nCall Trace:\n f+0x1/0x2\n";
    let report = only(log);
    assert_eq!((report.kind, pc(&report)), (Kind::Bug, Some("rust_helper_BUG")));
    assert_eq!(report.title.value, "rust_kernel: panicked at drivers/x.rs:12:5:");
    assert_eq!(report.message.unwrap().value, "attempt to add with overflow");
}

#[test]
fn a_failed_check_of_control_flow_names_what_follows_it() {
    let cfi = "CFI failure at caller+0x10/0x20 (target: victim+0x0/0x10; expected type: 0x12345678)";
    let endbr = "traps: Missing ENDBR: victim+0x0/0x40";
    for (first, more) in [
        (cfi, "Oops: invalid opcode: 0000 [#1] PREEMPT SMP\n"),
        (cfi, "Internal error: Oops - CFI: 00000000f2008228 [#1] PREEMPT SMP\n"),
        (endbr, "kernel BUG at arch/x86/kernel/traps.c:252!\ninvalid opcode: 0000 [#1] PREEMPT SMP\n"),
    ] {
        let end = "Kernel panic - not syncing: Fatal exception\n";
        let report = only(format!("{first}\n{more}{end}").as_bytes());
        assert_eq!((report.kind, report.title.value.as_str()), (Kind::Oops, first));
        assert!(report.panicked, "{first}");
    }
    // Where it is only a warning, it says why.
    let report = only(format!("{cfi}\nWARNING: CPU: 0 PID: 7 at caller+0x10/0x20\n").as_bytes());
    assert_eq!((report.kind, report.message.unwrap().value.as_str()), (Kind::Warning, cfi));
}

#[test]
fn the_fault_address_is_in_a_register_where_no_line_has_it() {
    for (log, address) in [
        (
            "Oops - load access fault [#1]\n\
                status: 0000000200000120 badaddr: 0000000000000010 cause: 0000000000000005\n",
            Some(0x10),
        ),
        // That of a breakpoint is something else.
        (
            "Kernel BUG [#1]\nstatus: 0000000200000120 badaddr: 0000000000000010 cause: 0000000000000003\n",
            None,
        ),
        (
            "Unhandled kernel unaligned access[#1]:\nCause : 80800010 (ExcCode 04)\nBadVA : 00000011\n",
            Some(0x11),
        ),
        (
            "Data bus error, epc == 80123454, ra == 80123400\n\
                Oops[#1]:\n\
                Cause : 0080001c (ExcCode 07)\n\
                BadVA : 00000011\n",
            None,
        ),
        (
            "BUG: Unable to handle kernel instruction fetch (NULL pointer?)\n\
                NIP: 00000000 LR: c0012300 CTR: 00000000\n\
                REGS: c1a0bd80 TRAP: 0400   Not tainted  (5.10.0)\n",
            Some(0),
        ),
    ] {
        assert_eq!(only(log.as_bytes()).fault_address(), address, "{log}");
    }
}
