// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crashes whose console and journal the host decodes with ksymoops when the machine is gone.

use anyhow::{Result, ensure};

use crate::ctx::{Command, Ctx, tools};
use crate::scenario::Scenario;

/// Where insmod and rmmod keep the journal, once it is there.
const JOURNAL: &str = "/var/log/ksymoops";

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("oops-loaded", "registers point into data of a loaded module", loaded).oops().decoded(&[
        "crash_with at ",
        "persistent data of crash_keep: stats.hits[1] (crash_keep.c)",
        "persistent data of crash_keep: dev.queue.next (crash_keep.c)",
        "crash_keep loaded then",
        "writes 4 bytes at 0x10(%rax) = 0x10",
    ]),
    Scenario::new("oops-init", "a module oopses in its init, and insmod dies", init).oops().decoded(&[
        "crash_keep_init at ",
        "persistent data of crash_keep: stats.hits[3] (crash_keep.c)",
        "persistent data of crash_keep: dev.queue.prev (crash_keep.c)",
        "crash_keep loading then",
    ]),
    Scenario::new("oops-stale", "another module holds a pointer into data of one that is gone", stale)
        .oops()
        .decoded(&[
            "use_set at ",
            "persistent data of crash_keep: stats.hits[2] (crash_keep.c)",
            "crash_keep not loaded then",
        ]),
    Scenario::new("oops-warn", "a WARN in a module", warn)
        .oops()
        .decoded(&["crash_by_warning at ", "(ud2: BUG or WARN)"]),
    Scenario::new("oops-bug", "a BUG in a module", bug)
        .oops()
        .decoded(&["crash_by_bug at ", "(ud2: BUG or WARN)"]),
    Scenario::new("oops-divide", "a divide error in a module's init text", divide)
        .oops()
        .decoded(&["crash_divide at ", "idiv"]),
    Scenario::new("oops-panic", "a crash that somebody asks for, with KASLR", panic)
        .panic()
        .decoded(&["by the report's Kernel Offset", "sysrq_handle_crash"]),
];

/// Loads the module with a journal; it is handed out before anything happens that might end the machine.
fn load(ctx: &mut Ctx) -> Result<()> {
    ctx.sh(&format!("mkdir -p {JOURNAL}"))?;
    let file = ctx.fixture("crash_keep")?;
    ctx.insmod([&file])?.success()?.silent()?;
    hand_out(ctx)
}

fn hand_out(ctx: &mut Ctx) -> Result<()> {
    let mode = ctx.sh(&format!("ls -l {JOURNAL}"))?;
    ensure!(
        mode.lines().filter(|line| line.contains("boot-")).all(|line| line.starts_with("-rw-------")),
        "{mode}"
    );
    let text = ctx.sh(&format!("cat {JOURNAL}/boot-*.jsonl"))?;
    ctx.artifact("boot-journal.jsonl", text);
    Ok(())
}

/// Writes a parameter from a process that may not survive it.
fn write(module: &str, parameter: &str, value: &str) {
    let script = format!("echo {value} > /sys/module/{module}/parameters/{parameter}");
    // Where the kernel oopses the process is killed, and never ends: it waits for the file that it holds itself. What the host sees counts.
    let _ = Command::new(tools::BUSYBOX).args(["sh", "-c", &script]).limit_secs(2).run();
}

fn loaded(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    write("crash_keep", "how", "pointer");
    Ok(())
}

fn init(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    ctx.rmmod(["crash_keep"])?.success()?;
    let file = ctx.fixture("crash_keep")?;
    let output = ctx.insmod([file.as_str(), "early=pointer"])?;
    ensure!(!output.status.is_success(), "insmod survived its module's oops");
    hand_out(ctx)
}

fn stale(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    let address = ctx.parameter("crash_keep", "address")?;
    let holder = ctx.fixture("crash_hold")?;
    ctx.insmod([holder, format!("address={address}")])?.success()?;
    ctx.rmmod(["crash_keep"])?.success()?;
    hand_out(ctx)?;
    write("crash_hold", "use", "1");
    Ok(())
}

fn warn(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    write("crash_keep", "how", "warn");
    Ok(())
}

fn bug(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    write("crash_keep", "how", "bug");
    Ok(())
}

fn divide(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    ctx.rmmod(["crash_keep"])?.success()?;
    let file = ctx.fixture("crash_keep")?;
    let output = ctx.insmod([file.as_str(), "early=divide"])?;
    ensure!(!output.status.is_success(), "insmod survived its module's oops");
    hand_out(ctx)
}

fn panic(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    ctx.port().drain();
    ctx.sh("echo c > /proc/sysrq-trigger")?;
    Ok(())
}
