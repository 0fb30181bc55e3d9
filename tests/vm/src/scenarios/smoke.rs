// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the harness itself: kmod's tools, a fixture, the log, tracing, oops and panic.

use anyhow::{Result, ensure};

use crate::ctx::Ctx;
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("smoke", "kmod loads and removes a fixture; the taint shows it", smoke),
    Scenario::new("smoke-trace", "tracing shows how kmod loads a module", trace),
    Scenario::new("smoke-oops", "a declared oops passes and leaves PID 1 alive", oops).oops(),
    Scenario::new("smoke-panic", "a declared panic passes", panic).panic(),
];

fn smoke(ctx: &mut Ctx) -> Result<()> {
    let mark = ctx.log_mark()?;
    let file = ctx.fixture("smoke")?;
    ctx.peer_insmod([file.as_str(), "greeting=7"])?.success()?;
    ensure!(ctx.is_loaded("smoke")?, "smoke is not in /proc/modules");
    ensure!(ctx.section_address("smoke", "__param")? != 0, "no address for __param");
    ensure!(ctx.parameter("smoke", "greeting")? == "7", "the parameter was not taken");
    let taint = ctx.module_taint("smoke")?;
    ensure!(taint.contains('O') && !taint.contains('F'), "taint is {taint}, wanted O without F");
    let loaded = ctx.module_memory()?;
    ctx.peer_rmmod(["smoke"])?.success()?;
    ensure!(!ctx.is_loaded("smoke")?, "smoke is still in /proc/modules");
    let bytes = ctx.module_memory()?;
    ensure!(loaded > bytes, "module memory is {loaded} with smoke and {bytes} without");
    let log = ctx.log_since(&mark)?;
    ensure!(log.iter().any(|line| line.contains("smoke: greeting 7")), "no greeting in {log:?}");
    ctx.measure("memory of a small module", format!("{} bytes", loaded - bytes));
    Ok(())
}

fn trace(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let calls = ctx.trace_module_calls(|ctx| {
        ctx.peer_insmod([file.as_str()])?.success()?;
        ctx.peer_rmmod(["smoke"])?.success()
    })?;
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    ensure!(names == ["finit_module", "delete_module"], "traced {calls:?}");
    Ok(())
}

fn oops(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let output = ctx.peer_insmod([file.as_str(), "crash=1"])?;
    ensure!(!output.status.is_success(), "insmod survived the module's oops");
    Ok(())
}

fn panic(ctx: &mut Ctx) -> Result<()> {
    ctx.sh("echo c > /proc/sysrq-trigger")?;
    Ok(())
}
