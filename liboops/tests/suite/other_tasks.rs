// SPDX-License-Identifier: MIT OR Apache-2.0
//! What other processors and tasks were doing: within a report, and where a key asked for it.

use liboops::report::{Kind, Origin, Report, Trace};

use super::common::only;

fn reports(log: &str) -> Vec<Report> {
    liboops::blocks(log.as_bytes()).into_iter().flat_map(|block| block.reports).collect()
}

fn frames(report: &Report) -> Vec<(&str, Trace)> {
    let name = |place: &liboops::report::Place| -> Option<&'static str> {
        ["victim", "caller", "schedule", "watchdog", "idle", "kthread"]
            .into_iter()
            .find(|name| place.symbol.as_deref() == Some(*name))
    };
    report.frames.iter().map(|frame| (name(&frame.place).unwrap_or("?"), frame.trace)).collect()
}

const TASK: &str = "CPU: 1 PID: 321 Comm: tool Not tainted 6.1.0 #1\n";
const OTHER: &str = "NMI backtrace for cpu 2\nCPU: 2 PID: 7 Comm: busy Not tainted 6.1.0 #1\n\
    RIP: 0010:idle+0x5/0x10\nCall Trace:\n idle+0x5/0x10\n";

#[test]
fn of_a_hung_task() {
    let log = format!(
        "INFO: task tool:321 blocked for more than 120 seconds.\ntask:tool state:D stack:0 pid:321 ppid:1\n\
         Call Trace:\n schedule+0x5/0x10\n victim+0x5/0x10\nNMI backtrace for cpu 1\n{}Call Trace:\n \
         watchdog+0x5/0x10\nSending NMI from CPU 1 to CPUs 2:\n{OTHER}\
         Kernel panic - not syncing: hung_task: blocked tasks\n",
        TASK.replace("321 Comm: tool", "30 Comm: khungtaskd"),
    );
    let report = only(log.as_bytes());
    let expected = [
        ("schedule", Trace::Own),
        ("victim", Trace::Own),
        ("watchdog", Trace::OtherTask),
        ("idle", Trace::OtherTask),
    ];
    assert_eq!(frames(&report), expected);
    assert_eq!((report.kind, report.panicked, report.context.pid), (Kind::HungTask, true, Some(321)));
    assert_eq!(report.states[0].origin, Origin::OtherCpu);
}

#[test]
fn of_an_rcu_stall() {
    // What the processor did that was found stuck is the report's own; the kernel's thread is not.
    let thread = "rcu: RCU grace-period kthread stack dump:\ntask:rcu_sched state:I stack:0 pid:14 ppid:2\n\
        Call Trace:\n kthread+0x5/0x10\n";
    let own =
        format!("NMI backtrace for cpu 1\n{TASK}RIP: 0010:victim+0x5/0x10\nCall Trace:\n caller+0x5/0x10\n");
    let stall = "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:\nSending NMI from CPU 2 to CPUs 1:\n";
    let one = ("caller", Trace::Own);
    let other = ("kthread", Trace::OtherTask);
    let report = only(format!("{stall}{own}{thread}{OTHER}").as_bytes());
    assert_eq!(frames(&report), [one, other, ("idle", Trace::OtherTask)]);
    assert_eq!(report.fault().unwrap().pc.as_ref().unwrap().symbol.as_deref(), Some("victim"));
    let report = only(format!("{stall}{thread}{own}").as_bytes());
    assert_eq!(frames(&report), [other, one]);
    assert_eq!(report.context.pid, Some(321));
    // Without NMIs: the processor where the thread ran last is not the one that is stuck.
    let dump = |cpu: u32, pid: u32, function: &str| {
        let task = format!("task:tool state:R running task stack:0 pid:{pid} ppid:1\n");
        format!("Task dump for CPU {cpu}:\n{task}Call trace:\n {function}+0x5/0x10\n")
    };
    let ran = "rcu: Stack dump where RCU GP kthread last ran:\n";
    let (last, stuck) = (dump(0, 7, "idle"), dump(1, 321, "caller"));
    let stall = "rcu: INFO: rcu_sched self-detected stall on CPU\n";
    let report = only(format!("{stall}{thread}{ran}{last}{stuck}").as_bytes());
    assert_eq!(frames(&report), [other, ("idle", Trace::OtherTask), one]);
    assert_eq!(report.context.pid, Some(321));
    for (line, cpu) in [
        ("INFO: rcu_sched self-detected stall on CPU { 1}  (t=15000 jiffies g=12 c=11 q=0)", 1),
        ("INFO: rcu_sched detected stall on CPU 3 (t=15000 jiffies)", 3),
    ] {
        assert_eq!(only(line.as_bytes()).context.cpu, Some(cpu), "{line}");
    }
}

