// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables in sections of their own: each is kept by itself, over versions with more of them, fewer, in
//! another order. Also on an extended kernel: it cannot tell the statics of one name in two functions apart,
//! so that a keeper holds them there, too.

use anyhow::{Result, ensure};

use super::fixture_report::FixtureReport;
use super::keep::drop_all;
use crate::ctx::Ctx;
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("units-versions", "variables added, removed, reordered: each keeps its value", versions),
    Scenario::new("units-back-and-forth", "twenty times between two versions, no generation more", back),
    Scenario::new(
        "units-refused",
        "what cannot be used is refused by name, before anything is loaded",
        refused,
    ),
    Scenario::new("units-renamed", "a new name or file needs a hint in the source, or an option", renamed),
    Scenario::new("units-old-header", "files of either header bind to data of the other", old_header),
    Scenario::new("units-fresh", "all variables or one afresh; the old data goes after the new init", fresh),
    Scenario::new("units-failed-init", "a keeper more goes again unless kept data points to it", failed_init),
    Scenario::new("units-shown", "list, show and check name generations and unused variables", shown),
    Scenario::new("units-stripped", "files stripped of debug information or names", stripped),
];

const NUMBERS: [&str; 4] = ["limit", "stats", "counter", "other"];

/// Loads a version in place of the one that is loaded.
fn reload(ctx: &mut Ctx, name: &str) -> Result<FixtureReport> {
    ctx.rmmod(["units"])?.success()?.silent()?;
    ctx.insmod([ctx.fixture(name)?])?.success()?;
    FixtureReport::read(ctx, "units")
}

/// Every variable that both versions have is where it was, and has counted one load more.
fn counted(before: &FixtureReport, after: &FixtureReport) -> Result<()> {
    for name in NUMBERS {
        let (old, new): (u64, u64) = (before.value(name)?.parse()?, after.value(name)?.parse()?);
        ensure!(new == old + 1, "{name} was {old}, is {new}");
        ensure!(after.address(name)? == before.address(name)?, "{name} has moved");
    }
    for name in ["node", "text", "constant", "where", "end", "nodes"] {
        ensure!(after.address(name)? == before.address(name)?, "{name} has moved");
    }
    ensure!(after.value("where")? == "1" && after.value("end")? == "1", "pointers: {after:?}");
    ensure!(after.value("nodes")? == after.value("node")?, "the list: {after:?}");
    Ok(())
}

fn versions(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("units")?])?.success()?.silent()?;
    let mut before = FixtureReport::read(ctx, "units")?;
    for (name, keepers) in [
        ("units_last", 2),
        ("units_first", 3),
        ("units_middle", 4),
        ("units_reordered", 4),
        ("units_global", 4),
        ("units_less", 4),
        ("units_bss", 4),
        // GNU as makes the section writable, whatever the compiler says.
        ("units_no_const", 4),
        ("units_all", 4),
        ("units", 4),
    ] {
        let after = reload(ctx, name)?;
        counted(&before, &after).map_err(|error| error.context(name.to_owned()))?;
        let found = (1..9).filter(|number| {
            let keeper =
                if *number == 1 { "units__persist".into() } else { format!("units__persist_{number}") };
            ctx.is_loaded(&keeper).unwrap_or(false)
        });
        ensure!(found.count() == keepers, "{name}: not {keepers} keepers");
        before = after;
    }
    // The kernel itself protects the keepers of what this version has no use for.
    for keeper in ["units__persist", "units__persist_2", "units__persist_4"] {
        let output = ctx.sh(&format!("rmmod {keeper}"));
        ensure!(output.is_err() || ctx.is_loaded(keeper)?, "{keeper} was removed");
    }
    let all = reload(ctx, "units_all")?;
    ensure!(all.value("first")? == "103" && all.value("middle")? == "203", "{all:?}");
    ensure!(all.value("last")? == "303", "{all:?}");
    drop_all(ctx, "units")?;
    ensure!(!ctx.is_loaded("units__persist_2")? && !ctx.is_loaded("units__persist_4")?, "keepers stay");
    Ok(())
}

