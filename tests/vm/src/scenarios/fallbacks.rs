// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fallback table: `--keep=auto`, `require` and `off` against what is kept.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use super::fixture_report::FixtureReport;
use super::keep::{drop_all, is_extended_kernel};
use crate::ctx::{Ctx, tools};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("fallback-none", "nothing kept: auto, require and off", none).needs(Needs::Stock),
    Scenario::new("fallback-agrees", "data kept, layout agrees: auto, require and off", agrees),
    Scenario::new("fallback-differs", "data kept, layout differs: auto, require and off", differs),
    Scenario::new("fallback-name-taken", "no keeper possible: auto warns, require refuses", name_taken)
        .needs(Needs::Stock),
    Scenario::new("fallback-unbound", "the owner is loaded by another tool while a region exists", unbound),
    Scenario::new("fallback-sig-enforce", "sig_enforce turned on while data is kept", sig_enforce)
        .needs(Needs::Stock)
        .alone(),
    Scenario::new(
        "fallback-sig-enforce-first",
        "sig_enforce turned on while nothing is kept",
        sig_enforce_first,
    )
    .needs(Needs::Stock)
    .alone(),
    Scenario::new("fallback-lock", "concurrent loads: one waits for the other", lock),
];

const SIG_ENFORCE: &str = "/sys/module/module/parameters/sig_enforce";

fn first_is(ctx: &Ctx, wanted: &str) -> Result<()> {
    let report = FixtureReport::read(ctx, "layout")?;
    ensure!(report.value("first")? == wanted, "wanted {wanted}: {report:?}");
    Ok(())
}

fn none(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    for option in ["--keep=auto", "--keep=require"] {
        ctx.insmod([option, file.as_str()])?.success()?.silent()?;
        ensure!(ctx.is_loaded("layout__persist")?, "{option}: no keeper");
        drop_all(ctx, "layout")?;
    }
    ctx.insmod(["--keep=off", file.as_str()])?.success()?.silent()?;
    ensure!(!ctx.is_loaded("layout__persist")?, "--keep=off created a keeper");
    ctx.rmmod(["layout"])?.success()?.silent()?;
    Ok(())
}

fn agrees(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod(["--keep=auto", file.as_str()])?.success()?.silent()?;
    first_is(ctx, "3")?;
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod(["--keep=require", file.as_str()])?.success()?.silent()?;
    first_is(ctx, "4")?;
    ctx.rmmod(["layout"])?.success()?;
    let output = ctx.insmod(["--keep=off", file.as_str()])?.success()?;
    output.stderr_has("WARNING: ")?.stderr_has("32 bytes of data of layout are kept")?;
    first_is(ctx, "2")?;
    ctx.modpersist(["list"])?.success()?.stdout_has("owner loaded unbound")?;
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod([&file])?.success()?;
    first_is(ctx, "5")?;
    drop_all(ctx, "layout")
}

fn differs(ctx: &mut Ctx) -> Result<()> {
    let (old, new) = (ctx.fixture("layout")?, ctx.fixture("layout_grown")?);
    ctx.insmod([&old])?.success()?;
    ctx.rmmod(["layout"])?.success()?;
    for option in ["--keep=auto", "--keep=require"] {
        ctx.insmod([option, new.as_str()])?.code(1)?.stderr_has("grew from 16 to 32 bytes")?;
    }
    ctx.insmod(["--keep=off", new.as_str()])?.success()?.stderr_has("not used by this load")?;
    first_is(ctx, "2")?;
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod([&old])?.success()?;
    first_is(ctx, "3")?;
    drop_all(ctx, "layout")
}

fn name_taken(ctx: &mut Ctx) -> Result<()> {
    let (file, foreign) = (ctx.fixture("clash")?, ctx.fixture("clash_foreign")?);
    ctx.insmod([&foreign])?.success()?;
    let taken = "a module named clash__persist is loaded, but it is not a keeper";
    let output = ctx.insmod([&file])?.success()?.stderr_has(taken)?;
    ensure!(output.stderr.lines().count() == 1, "expected exactly one warning: {output}");
    ctx.rmmod(["clash"])?.success()?.silent()?;
    ctx.insmod(["--keep=require", file.as_str()])?.code(1)?.stderr_has(taken)?;
    ensure!(!ctx.is_loaded("clash")?, "require loaded it");
    // It keeps nothing, so it is removed like any other module.
    ctx.rmmod(["clash__persist"])?.success()?.silent()?;
    ctx.insmod(["--keep=require", file.as_str()])?.success()?.silent()?;
    drop_all(ctx, "clash")
}

fn unbound(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["layout"])?.success()?;
    ctx.peer_insmod([&file])?.success()?;
    ctx.modpersist(["list"])?.success()?.stdout_has("owner loaded unbound")?;
    ctx.insmod([&file])?.code(1)?.stderr_has("File exists")?;
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod([&file])?.success()?;
    first_is(ctx, "3")?;
    drop_all(ctx, "layout")
}

fn sig_enforce(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["layout"])?.success()?;
    std::fs::write(SIG_ENFORCE, "1")?;
    for option in ["--keep=auto", "--keep=require"] {
        let calls = ctx.trace_module_calls(|ctx| {
            let output = ctx.insmod([option, file.as_str()])?.code(1)?;
            output
                .stderr_has("data of layout is kept in the kernel, but cannot be used now")?
                .stderr_has("module.sig_enforce")?
                .stderr_has("untouched")
        })?;
        ensure!(calls.is_empty(), "{option}: {calls:?}");
    }
    ctx.insmod(["--keep=off", file.as_str()])?.code(1)?.stderr_has("Key was rejected by service")?;
    ctx.modpersist(["list"])?.success()?.stdout_has("layout")?;
    ctx.rmmod(["--discard", "layout"])?.success()?;
    Ok(())
}

fn sig_enforce_first(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    std::fs::write(SIG_ENFORCE, "1")?;
    // Only a plain load remains, and the kernel refuses that as well; the message is kmod's.
    let output = ctx.insmod([&file])?.code(1)?;
    let wanted = format!("insmod: ERROR: could not insert module {file}: Key was rejected by service\n");
    ensure!(output.stderr == wanted, "{output}");
    let output = ctx.insmod(["--keep=require", file.as_str()])?.code(1)?;
    output.stderr_has("cannot be kept here")?.stderr_has("module.sig_enforce")?;
    ensure!(!ctx.is_loaded("layout__persist")?, "a keeper was left behind");
    Ok(())
}

fn lock(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    let insmods: Vec<_> = (0..4)
        .map(|_| std::process::Command::new(tools::INSMOD).arg(&file).stderr(Stdio::piped()).spawn())
        .collect::<Result<_, _>>()?;
    let mut loaded = 0;
    let lost = format!("insmod: ERROR: could not insert module {file}: File exists\n");
    for insmod in insmods {
        let ended = insmod.wait_with_output()?;
        let said = String::from_utf8_lossy(&ended.stderr);
        if ended.status.success() {
            loaded += 1;
            ensure!(said.is_empty(), "{said}");
        } else {
            ensure!(said == lost, "{said}");
        }
    }
    ensure!(loaded == 1, "{loaded} of 4 loads at once succeeded");
    let mode = std::fs::metadata("/run/modpersist")?.permissions().mode() & 0o777;
    ensure!(mode == 0o700, "/run/modpersist has mode {mode:o}");
    if !is_extended_kernel() {
        let keeper = ctx.module("layout__persist")?.context("there is no keeper")?;
        ensure!(keeper.holders == ["layout"], "{keeper:?}");
    }
    first_is(ctx, "2")?;
    drop_all(ctx, "layout")
}
