// SPDX-License-Identifier: MIT OR Apache-2.0
//! The examples for authors, `kernel/examples`: each is loaded, used, unloaded and loaded again with what it
//! kept, frees its memory before a discard, and leaves no pointer into its code.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::keep::is_kept;
use crate::ctx::{Ctx, SlabObjects, health};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("recipes-memory", "numbers, per-CPU data, lists, trees and text, loaded again", memory),
    Scenario::new("recipes-code", "timers, work, threads, files and notifiers, set up again", code),
    Scenario::new("recipes-release", "heap memory is freed before the data is discarded", release),
    Scenario::new("recipes-upgrade", "an init converts structures of two earlier versions", upgrade)
        .needs(Needs::Stock),
];

/// Whether data of this owner is kept. Once all of it is converted, the first keeper is gone.
fn has_data(ctx: &Ctx, owner: &str) -> Result<bool> {
    let keeper = format!("{owner}__persist");
    Ok(is_kept(ctx, owner)? || ctx.modules()?.iter().any(|module| module.name.starts_with(&keeper)))
}

/// Loads a module and says what its init has logged.
fn load(ctx: &mut Ctx, fixture: &str, params: &[&str]) -> Result<String> {
    let mark = ctx.log_mark()?;
    let file = ctx.fixture(fixture)?;
    let args = [&[&*file], params].concat();
    // A version that converts data says what has moved.
    ctx.insmod(args)?.success()?;
    let owner = fixture.split("_v").next().unwrap_or(fixture);
    ensure!(has_data(ctx, owner)?, "{owner}: nothing is kept");
    let prefix = format!("{owner}: ");
    let lines = ctx.log_since(&mark)?;
    let line = lines.iter().rev().find_map(|line| line.strip_prefix(&prefix));
    Ok(line.unwrap_or_default().to_owned())
}

/// Unloads it. Lock checking keeps pointers to what a lock's init has left in the module.
fn unload(ctx: &mut Ctx, owner: &str) -> Result<()> {
    let done = ctx.rmmod([owner])?.success()?;
    if !Path::new("/proc/lockdep").exists() {
        done.silent()?;
    }
    ensure!(has_data(ctx, owner)?, "{owner}: its data is gone");
    Ok(())
}

/// Loads a module twice, and discards its data. Each init logs what it finds.
fn reload(ctx: &mut Ctx, owner: &str, params: &[&str], first: &str, second: &str) -> Result<()> {
    let said = load(ctx, owner, params)?;
    ensure!(said == first, "{owner}: {said:?}, not {first:?}");
    unload(ctx, owner)?;
    let said = load(ctx, owner, &[])?;
    ensure!(said == second, "{owner}: {said:?}, not {second:?}");
    discard(ctx, owner)
}

/// Frees what the example's heap memory holds, and discards its data.
fn discard(ctx: &mut Ctx, owner: &str) -> Result<()> {
    if Path::new(&format!("/sys/module/{owner}/parameters/release")).exists() {
        ctx.set_parameter(owner, "release", "1")?;
    }
    ctx.rmmod(["--discard", owner])?.success()?.silent()?;
    ensure!(!has_data(ctx, owner)?, "{owner}: its data is still there");
    Ok(())
}

fn memory(ctx: &mut Ctx) -> Result<()> {
    reload(ctx, "locks", &[], "load 1, number 0", "load 2, number 1")?;
    reload(ctx, "percpu", &[], "load 1, 10 packets", "load 2, 20 packets")?;
    let items = "2 items, first 10000, smallest 9999, last 9999";
    reload(ctx, "lists", &["more=2"], items, "3 items, first 10000, smallest 9998, last 9998")?;
    let ring = "12 bytes, level 7; the first line is 1 a: loaded";
    let params = &["label=a", "levels=7,8"];
    reload(ctx, "ring", params, ring, "38 bytes, level 7; the first line is 1 a: loaded")?;
    let several = "10 received, 101 and 1 resets";
    reload(ctx, "several", &[], several, "20 received, 102 and 2 resets")
}

/// The numbers in a line.
fn numbers(line: &str) -> Vec<u64> {
    line.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
}

