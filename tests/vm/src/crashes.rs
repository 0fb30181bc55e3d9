// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crashes in many ways, for a debugger on the host to look at meanwhile, and reports the kernel's log and
//! the journal, for ksymoops.

use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::ctx::{Command, Ctx, tools};
use crate::protocol::Line;

/// The modules' files in the guest, without `.ko`.
pub const MODULES: [&str; 2] = ["crash_gone", "crash_ways"];
/// Name of the artifact with the kernel's log.
pub const LOG: &str = "kernel.log";
/// Name of the artifact with the journal.
pub const JOURNAL: &str = "boot-journal.jsonl";
/// Name of the measure with the address of the kernel's `_text`.
pub const TEXT: &str = "_text";
/// Name of the measure with a way that is taken now.
pub const WAY: &str = "way";
/// The debugger says that it is there by this value of the variable `panic_timeout`.
pub const ATTACHED: i32 = -7;

const SWITCH: &str = "/proc/sys/kernel/panic";
const WAYS: &str = "/sys/kernel/debug/crash_ways/way";

/// How long the host has for its debugger, on the guest's clock.
const PATIENCE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(200);

/// Takes each way, and reports the log.
pub fn run(ctx: &mut Ctx) -> Result<()> {
    ctx.sh("mkdir -p /var/log/ksymoops")?;
    let symbols = ctx.sh("grep ' _text$' /proc/kallsyms")?;
    let text = symbols.split_whitespace().next().unwrap_or_default().to_owned();
    ctx.measure(TEXT, text);
    wait_for_debugger(ctx)?;
    let keep = ctx.fixture("crash_keep")?;
    ctx.insmod([&keep])?.success()?;
    // The memory of the init of the last one is free from then on.
    for module in MODULES {
        ctx.insmod([format!("/modules/{module}.ko")])?.success()?;
    }
    for address in ["gone_code", "gone_middle", "gone_data", "gone_constant"] {
        let value = ctx.parameter("crash_gone", address)?;
        ctx.set_parameter("crash_ways", address, value.trim())?;
    }
    ctx.rmmod(["crash_gone"])?.success()?;
    let ways: Vec<String> = ctx.read(WAYS)?.lines().map(str::to_owned).collect();
    ensure!(!ways.is_empty(), "there is no way to crash");
    // What warns comes first: an oops leaves the lock on a module's parameters taken.
    for how in ["warn", "pointer"] {
        take(ctx, &format!("crash_keep.{how}"), "/sys/module/crash_keep/parameters/how", how);
    }
    for way in &ways {
        take(ctx, way, WAYS, way);
    }
    let journal = ctx.sh("cat /var/log/ksymoops/boot-*.jsonl")?;
    ctx.artifact(JOURNAL, journal);
    let log = ctx.sh("dmesg")?;
    ctx.artifact(LOG, log);
    Ok(())
}

fn wait_for_debugger(ctx: &mut Ctx) -> Result<()> {
    let mut waited = Duration::ZERO;
    while ctx.read(SWITCH)?.trim().parse() != Ok(ATTACHED) {
        if waited > PATIENCE {
            bail!("no debugger has come");
        }
        thread::sleep(POLL);
        waited += POLL;
    }
    Ok(())
}

/// Crashes in a process of its own, which that kills.
fn take(ctx: &mut Ctx, way: &str, file: &str, word: &str) {
    ctx.port().send(&Line::Measure { measure: WAY.to_owned(), value: way.to_owned() });
    let script = format!("echo {word} > {file}");
    let _ = Command::new(tools::BUSYBOX).args(["sh", "-c", &script]).limit_secs(5).run();
}
