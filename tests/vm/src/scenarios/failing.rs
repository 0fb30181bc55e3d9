// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loads that fail: nothing is lost, nothing stays behind.

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
    Scenario::new("fail-first", "init fails on the first load: nothing stays", first),
    Scenario::new("fail-reload", "init fails on a reload: the data stay", reload),
    Scenario::new("fail-interrupted", "a signal ends a load in its init: no keeper stays", interrupted),
    Scenario::new("fail-oops", "init oopses: what is left is said", oops).oops(),
];

const EINTR: i32 = 4;
/// The kernel's own: the call is to be made again unless a handler says otherwise.
const ERESTARTSYS: i32 = 512;
const PATIENCE: Duration = Duration::from_secs(20);

fn first(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    let output = ctx.insmod([file.as_str(), "fail=19"])?.code(1)?;
    let wanted = format!("insmod: ERROR: could not insert module {file}: No such device\n");
    ensure!(output.stderr == wanted, "{output}");
    ensure!(!ctx.is_loaded("torture__persist")?, "the keeper stayed");
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

/// Sends a signal to insmod while the module's init sleeps; init then fails with `errno`.
fn interrupt(ctx: &Ctx, file: &str, errno: i32, signal: Signal) -> Result<()> {
    let mut insmod =
        std::process::Command::new(tools::INSMOD).args([file, &format!("interrupted={errno}")]).spawn()?;
    let start = Instant::now();
    while ctx.init_state("sleepy_init").unwrap_or_default() != "coming" {
        ensure!(start.elapsed() < PATIENCE, "the module does not come to its init");
        thread::sleep(Duration::from_millis(10));
    }
    // The state is set a moment before init runs.
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
                ensure!(start.elapsed() < PATIENCE, "{signal}, {errno}: the keeper stayed");
                thread::sleep(Duration::from_millis(10));
            }
            ctx.modpersist(["list"])?.success()?.stdout_has("Nothing is kept.")?;
        }
    }
    // On a reload the data are not new: they stay.
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["sleepy_init"])?.success()?;
    interrupt(ctx, &file, EINTR, Signal::SIGINT)?;
    thread::sleep(Duration::from_millis(300));
    owner_is(ctx, "sleepy_init", "kept")?;
    ctx.insmod([&file])?.success()?.silent()?;
    drop_all(ctx, "sleepy_init")
}

/// One region, and its owner in this state.
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
    ensure!(!output.status.is_success(), "insmod survived its module's oops");
    ensure!(ctx.init_state("oops_init")? == "coming", "the module is not left in its init");
    let stuck = "has been in its init function since an earlier load";
    let boot = "before the next boot";
    ctx.insmod([&file])?.code(1)?.stderr_has(stuck)?.stderr_has(boot)?;
    ctx.rmmod(["oops_init"])?.code(1)?.stderr_has(boot)?;
    ctx.rmmod(["--discard", "oops_init"])?.code(1)?.stderr_has(boot)?;
    owner_is(ctx, "oops_init", "owner stuck in init")?;
    // The data of the region can still be read: loads were 101, then 102. A kernel's own list has no variables.
    if !is_extended_kernel() {
        ensure!(kept_bytes(ctx, "oops_init", "oops_init.c", "loads")? == "66000000", "loads is not 102");
    }
    Ok(())
}
