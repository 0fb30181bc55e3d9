// SPDX-License-Identifier: MIT OR Apache-2.0
//! With enforced signatures, the extended kernel keeps data of signed modules; its twin without the option
//! cannot.

use anyhow::{Result, ensure};

use super::assertions::region_is;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};
use crate::scenarios::fixture_report::FixtureReport;

const ENFORCE: &str = "module.sig_enforce=1";

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("ext-signed", "sig_enforce: a signed module keeps its data", signed)
        .needs(Needs::Extended)
        .limit_secs(300)
        .cmdline(ENFORCE)
        .memory_mib(1024),
    Scenario::new("ext-lockdown", "lockdown: a signed module keeps its data", signed)
        .needs(Needs::Extended)
        .cmdline("lockdown=integrity")
        .memory_mib(1024),
    Scenario::new("twin-signed", "sig_enforce without the patch: auto warns, require refuses", twin)
        .needs(Needs::Plain)
        .cmdline(ENFORCE)
        .memory_mib(768),
];

const CHANGING: &[&str] = &["other.calls", "from_init", "from_exit", "other.exits", "ordinary"];

fn signed(ctx: &mut Ctx) -> Result<()> {
    let (file, unsigned) = (ctx.fixture("torture_signed")?, ctx.fixture("torture")?);
    ctx.insmod([&unsigned])?.code(1)?;
    region_is(ctx, "torture", None)?;
    ctx.insmod(["--keep=require", file.as_str()])?.success()?.silent()?;
    ctx.set_parameter("torture", "poke", "41")?;
    let first = FixtureReport::read(ctx, "torture")?;
    for _ in 0..10 {
        ctx.rmmod(["torture"])?.success()?.silent()?;
        // An unsigned file is refused even if its data is kept.
        ctx.insmod([&unsigned])?.code(1)?;
        ctx.insmod([&file])?.success()?.silent()?;
        FixtureReport::read(ctx, "torture")?.same_as(&first, CHANGING)?;
    }
    let taint = ctx.module_taint("torture")?;
    ensure!(!taint.contains('E'), "a signed module has the taint {taint}");
    ctx.measure("taint of the signed module", taint);
    ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    Ok(())
}

fn twin(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture_signed")?;
    let output = ctx.insmod([&file])?.success()?;
    output.stderr_has("WARNING: ")?.stderr_has(
        "its persistent data will not be kept: this kernel loads only signed modules (module.sig_enforce)",
    )?;
    ensure!(FixtureReport::read(ctx, "torture")?.value("from_init")? == "1", "the data did not start afresh");
    ctx.rmmod(["torture"])?.success()?.silent()?;
    let output = ctx.insmod(["--keep=require", file.as_str()])?.code(1)?;
    output.stderr_has("cannot be kept here")?.stderr_has("module.sig_enforce")?;
    ensure!(!ctx.is_loaded("torture")?, "require loaded it");
    ctx.insmod(["--keep=off", file.as_str()])?.success()?.silent()?;
    ctx.rmmod(["torture"])?.success()?.silent()?;
    Ok(())
}
