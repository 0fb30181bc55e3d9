// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables in sections of their own, which the extended kernel keeps one by one, over versions with more of
//! them, fewer, in another order.

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;

use super::assertions::region_is;
use crate::ctx::extended::{FRESH, LIST, PERSIST, delete, finit, release};
use crate::ctx::{Ctx, health};
use crate::scenario::{Needs, Scenario};
use crate::scenarios::fixture_report::FixtureReport;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "ext-variables",
        "variables added, removed, reordered, made global, moved to bss",
        versions,
    )
    .needs(Needs::Extended),
    Scenario::new("ext-variables-back", "twenty times between two versions: no block more", back)
        .needs(Needs::Extended)
        .limit_secs(300)
        .alone(),
    Scenario::new("ext-variables-refused", "what differs is refused by name, and nothing is lost", refused)
        .needs(Needs::Extended),
    Scenario::new("ext-variables-old", "what the old header has in common sections is found", old_header)
        .needs(Needs::Extended),
    Scenario::new("ext-variables-failed", "loads that fail before and after their init has begun", failed)
        .needs(Needs::Extended),
    Scenario::new("ext-variables-shown", "list, show and check name blocks and unused variables", shown)
        .needs(Needs::Extended),
    Scenario::new("ext-variables-tools", "insmod and rmmod leave it to the kernel", tools)
        .needs(Needs::Extended),
];

const NUMBERS: [&str; 4] = ["limit", "stats", "counter", "other"];

fn load(ctx: &Ctx, name: &str) -> Result<FixtureReport> {
    finit(&ctx.fixture(name)?, "", PERSIST).with_context(|| name.to_owned())?;
    FixtureReport::read(ctx, "units")
}