fn back(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("units")?])?.success()?.silent()?;
    let mut before = FixtureReport::read(ctx, "units")?;
    for round in 0..20 {
        for name in ["units_all", "units"] {
            let after = reload(ctx, name)?;
            counted(&before, &after).map_err(|error| error.context(format!("round {round}, {name}")))?;
            before = after;
        }
    }
    ensure!(ctx.is_loaded("units__persist_2")? && !ctx.is_loaded("units__persist_3")?, "keepers");
    drop_all(ctx, "units")
}

fn refused(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("units")?])?.success()?;
    let before = FixtureReport::read(ctx, "units")?;
    ctx.rmmod(["units"])?.success()?;
    let (name, text) = ("units_together", "units.c:ceiling_of_limit: new");
    let file = ctx.fixture(name)?;
    let calls = ctx.trace_module_calls(|ctx| {
        let output = ctx.insmod([file.as_str()])?.code(1)?;
        ctx.note(output.stderr.clone());
        output.stderr_has(text)?.stderr_has("untouched")
    })?;
    ensure!(calls.is_empty(), "{name}: the kernel was asked to load it: {calls:?}");
    ctx.modpersist(["check", &file])?.code(1)?.stdout_has(text)?;
    ctx.insmod([ctx.fixture("units")?])?.success()?.silent()?;
    let after = FixtureReport::read(ctx, "units")?;
    counted(&before, &after)?;
    // Nodes are on its list: it has to stay where it is.
    counted(&after, &reload(ctx, "units_grown")?)?;
    drop_all(ctx, "units")
}

fn renamed(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("units")?])?.success()?;
    let mut before = FixtureReport::read(ctx, "units")?;
    ctx.rmmod(["units"])?.success()?;
    let (renamed, moved) = (ctx.fixture("units_renamed")?, ctx.fixture("units_moved")?);
    let said = ctx.insmod([&renamed])?.code(1)?;
    ctx.note(said.stderr.clone());
    said.stderr_has("units.c:ceiling: new, but it may be units.c:limit, which is kept and not in the file")?
        .stderr_has("--renamed units.c:limit=units.c:ceiling")?;
    ctx.insmod([&moved])?.code(1)?.stderr_has("it may be units.c:")?;
    ctx.insmod(["--renamed", "limit=ceiling", &renamed])?.success()?;
    let after = FixtureReport::read(ctx, "units")?;
    counted(&before, &after)?;
    before = after;
    for name in ["units_renamed_hint", "units", "units_moved_hint"] {
        let after = reload(ctx, name)?;
        counted(&before, &after).map_err(|error| error.context(name))?;
        before = after;
    }
    ensure!(!ctx.is_loaded("units__persist_2")?, "something was taken for new");
    drop_all(ctx, "units")
}

fn old_header(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod(["--keep=require", &ctx.fixture("units_no_const")?])?.success()?;
    let before = FixtureReport::read(ctx, "units")?;
    ctx.rmmod(["units"])?.success()?;
    // Its variables share two sections; here each has its own.
    let old = ctx.fixture("units_old_header")?;
    ctx.insmod([&old])?.code(1)?.stderr_has("kept apart from others that the file has")?;
    ctx.insmod([ctx.fixture("units_no_const")?])?.success()?;
    counted(&before, &FixtureReport::read(ctx, "units")?)?;
    drop_all(ctx, "units")?;
    if super::keep::is_extended_kernel() {
        // There the kernel itself keeps what the old header marks.
        ctx.insmod([&old])?.success()?;
        ctx.rmmod(["units"])?.success()?;
        let said = ctx.insmod([ctx.fixture("units_no_const")?])?.code(1)?;
        said.stderr_has("units")?.stderr_has("untouched")?;
        ctx.rmmod(["--discard", "units"])?.success()?;
        return Ok(());
    }
    ctx.insmod([&old])?.success()?;
    let before = FixtureReport::read(ctx, "units")?;
    let after = reload(ctx, "units_no_const")?;
    counted(&before, &after)?;
    let again = reload(ctx, "units_old_header")?;
    counted(&after, &again)?;
    ensure!(!ctx.is_loaded("units__persist_2")?, "something was taken for new");
    drop_all(ctx, "units")
}