#[test]
fn asked_for_by_a_key() {
    let new = "task:init            state:S stack:0     pid:1     ppid:0      flags:0x00000002\nCall Trace:\n \
        schedule+0x5/0x10\ntask:tool            state:D stack:0     pid:321   ppid:1\nCall Trace:\n \
        victim+0x5/0x10\n";
    let old = "init            S ffffffff81609780     0     1      0 0x00000000\nCall Trace:\n \
        [<ffffffff81123456>] schedule+0x5/0x10\n\
        tool            R  running task        0   321      1 0x00000004\nCall Trace:\n \
        [<ffffffff81123456>] victim+0x5/0x10\n";
    for (key, tasks) in [("sysrq: Show State\n", new), ("SysRq : Show State\n", old), ("", new)] {
        let found = reports(&format!("{key}{tasks}"));
        let of: Vec<_> =
            found.iter().map(|report| (report.kind, report.context.pid, frames(report))).collect();
        let expected = [
            (Kind::Backtrace, Some(1), vec![("schedule", Trace::Own)]),
            (Kind::Backtrace, Some(321), vec![("victim", Trace::Own)]),
        ];
        assert_eq!(of, expected, "{key}{tasks}");
    }
    // An oops before is over, and an idle processor is none of interest.
    let log = format!(
        "BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:victim+0x5/0x10\n\
         sysrq: Show backtrace of all active CPUs\nNMI backtrace for cpu 1\n{TASK}Call Trace:\n caller+0x5/0x10\n\
         NMI backtrace for cpu 3 skipped: idling at idle+0x5/0x10\n{OTHER}"
    );
    let found = reports(&log);
    let of: Vec<_> = found.iter().map(|report| (report.kind, report.context.cpu)).collect();
    assert_eq!(of, [(Kind::PageFault, None), (Kind::Backtrace, Some(1)), (Kind::Backtrace, Some(2))]);
    assert_eq!(found[2].states[0].origin, Origin::Fault);
}

#[test]
fn the_function_in_a_heading_comes_once() {
    let report = only(
        b"BUG kmalloc-64 (Not tainted): Redzone overwritten\nAllocated in victim+0x5/0x10 age=1 cpu=1 pid=7\n \
          kthread+0x5/0x10\n victim+0x5/0x10\nCall Trace:\n caller+0x5/0x10\n",
    );
    let expected = [("kthread", Trace::Allocated), ("victim", Trace::Allocated), ("caller", Trace::Own)];
    assert_eq!(frames(&report), expected);
    assert_eq!(report.mentions.len(), 1);
}

/// KMSAN and KCSAN have their traces without a heading; that of the panic behind them is no reason to take
/// these for another processor's.
#[test]
fn a_trace_without_a_heading_stays_the_reports_own() {
    for title in ["BUG: KMSAN: uninit-value in one+0x1/0x2", "BUG: KCSAN: data-race in one / two"] {
        let log = format!(
            "{title}\n victim+0x1/0x2\n=====\nKernel panic - not syncing: kmsan.panic set ...\n\
             CPU: 0 PID: 7 Comm: a Not tainted 6.1.0 #1\nCall Trace:\n <TASK>\n panic+0x4/0x8\n </TASK>\n"
        );
        let report = only(log.as_bytes());
        assert_eq!(frames(&report).first(), Some(&("victim", Trace::Own)), "{title}");
    }
}
