// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the extended kernel itself refuses: system calls are made directly, without our programs.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::assertions::{first_is, region_is};
use crate::ctx::extended::{FRESH, LIST, PERSIST, delete, finit, release, write};
use crate::ctx::{Ctx, tools};
use crate::scenario::{Needs, Scenario};
use crate::scenarios::fixture_report::FixtureReport;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("ext-flags", "wrong flags and wrong commands", flags).needs(Needs::Extended),
    Scenario::new("ext-layouts", "a different layout is refused, with a line in the log", layouts)
        .needs(Needs::Extended),
    Scenario::new(
        "ext-same-names",
        "two variables with one file and name may have been swapped: only the same build binds",
        same_names,
    )
    .needs(Needs::Extended),
    Scenario::new("ext-marks", "mapping symbols are not variables", marks).needs(Needs::Extended),
    Scenario::new("ext-refusals", "data that must not be kept is refused, and nothing is left", refusals)
        .needs(Needs::Extended),
    Scenario::new("ext-during-init", "release and load while an init runs, which then fails", during_init)
        .needs(Needs::Extended),
    Scenario::new("ext-failing-inits", "init fails on a first load, a reload and a fresh load", inits)
        .needs(Needs::Extended),
];

fn refused(result: Result<(), Errno>, wanted: Errno) -> Result<()> {
    ensure!(result == Err(wanted), "{result:?}, wanted {wanted}");
    Ok(())
}

fn flags(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    for wrong in [FRESH, 1 << 31, 1 << 28, PERSIST | 8] {
        refused(finit(&file, "", wrong), Errno::EINVAL).with_context(|| format!("flags {wrong:#x}"))?;
    }
    let long = format!("release {}", "x".repeat(100));
    for text in ["", "release", "release ", "drop layout", "releaselayout", &long] {
        let wanted = if text == "release " { Errno::ENOENT } else { Errno::EINVAL };
        // An empty write never reaches the kernel's handler.
        if !text.is_empty() {
            refused(write(text), wanted).with_context(|| format!("{text:?}"))?;
        }
    }
    refused(release("layout"), Errno::ENOENT)?;
    release_texts(ctx, &file)?;
    finit(&file, "", PERSIST)?;
    refused(finit(&file, "", PERSIST), Errno::EEXIST)?;
    refused(finit(&file, "", PERSIST | FRESH), Errno::EEXIST)?;
    refused(release("layout"), Errno::EBUSY)?;
    region_is(ctx, "layout", Some("used"))?;
    delete("layout")?;
    region_is(ctx, "layout", Some("unused"))?;
    // A module without persistent data loads as always.
    finit(&ctx.fixture("smoke")?, "", PERSIST)?;
    region_is(ctx, "smoke", None)?;
    delete("smoke")?;
    release("layout")?;
    refused(release("layout"), Errno::ENOENT)
}

/// A text that merely starts with a command is refused: the whole text counts.
fn release_texts(ctx: &mut Ctx, file: &str) -> Result<()> {
    finit(file, "", PERSIST)?;
    delete("layout")?;
    let before = ctx.read(LIST)?;
    let texts = [
        "release layout\nbar",
        "release layout\n\n",
        "release layout\0bar",
        "release layout\0",
        "release layout\n\0",
        "release\nlayout",
        "release\0layout",
        "\n",
        "\0",
    ];
    for text in texts {
        refused(write(text), Errno::EINVAL).with_context(|| format!("{text:?}"))?;
        ensure!(ctx.read(LIST)? == before, "{text:?} changed the list");
    }
    write("release layout\n")?;
    region_is(ctx, "layout", None)
}

fn layouts(ctx: &mut Ctx) -> Result<()> {
    finit(&ctx.fixture("layout")?, "", PERSIST)?;
    delete("layout")?;
    let list = ctx.read(LIST)?;
    for (name, text) in [
        ("appended", "layout: its persistent variable fourth is new, and shares .data..persistent with"),
        ("grown", "layout: its persistent variable third has 32 bytes, and 16 are kept"),
        ("reordered", "has moved against others in .data..persistent"),
        ("realigned", "asks for an alignment of 64, which it is not kept with"),
        ("code_stripped", "layout: what is kept and .data..persistent cannot be compared: the names"),
    ] {
        let file = ctx.fixture(&format!("layout_{name}"))?;
        let mark = ctx.log_mark()?;
        refused(finit(&file, "", PERSIST), Errno::EINVAL).with_context(|| name.to_owned())?;
        let log = ctx.log_since(&mark)?;
        ensure!(log.iter().any(|line| line.contains(text)), "{name}: {log:?}");
        ensure!(ctx.read(LIST)? == list, "{name}: the region changed");
        ensure!(!ctx.is_loaded("layout")?, "{name} was loaded");
    }
    // A variable less, where the others stay; a section more.
    for (name, first) in [
        ("layout_code", "3"),
        ("layout_stripped", "4"),
        ("layout_removed", "5"),
        ("layout_added_section", "6"),
        ("layout", "7"),
    ] {
        finit(&ctx.fixture(name)?, "", PERSIST).with_context(|| name.to_owned())?;
        first_is(ctx, first)?;
        delete("layout")?;
    }
    // Without the flag, the region is not touched.
    finit(&ctx.fixture("layout")?, "", 0)?;
    first_is(ctx, "2")?;
    region_is(ctx, "layout", Some("unused"))?;
    release("layout")?;
    delete("layout")?;
    Ok(())
}