fn fresh(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("units_all")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["units"])?.success()?;
    ctx.insmod(["--fresh=limit", file.as_str()])?.success()?;
    let report = FixtureReport::read(ctx, "units")?;
    ensure!(report.value("limit")? == "11" && report.value("stats")? == "3", "{report:?}");
    ensure!(!ctx.is_loaded("units__pending")?, "the mark stays");
    let report = reload(ctx, "units_all")?;
    ensure!(report.value("limit")? == "12" && report.value("stats")? == "4", "{report:?}");
    ctx.rmmod(["units"])?.success()?;
    // An init that fails drops nothing.
    ctx.insmod(["--fresh", &ctx.fixture("units_fail")?])?.code(1)?.stderr_has("No such device")?;
    ensure!(ctx.is_loaded("units__persist")? && !ctx.is_loaded("units__pending")?, "what is left");
    ctx.insmod(["--fresh", file.as_str()])?.success()?.silent()?;
    let report = FixtureReport::read(ctx, "units")?;
    ensure!(report.value("limit")? == "11" && report.value("stats")? == "2", "{report:?}");
    ensure!(!ctx.is_loaded("units__persist")? && !ctx.is_loaded("units__persist_2")?, "old keepers stay");
    ensure!(!ctx.is_loaded("units__pending")?, "the mark stays");
    let report = reload(ctx, "units_all")?;
    ensure!(report.value("limit")? == "12", "{report:?}");
    drop_all(ctx, "units")?;
    ctx.modpersist(["list"])?.success()?.stdout_has("Nothing is kept.")?;
    Ok(())
}

fn failed_init(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("units")?;
    ctx.insmod([&file])?.success()?;
    let before = FixtureReport::read(ctx, "units")?;
    ctx.rmmod(["units"])?.success()?;
    ctx.insmod([ctx.fixture("units_fail")?])?.code(1)?.stderr_has("No such device")?;
    ensure!(!ctx.is_loaded("units__persist_2")?, "the keeper of a failed load stays");
    // This one has put a new node on a kept list.
    let said = ctx.insmod([ctx.fixture("units_link")?])?.code(1)?;
    ctx.note(said.stderr.clone());
    said.stderr_has(
        "units__persist_2, made for this load, stays: the init function has left a pointer to it",
    )?;
    ensure!(ctx.is_loaded("units__persist_2")?, "the keeper is gone");
    ctx.insmod([ctx.fixture("units_last")?])?.success()?;
    let after = FixtureReport::read(ctx, "units")?;
    ensure!(after.address("stats")? == before.address("stats")?, "stats has moved");
    ensure!(after.value("last")? == "302", "{after:?}");
    drop_all(ctx, "units")
}

fn shown(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("units")?])?.success()?;
    ctx.rmmod(["units"])?.success()?;
    let last = ctx.fixture("units_last")?;
    let check = ctx.modpersist(["check", &last])?.success()?;
    ctx.note(check.stdout.clone());
    check.stdout_has("would use the kept data of units")?.stdout_has("bound, generation 1")?;
    ctx.insmod([&last])?.success()?;
    let list = ctx.modpersist(["list"])?.success()?;
    ctx.note(list.stdout.clone());
    ensure!(list.stdout.lines().all(|line| line.len() <= 80), "{list}");
    list.stdout_has("units__persist_2")?;
    let show = ctx.modpersist(["show", "units"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("generation 2, units__persist_2")?.stdout_has("units.c:last")?;
    ctx.rmmod(["units"])?.success()?;
    let check = ctx.modpersist(["check", &ctx.fixture("units_first")?])?.success()?;
    check.stdout_has("unused, generation 2")?.stdout_has("units.c:first")?;
    ctx.insmod([ctx.fixture("units_first")?])?.success()?;
    ctx.modpersist(["show", "units"])?.success()?.stdout_has("units.c:last (unused)")?;
    drop_all(ctx, "units")
}

fn stripped(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("units")?;
    ctx.insmod([&file])?.success()?;
    let before = FixtureReport::read(ctx, "units")?;
    ctx.rmmod(["units"])?.success()?;
    // Without debug information nothing tells the two counters apart.
    ctx.insmod([ctx.fixture("units_stripped_g")?])?.code(1)?.stderr_has("stands for several variables")?;
    // The names are gone, but it is the same build.
    ctx.insmod([ctx.fixture("units_stripped")?])?.success()?.silent()?;
    let after = FixtureReport::read(ctx, "units")?;
    counted(&before, &after)?;
    counted(&after, &reload(ctx, "units")?)?;
    drop_all(ctx, "units")
}