fn reload(ctx: &Ctx, name: &str) -> Result<FixtureReport> {
    delete("units")?;
    load(ctx, name)
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

fn blocks(ctx: &Ctx) -> Result<usize> {
    Ok(ctx.read(LIST)?.lines().filter(|line| line.starts_with("block ")).count())
}

fn versions(ctx: &mut Ctx) -> Result<()> {
    let mut before = load(ctx, "units_by_name")?;
    for (name, wanted) in [
        ("last", 2),
        ("first", 3),
        ("middle", 4),
        ("reordered", 4),
        ("global", 4),
        ("less", 4),
        ("bss", 4),
        ("stripped_g", 4),
        ("signed", 4),
        ("all", 4),
    ] {
        let after = reload(ctx, &format!("units_by_name_{name}"))?;
        counted(&before, &after).with_context(|| name.to_owned())?;
        ensure!(blocks(ctx)? == wanted, "{name}: not {wanted} blocks");
        before = after;
    }
    // Each was bound again by the loads that had it.
    ensure!(before.value("first")? == "102" && before.value("last")? == "302", "{before:?}");
    ensure!(before.value("middle")? == "204", "{before:?}");
    let after = reload(ctx, "units_by_name")?;
    counted(&before, &after)?;
    ctx.note(ctx.read(LIST)?);
    delete("units")?;
    release("units")?;
    region_is(ctx, "units", None)
}

fn back(ctx: &mut Ctx) -> Result<()> {
    let mut before = load(ctx, "units_by_name")?;
    let mut memory = 0;
    if health::has_kmemleak() {
        health::forget_leaks()?;
    }
    for round in 0..20 {
        for name in ["units_by_name_all", "units_by_name"] {
            let after = reload(ctx, name)?;
            counted(&before, &after).with_context(|| format!("round {round}, {name}"))?;
            before = after;
        }
        let now = ctx.module_memory()?;
        ensure!(round == 0 || now <= memory, "round {round}: module memory went from {memory} to {now}");
        memory = now;
    }
    ensure!(blocks(ctx)? == 2, "{}", ctx.read(LIST)?);
    delete("units")?;
    release("units")?;
    // Regions of several blocks go as a whole.
    for _ in 0..20 {
        load(ctx, "units_by_name")?;
        reload(ctx, "units_by_name_all")?;
        delete("units")?;
        release("units")?;
        ensure!(blocks(ctx)? == 0, "{}", ctx.read(LIST)?);
    }
    if health::has_kmemleak() {
        let found = health::leaks(ctx)?;
        ensure!(!["persist", "units", "load_module"].iter().any(|word| found.contains(word)), "{found}");
    }
    Ok(())
}

fn refused(ctx: &mut Ctx) -> Result<()> {
    let before = load(ctx, "units_by_name")?;
    delete("units")?;
    let list = ctx.read(LIST)?;
    for (name, text) in [
        ("units_by_name_grown", "units: its persistent variable stats has 32 bytes, and 24 are kept"),
        ("units_by_name_together", "units: its persistent variable ceiling_of_limit is new, and shares"),
        ("units_by_name_old_header", "units: its persistent variable"),
        ("units_all", "units: its persistent variable count"),
        // Which section comes first, the linker decides.
        ("units_stripped", "units: what is kept and ."),
    ] {
        let mark = ctx.log_mark()?;
        let result = finit(&ctx.fixture(name)?, "", PERSIST);
        ensure!(result == Err(Errno::EINVAL), "{name}: {result:?}");
        let log = ctx.log_since(&mark)?;
        ensure!(log.iter().any(|line| line.starts_with(text)), "{name}: {log:?}");
        ensure!(ctx.read(LIST)? == list, "{name}: the region has changed");
    }
    let after = load(ctx, "units_by_name")?;
    counted(&before, &after)?;
    delete("units")?;
    // Afresh, anything goes.
    finit(&ctx.fixture("units_by_name_grown")?, "", PERSIST | FRESH)?;
    ensure!(FixtureReport::read(ctx, "units")?.value("limit")? == "11", "it did not start afresh");
    delete("units")?;
    release("units")?;
    Ok(())
}

/// The same source with the old header: two common sections.
fn old_header(ctx: &mut Ctx) -> Result<()> {
    let mut before = load(ctx, "units_by_name_old_header")?;
    for name in ["", "_reordered", "_old_header", "_global", "_old_header"] {
        let after = reload(ctx, &format!("units_by_name{name}"))?;
        counted(&before, &after).with_context(|| name.to_owned())?;
        before = after;
    }
    ensure!(blocks(ctx)? == 1, "something was taken for new: {}", ctx.read(LIST)?);
    counted(&before, &reload(ctx, "units_by_name_all")?)?;
    ensure!(blocks(ctx)? == 2, "{}", ctx.read(LIST)?);
    delete("units")?;
    release("units")?;
    Ok(())
}

fn failed(ctx: &mut Ctx) -> Result<()> {
    let before = load(ctx, "units_by_name")?;
    delete("units")?;
    let list = ctx.read(LIST)?;
    // A new variable that must not be kept: no code of the module has run.
    let all = ctx.fixture("units_by_name_all")?;
    let mark = ctx.log_mark()?;
    let result = finit(&ctx.fixture("units_by_name_dangling")?, "", PERSIST);
    ensure!(result == Err(Errno::ENOEXEC), "{result:?}: {:?}", ctx.log_since(&mark)?);
    ensure!(ctx.read(LIST)? == list, "a load that failed early has left something: {}", ctx.read(LIST)?);
    // This one has put a new node on a kept list before its init failed.
    let result = finit(&ctx.fixture("units_by_name_link")?, "", PERSIST);
    ensure!(result == Err(Errno::ENODEV), "{result:?}");
    region_is(ctx, "units", Some("unused"))?;
    ensure!(blocks(ctx)? == 2, "what may be linked to is gone: {}", ctx.read(LIST)?);
    finit(&all, "", PERSIST)?;
    let after = FixtureReport::read(ctx, "units")?;
    ensure!(after.address("stats")? == before.address("stats")?, "stats has moved");
    ensure!(after.value("last")? == "302", "{after:?}");
    ensure!(blocks(ctx)? == 3, "{}", ctx.read(LIST)?);
    delete("units")?;
    release("units")?;
    Ok(())
}

fn shown(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("units_by_name")?])?.success()?.silent()?;
    ctx.rmmod(["units"])?.success()?.silent()?;
    let last = ctx.fixture("units_by_name_last")?;
    let check = ctx.modpersist(["check", &last])?.success()?;
    ctx.note(check.stdout.clone());
    check.stdout_has("would use the kept data of units")?.stdout_has("bound, generation 1")?;
    ctx.insmod([&last])?.success()?.silent()?;
    let list = ctx.modpersist(["list"])?.success()?;
    ctx.note(list.stdout.clone());
    ensure!(list.stdout.lines().all(|line| line.len() <= 80), "{list}");
    ensure!(list.stdout.matches("(kernel)").count() == 2, "{list}");
    let show = ctx.modpersist(["show", "units"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("generation 2, (kernel)")?
        .stdout_has("units.c:last")?
        .stdout_has("units.c:counter:count")?;

    ctx.rmmod(["units"])?.success()?;
    let check = ctx.modpersist(["check", &ctx.fixture("units_by_name_first")?])?.success()?;
    check.stdout_has("unused, generation 2")?.stdout_has("units.c:first")?;
    ctx.insmod([ctx.fixture("units_by_name_first")?])?.success()?;
    ctx.modpersist(["show", "units"])?.success()?.stdout_has("units.c:last (unused)")?;
    ctx.rmmod(["--discard", "units"])?.success()?;
    Ok(())
}

fn tools(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("units_by_name")?])?.success()?.silent()?;
    region_is(ctx, "units", Some("used"))?;
    let mut before = FixtureReport::read(ctx, "units")?;
    for name in ["all", "signed", "less", "bss"] {
        ctx.rmmod(["units"])?.success()?.silent()?;
        ctx.insmod([ctx.fixture(&format!("units_by_name_{name}"))?])?.success()?.silent()?;
        let after = FixtureReport::read(ctx, "units")?;
        counted(&before, &after).with_context(|| name.to_owned())?;
        before = after;
    }
    ctx.rmmod(["units"])?.success()?;
    for (name, text) in [
        ("units_by_name_grown", "units.c:stats: grew from 24 to 32 bytes"),
        ("units_by_name_together", "units.c:ceiling_of_limit: new"),
        ("units_by_name_hint", "it is kept as units.c:limit"),
        ("units_all", "count: new, but it may be units.c:other_counter:other_count, which is kept"),
    ] {
        let file = ctx.fixture(name)?;
        let calls = ctx.trace_module_calls(|ctx| {
            let output = ctx.insmod([file.as_str()])?.code(1)?;
            ctx.note(output.stderr.clone());
            output.stderr_has(text)?.stderr_has("untouched")
        })?;
        ensure!(calls.is_empty(), "{name}: the kernel was asked to load it: {calls:?}");
    }
    let file = ctx.fixture("units_by_name_all")?;
    ctx.insmod(["--fresh=limit", file.as_str()])?.code(1)?.stderr_has("untouched")?;
    ctx.insmod([&file])?.success()?.silent()?;
    counted(&before, &FixtureReport::read(ctx, "units")?)?;
    // Two statics of one name: only insmod can tell them apart, so that a keeper is better.
    ctx.rmmod(["--discard", "units"])?.success()?;
    ctx.insmod([ctx.fixture("units")?])?.success()?.silent()?;
    region_is(ctx, "units", None)?;
    ensure!(ctx.is_loaded("units__persist")?, "there is no keeper");
    ctx.rmmod(["--discard", "units"])?.success()?;
    Ok(())
}