/// `counters` has two functions with a static `cnt` each, which are swapped between two versions: same file,
/// name, size and offset.
fn same_names(ctx: &mut Ctx) -> Result<()> {
    let (first, swapped) = (ctx.fixture("counters")?, ctx.fixture("counters_swapped")?);
    let mut red = 10;
    let load = |ctx: &mut Ctx, red: u32| -> Result<()> {
        let mark = ctx.log_mark()?;
        finit(&first, "", PERSIST)?;
        delete("counters")?;
        let (wanted, log) =
            (format!("counters: red {red} blue {}", red.saturating_add(10)), ctx.log_since(&mark)?);
        ensure!(log.contains(&wanted), "wanted {wanted:?}: {log:?}");
        Ok(())
    };
    load(ctx, red)?;
    let list = ctx.read(LIST)?;
    for file in [&swapped, &ctx.fixture("counters_renamed")?, &ctx.fixture("counters_nodebug")?] {
        let mark = ctx.log_mark()?;
        refused(finit(file, "", PERSIST), Errno::EINVAL).with_context(|| file.clone())?;
        let log = ctx.log_since(&mark)?;
        let said = log.iter().any(|line| {
            line.starts_with("counters: its persistent variable cnt")
                && line.ends_with("one of several of that name, which may have changed places")
        });
        ensure!(said, "{file}: {log:?}");
        ensure!(ctx.read(LIST)? == list, "{file}: the region changed");
        // The same build uses the kept data.
        red += 1;
        load(ctx, red)?;
        ensure!(ctx.read(LIST)? == list, "{file}: the region changed later");
    }
    ensure!(list.starts_with("region counters unused\nblock 1 kept ambiguous "), "{list}");
    // insmod reports it as well. In the same build, it tells them apart by their functions.
    ctx.insmod([&swapped])?.code(1)?.stderr_has("several variables have this name")?;
    ctx.insmod([&first])?.success()?.silent()?;
    ctx.modpersist(["show", "counters"])?.success()?.stdout_has("counters.c")?;
    ctx.rmmod(["counters"])?.success()?.silent()?;
    // A fresh load is always possible.
    finit(&swapped, "", PERSIST | FRESH)?;
    delete("counters")?;
    refused(finit(&first, "", PERSIST), Errno::EINVAL)?;
    release("counters")?;
    Ok(())
}

fn marks(ctx: &mut Ctx) -> Result<()> {
    let (whole, stripped) = (ctx.fixture("marks")?, ctx.fixture("marks_stripped")?);
    for (file, names, variables) in [(&whole, "named", 1), (&stripped, "unnamed", 0)] {
        finit(file, "", PERSIST)?;
        delete("marks")?;
        let list = ctx.read(LIST)?;
        ensure!(list.starts_with(&format!("region marks unused\nblock 1 kept {names} ")), "{file}: {list}");
        let found = list.lines().filter(|line| line.starts_with("variable ")).count();
        ensure!(found == variables, "{file}: {list}");
        // The same build, with and without symbol names.
        for other in [&whole, &stripped] {
            finit(other, "", PERSIST)?;
            delete("marks")?;
        }
        ensure!(ctx.read(LIST)? == list, "{file}: the region changed");
        release("marks")?;
    }
    Ok(())
}

fn refusals(ctx: &mut Ctx) -> Result<()> {
    let before = ctx.module_memory()?;
    let own =
        ["refuse", "refuse_function", "refuse_ops", "refuse_data", "refuse_lock_name", "refuse_this_module"];
    let others = ["refuse_alignment", "refuse_executable", "refuse_livepatch", "refuse_narrow"];
    for name in own.into_iter().chain(others) {
        let mark = ctx.log_mark()?;
        refused(finit(&ctx.fixture(name)?, "", PERSIST), Errno::ENOEXEC).with_context(|| name.to_owned())?;
        let log = ctx.log_since(&mark)?;
        if own.contains(&name) {
            let said =
                log.iter().any(|line| line.starts_with("refuse: its persistent data point to its own "));
            ensure!(said, "{name}: {log:?}");
        }
        region_is(ctx, "refuse", None)?;
    }
    parameters(ctx)?;
    finit(&ctx.fixture("provider")?, "", 0)?;
    let mark = ctx.log_mark()?;
    refused(finit(&ctx.fixture("pinning")?, "", PERSIST), Errno::ENOEXEC)?;
    let log = ctx.log_since(&mark)?;
    ensure!(log.iter().any(|line| line.contains("point to provider_value, which is of a module")), "{log:?}");
    delete("provider")?;
    ensure!(ctx.extended_regions()?.is_empty(), "regions were left behind");
    let after = ctx.module_memory()?;
    ensure!(after <= before, "module memory went from {before} to {after}");
    Ok(())
}

