// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compressed and signed files, files with and without debug information, and files without persistent data,
//! which are loaded exactly as kmod loads them.

use anyhow::{Context, Result, ensure};

use super::fixture_report::FixtureReport;
use super::keep::drop_all;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "files-forms",
        "gz, xz, zst, signed and without debug information: all use the same region",
        forms,
    )
    .memory_mib(768)
    .needs(Needs::Stock),
    Scenario::new(
        "files-plain",
        "a module without persistent data is loaded with finit_module, as by kmod",
        plain,
    ),
];

fn forms(ctx: &mut Ctx) -> Result<()> {
    let first = ctx.fixture("torture")?;
    ctx.insmod([&first])?.success()?;
    ctx.set_parameter("torture", "poke", "3")?;
    let before = FixtureReport::read(ctx, "torture")?;
    let changing = ["other.calls", "from_init", "from_exit", "other.exits", "ordinary"];
    for name in ["torture_gz", "torture_xz", "torture_zst", "torture_nodebug", "torture_signed"] {
        ctx.rmmod(["torture"])?.success()?;
        let file = ctx.fixture(name)?;
        let output = ctx.insmod([&file])?.success()?;
        if name == "torture_signed" {
            ensure!(output.stderr.lines().count() == 1, "{output}");
            output.stderr_has("WARNING: ")?.stderr_has("its signature is lost")?;
        } else if name == "torture_nodebug" {
            output.only_untyped()?;
        } else {
            output.silent()?;
        }
        let after = FixtureReport::read(ctx, "torture")?;
        after.same_as(&before, &changing).with_context(|| name.to_owned())?;
    }
    drop_all(ctx, "torture")
}

fn plain(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let ours = ctx.trace_module_calls(|ctx| {
        ctx.insmod([file.as_str(), "greeting=7"])?.success()?.silent()?;
        ctx.rmmod(["smoke"])?.success()?.silent()
    })?;
    let theirs = ctx.trace_module_calls(|ctx| {
        ctx.peer_insmod([file.as_str(), "greeting=7"])?.success()?.silent()?;
        ctx.peer_rmmod(["smoke"])?.success()?.silent()
    })?;
    let shape = |calls: &[crate::ctx::Call]| -> Vec<(String, Option<String>)> {
        calls.iter().map(|call| (call.name.clone(), call.arg("flags").map(str::to_owned))).collect()
    };
    ensure!(shape(&ours) == shape(&theirs), "ours {ours:?}, kmod's {theirs:?}");
    ensure!(ours.first().is_some_and(|call| call.name == "finit_module"), "{ours:?}");
    Ok(())
}
