// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loads that fail: no data is lost, and nothing is left behind.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::fixture_report::FixtureReport;
use super::keep::{drop_all, is_extended_kernel, kept_bytes};
use crate::ctx::{Ctx, Status, tools};
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("fail-first", "init fails on the first load: nothing is left", first),
    Scenario::new("fail-reload", "init fails on a reload: the data is still kept", reload),
    Scenario::new("fail-interrupted", "a signal kills a load during init: no keeper is left", interrupted),
    Scenario::new("fail-oops", "init oopses: what is left is reported", oops).oops(),
];

const EINTR: i32 = 4;
/// Internal to the kernel: the system call is to be restarted unless there is a handler.
const ERESTARTSYS: i32 = 512;
const PATIENCE: Duration = Duration::from_secs(20);

fn first(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    let output = ctx.insmod([file.as_str(), "fail=19"])?.code(1)?;
    let wanted = format!("insmod: ERROR: could not insert module {file}: No such device\n");
    ensure!(output.stderr == wanted, "{output}");
    ensure!(!ctx.is_loaded("torture__persist")?, "the keeper was not removed");
    ctx.modpersist(["list"])?.success()?.stdout_has("Nothing is kept.")?;
    Ok(())
}

fn reload(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    ctx.insmod([&file])?.success()?;
    ctx.set_parameter("torture", "poke", "5")?;
    let before = FixtureReport::read(ctx, "torture")?;
    ctx.rmmod(["torture"])?.success()?;
    ctx.insmod([file.as_str(), "fail=12"])?.code(1)?.stderr_has("Cannot allocate memory")?;
    owner_is(ctx, "torture", "kept")?;
    ctx.insmod([&file])?.success()?.silent()?;
    let after = FixtureReport::read(ctx, "torture")?;
    after.same_as(&before, &["other.calls", "from_init", "from_exit", "other.exits", "ordinary"])?;
    drop_all(ctx, "torture")
}

/// Sends a signal to insmod while the module's init sleeps, which then fails with `errno`.
fn interrupt(ctx: &Ctx, file: &str, errno: i32, signal: Signal) -> Result<()> {
    let mut insmod =
        std::process::Command::new(tools::INSMOD).args([file, &format!("interrupted={errno}")]).spawn()?;
    let start = Instant::now();
    while ctx.init_state("sleepy_init").unwrap_or_default() != "coming" {
        ensure!(start.elapsed() < PATIENCE, "the module did not reach its init");
        thread::sleep(Duration::from_millis(10));
    }
    // The state changes shortly before init runs.
    thread::sleep(Duration::from_millis(300));
    signal::kill(Pid::from_raw(i32::try_from(insmod.id())?), signal)?;
    let status = Status::from(insmod.wait()?);
    ensure!(status == Status::Signalled(signal as i32), "insmod: {status}");
    Ok(())
}

fn interrupted(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("sleepy_init")?;
    for errno in [EINTR, ERESTARTSYS] {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
            interrupt(ctx, &file, errno, signal)?;
            let start = Instant::now();
            while ctx.is_loaded("sleepy_init__persist")? {
                ensure!(start.elapsed() < PATIENCE, "{signal}, {errno}: the keeper was not removed");
                thread::sleep(Duration::from_millis(10));
            }
            ctx.modpersist(["list"])?.success()?.stdout_has("Nothing is kept.")?;
        }
    }
    // On a reload, the data was there before, so it is kept.
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["sleepy_init"])?.success()?;
    interrupt(ctx, &file, EINTR, Signal::SIGINT)?;
    thread::sleep(Duration::from_millis(300));
    owner_is(ctx, "sleepy_init", "kept")?;
    ctx.insmod([&file])?.success()?.silent()?;
    drop_all(ctx, "sleepy_init")
}

/// Fails unless there is exactly one region, with its owner in this state.
fn owner_is(ctx: &mut Ctx, owner: &str, state: &str) -> Result<()> {
    let list = ctx.modpersist(["list", "--json"])?.success()?;
    let value: serde_json::Value = serde_json::from_str(&list.stdout)?;
    let regions = value.as_array().map_or(0, Vec::len);
    ensure!(regions == 1 && value[0]["owner"] == owner && value[0]["state"] == state, "{value:#}");
    Ok(())
}

fn oops(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("oops_init")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["oops_init"])?.success()?;
    let output = ctx.insmod([file.as_str(), "oops=1"])?;
    ensure!(!output.status.is_success(), "insmod survived the module's oops");
    ensure!(ctx.init_state("oops_init")? == "coming", "the module is not stuck in its init");
    let stuck = "has been in its init function since an earlier load";
    let boot = "before the next boot";
    ctx.insmod([&file])?.code(1)?.stderr_has(stuck)?.stderr_has(boot)?;
    ctx.rmmod(["oops_init"])?.code(1)?.stderr_has(boot)?;
    ctx.rmmod(["--discard", "oops_init"])?.code(1)?.stderr_has(boot)?;
    owner_is(ctx, "oops_init", "owner stuck in init")?;
    // The data can still be read: `loads` went from 101 to 102. The extended kernel's list has no variables.
    if !is_extended_kernel() {
        ensure!(kept_bytes(ctx, "oops_init", "oops_init.c", "loads")? == "66000000", "loads is not 102");
    }
    Ok(())
}