/// The kernel frees a charp parameter's string when the module is unloaded.
fn parameters(ctx: &mut Ctx) -> Result<()> {
    for (name, options) in [
        ("refuse_charp", ""),
        ("refuse_charp", "words=a"),
        ("refuse_charp_array", ""),
        ("refuse_charp_array", "words=a,b"),
    ] {
        let file = ctx.fixture(name)?;
        let mark = ctx.log_mark()?;
        refused(finit(&file, options, PERSIST), Errno::ENOEXEC).with_context(|| name.to_owned())?;
        let log = ctx.log_since(&mark)?;
        let said = log.iter().any(|line| line.starts_with("refuse: its parameter words is a charp"));
        ensure!(said, "{name}: {log:?}");
        region_is(ctx, "refuse", None)?;
        // If nothing is kept, it is an ordinary parameter.
        finit(&file, options, 0).with_context(|| format!("{name} without keeping"))?;
        delete("refuse")?;
    }
    Ok(())
}

/// Starts a load whose init sleeps until a signal arrives, and waits until it sleeps. The region is then in
/// the state `during`; it cannot be released, and the module can be neither unloaded nor loaded again.
fn interrupt(ctx: &mut Ctx, during: &str, options: &[&str]) -> Result<()> {
    let file = ctx.fixture("sleepy_init")?;
    let mut insmod = std::process::Command::new(tools::INSMOD);
    let mut insmod = insmod.args(options).args([&file, "interrupted=5"]).spawn()?;
    let start = Instant::now();
    let coming = |ctx: &Ctx| -> Result<bool> {
        Ok(ctx.module("sleepy_init")?.is_some_and(|module| module.state == "Loading"))
    };
    while !coming(ctx)? {
        ensure!(start.elapsed() < Duration::from_secs(50), "init did not start");
        thread::sleep(Duration::from_millis(10));
    }
    region_is(ctx, "sleepy_init", Some(during))?;
    refused(release("sleepy_init"), Errno::EBUSY)?;
    refused(delete("sleepy_init"), Errno::EBUSY)?;
    kill(Pid::from_raw(insmod.id().try_into()?), Signal::SIGTERM)?;
    insmod.wait()?;
    ensure!(!ctx.is_loaded("sleepy_init")?, "the module is loaded anyway");
    Ok(())
}

fn during_init(ctx: &mut Ctx) -> Result<()> {
    interrupt(ctx, "new", &[])?;
    region_is(ctx, "sleepy_init", None)?;
    finit(&ctx.fixture("sleepy_init")?, "", PERSIST)?;
    delete("sleepy_init")?;
    interrupt(ctx, "used", &[])?;
    region_is(ctx, "sleepy_init", Some("unused"))?;
    interrupt(ctx, "new", &["--fresh"])?;
    region_is(ctx, "sleepy_init", Some("unused"))?;
    release("sleepy_init")?;
    Ok(())
}

fn inits(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    refused(finit(&file, "fail=19", PERSIST), Errno::ENODEV)?;
    region_is(ctx, "torture", None)?;
    finit(&file, "", PERSIST)?;
    ctx.set_parameter("torture", "poke", "5")?;
    let before = FixtureReport::read(ctx, "torture")?;
    delete("torture")?;
    for flags in [PERSIST, PERSIST | FRESH] {
        refused(finit(&file, "fail=12", flags), Errno::ENOMEM)?;
        region_is(ctx, "torture", Some("unused"))?;
    }
    finit(&file, "", PERSIST)?;
    let moving = ["other.calls", "from_init", "from_exit", "other.exits", "ordinary"];
    FixtureReport::read(ctx, "torture")?.same_as(&before, &moving)?;
    delete("torture")?;
    finit(&file, "", PERSIST | FRESH)?;
    ensure!(FixtureReport::read(ctx, "torture")?.value("plain")? == "11", "it did not start afresh");
    delete("torture")?;
    ensure!(ctx.extended_regions()? == ["torture"], "{:?}", ctx.extended_regions()?);
    release("torture")?;
    Ok(())
}