fn code(ctx: &mut Ctx) -> Result<()> {
    ensure!(numbers(&load(ctx, "timers", &[])?) == [0, 0, 0], "the counts do not start at 0");
    // Several intervals of the example, 50 ms.
    let several_intervals = Duration::from_millis(400);
    thread::sleep(several_intervals);
    let mark = ctx.log_mark()?;
    unload(ctx, "timers")?;
    let said = ctx.log_since(&mark)?.pop().context("exit logged nothing")?;
    let before = numbers(&said);
    ensure!(before.len() == 3 && before.iter().all(|count| *count >= 2), "{said}");
    let after = numbers(&load(ctx, "timers", &[])?);
    // The thread runs at once.
    ensure!(after[..2] == before[..2] && after[2] >= before[2], "{before:?} were kept as {after:?}");
    thread::sleep(several_intervals);
    let mark = ctx.log_mark()?;
    discard(ctx, "timers")?;
    let later = numbers(&ctx.log_since(&mark)?.concat());
    ensure!((0..3).all(|index| later[index] > after[index]), "{later:?} after {after:?}: something stopped");

    load(ctx, "hooks", &[])?;
    ensure!(ctx.read("/proc/hooks")? == "same, 7 is 7, 1 reads", "{}", ctx.read("/proc/hooks")?);
    fs::write("/sys/kernel/hooks/mode", "1")?;
    unload(ctx, "hooks")?;
    load(ctx, "hooks", &[])?;
    let said = ctx.read("/proc/hooks")?;
    ensure!(said == "inverted, 7 is 248, 2 reads", "{said}");
    load(ctx, "count", &[])?;
    discard(ctx, "count")?;
    let shown = ctx.modpersist(["show", "hooks", "device.modules_seen"])?.success()?.stdout;
    ensure!(numbers(&shown).last().is_some_and(|count| *count > 0), "the notifier was not called: {shown}");
    discard(ctx, "hooks")
}

fn release(ctx: &mut Ctx) -> Result<()> {
    // A kernel with kmemleak has KASAN as well, which delays each kfree(). kmemleak looks after the boot.
    let counts_tell = !health::has_kmemleak();
    // By far more than other caches grow meanwhile.
    let items = if counts_tell { 5000 } else { 100 };
    let grown = |ctx: &Ctx, before: &SlabObjects| -> Result<Vec<String>> {
        Ok(ctx.slab_objects()?.grown_by(before, items / 2))
    };
    let before = ctx.slab_objects()?;
    load(ctx, "lists", &[&format!("more={items}")])?;
    unload(ctx, "lists")?;
    ensure!(
        !counts_tell || !grown(ctx, &before)?.is_empty(),
        "{items} objects do not show in the slab caches"
    );
    // As for a module that is not loaded when its data is to go.
    load(ctx, "lists", &["release=1"])?;
    unload(ctx, "lists")?;
    // A load after that starts as the first one did.
    let said = load(ctx, "lists", &["release=1"])?;
    ensure!(said.starts_with("1 items, first 10000"), "{said}");
    discard(ctx, "lists")?;
    let grown = grown(ctx, &before)?;
    ensure!(!counts_tell || grown.is_empty(), "objects leak: {}", grown.join(", "));
    load(ctx, "foo_p", &["release=1"])?;
    discard(ctx, "foo_p")
}

fn upgrade(ctx: &mut Ctx) -> Result<()> {
    let steps = [
        ("upgrade", "version 1, 5000 microseconds"),
        ("upgrade_v2", "version 2, 10000 microseconds"),
        ("upgrade_v3", "version 3, 15000 microseconds"),
        ("upgrade_v3", "version 3, 20000 microseconds"),
    ];
    let run = |ctx: &mut Ctx, (fixture, wanted): (&str, &str)| {
        let said = load(ctx, fixture, &[])?;
        ensure!(said == wanted, "{fixture}: {said:?}, not {wanted:?}");
        unload(ctx, "upgrade")
    };
    for step in steps {
        run(ctx, step)?;
    }
    ctx.rmmod(["--discard", "upgrade"])?.success()?;
    // From the first version to the third.
    run(ctx, ("upgrade", "version 1, 5000 microseconds"))?;
    run(ctx, ("upgrade_v3", "version 3, 10000 microseconds"))?;
    ctx.rmmod(["--discard", "upgrade"])?.success()?;
    Ok(())
}
