// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loads that fail: nothing is lost, nothing stays behind.

use anyhow::{Result, ensure};

use super::keep::drop_all;
use super::report::Report;
use crate::ctx::Ctx;
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("fail-first", "init fails on the first load: nothing stays", first),
    Scenario::new("fail-reload", "init fails on a reload: the data stay", reload),
    Scenario::new("fail-oops", "init oopses: what is left is said", oops).oops(),
];

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
    let before = Report::read(ctx, "torture")?;
    ctx.rmmod(["torture"])?.success()?;
    ctx.insmod([file.as_str(), "fail=12"])?.code(1)?.stderr_has("Cannot allocate memory")?;
    ctx.modpersist(["list"])?.success()?.stdout_has("kept")?;
    ctx.insmod([&file])?.success()?.silent()?;
    let after = Report::read(ctx, "torture")?;
    after.same_as(&before, &["other.calls", "from_init", "from_exit", "other.exits", "ordinary"])?;
    drop_all(ctx, "torture")
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
    ctx.modpersist(["list"])?.success()?.stdout_has("owner stuck in init")?;
    // The data of the region can still be read: loads were 101, then 102.
    let show = ctx.modpersist(["show", "oops_init"])?.success()?;
    show.stdout_has("102")?;
    Ok(())
}
