// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loading costs, in instructions of the guest: many generations against one, a conversion against a
//! kept reload, and our tools against kmod's where nothing is persistent.

use std::fs;

use anyhow::{Result, ensure};
use libmodfmt::elf::Object;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::fixture_report::FixtureReport;
use super::keep::drop_all;
use super::large_debug_info;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "cost-generations",
        "1,000 variables in 20 generations load in at most twice the time of one",
        generations,
    )
    .needs(Needs::Stock)
    .limit_secs(300)
    .counted(),
    Scenario::new(
        "cost-conversion",
        "what converting a megabyte of structures costs, against a kept reload",
        conversion,
    )
    .needs(Needs::Stock)
    .limit_secs(300)
    .counted(),
    Scenario::new("cost-plain", "a module without persistent data, against kmod", plain).counted(),
    Scenario::new("cost-kept", "a kept reload, against kmod's plain one", kept).needs(Needs::Stock).counted(),
    Scenario::new(
        "cost-debug-sections",
        "a kept reload of a module with 100 MB of debug sections, against kmod's plain one",
        debug_sections,
    )
    .needs(Needs::Stock)
    .memory_mib(1536)
    .limit_secs(300)
    .counted(),
];

/// Limits in hundredths of what kmod takes, of programs as they are shipped, and of those with run-time checks.
struct Limit {
    as_shipped: i64,
    checked: i64,
}

impl Limit {
    /// The one for these programs, which are all built in one way.
    const fn get(&self) -> i64 {
        if cfg!(debug_assertions) { self.checked } else { self.as_shipped }
    }
}

/// insmod and rmmod of a module without persistent data. Measured on 6.1: 43 and 30.
const MAX_PLAIN: Limit = Limit { as_shipped: 60, checked: 120 };

/// A kept reload. Measured on 6.1: 89 and 112.
const MAX_KEPT: Limit = Limit { as_shipped: 90, checked: 120 };

/// The same where the file is large, but what is loaded is not.
const MAX_KEPT_DEBUG_SECTIONS: Limit = Limit { as_shipped: 100, checked: 140 };

/// Versions of the module with a thousand variables, each with fifty more than the one before.
const BLOCKS: usize = 20;

/// What a conversion of a megabyte may cost, in kept reloads. Measured: 2.21 on 6.1 (45.4 million
/// instructions against 20.5, of which 2.4 leave the image for a reload); without that, 2.99 on 6.12, where
/// more BTF is read for the export layout. Structures with a pointer each cost 5.
const MAX_CONVERSION: i64 = 3;

/// Reloads that are counted.
const RELOADS: i64 = 10;

/// Instructions of the commands that this process has waited for, in thousands: where the clock counts them,
/// a microsecond of processor time is a thousand.
pub(super) fn instructions_of_children() -> Result<i64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds())
}

/// What `command` takes each time, in thousands of instructions. The commands of `between` are not counted.
pub(super) fn counted(
    ctx: &mut Ctx,
    mut command: impl FnMut(&mut Ctx) -> Result<()>,
    mut between: impl FnMut(&mut Ctx) -> Result<()>,
) -> Result<i64> {
    let mut sum = 0;
    for _ in 0..RELOADS {
        let start = instructions_of_children()?;
        command(ctx)?;
        sum += instructions_of_children()? - start;
        between(ctx)?;
    }
    Ok(sum / RELOADS)
}

/// How many times as much, with two digits behind the point.
fn ratio(much: i64, little: i64) -> String {
    let hundredths = much * 100 / little.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn generations(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("many")?;
    let load = |ctx: &mut Ctx| ctx.insmod([&file])?.success()?.silent().map(drop);
    let unload = |ctx: &mut Ctx| ctx.rmmod(["many"])?.success()?.silent().map(drop);
    load(ctx)?;
    unload(ctx)?;
    let (one, one_away) = (counted(ctx, load, unload)?, counted(ctx, unload_after(load), |_| Ok(()))?);
    ctx.rmmod(["--discard", "many"])?.success()?;
    for blocks in 1..=BLOCKS {
        let version = if blocks == BLOCKS { "many".to_owned() } else { format!("many_{blocks}") };
        ctx.insmod([ctx.fixture(&version)?])?.success()?.silent()?;
        unload(ctx)?;
    }
    ensure!(ctx.is_loaded("many__persist_20")?, "not in 20 generations");
    let (twenty, twenty_away) = (counted(ctx, load, unload)?, counted(ctx, unload_after(load), |_| Ok(()))?);
    load(ctx)?;
    // Block N was loaded by the versions from N on, then with all others.
    let loads = 2 * RELOADS + 1;
    let expected: i64 = (1..=20).map(|block| 50 * (1 + 21 - block + loads)).sum();
    let sum = FixtureReport::read(ctx, "many")?.value("sum")?.to_owned();
    ensure!(sum == expected.to_string(), "the sum is {sum}, not {expected}");
    ctx.measure(
        "insmod of 1,000 variables in one generation, in 20 (1000 instructions)",
        format!("{one}, {twenty}"),
    );
    ctx.measure("insmod, 20 generations against one", ratio(twenty, one));
    ctx.measure("rmmod after insmod, 20 generations against one", ratio(twenty_away, one_away));
    ensure!(twenty <= 2 * one, "20 generations take {} times as long", ratio(twenty, one));
    drop_all(ctx, "many")
}

fn conversion(ctx: &mut Ctx) -> Result<()> {
    let (kept, converted) = conversion_costs(ctx, "records", "records_middle")?;
    let (kept_pointers, converted_pointers) =
        conversion_costs(ctx, "records_pointers", "records_pointers_middle")?;
    ctx.measure(
        "insmod, 1 MB of structures kept, converted (1000 instructions)",
        format!("{kept}, {converted}"),
    );
    ctx.measure("insmod, 1 MB of structures converted against kept", ratio(converted, kept));
    ctx.measure(
        "insmod, 1 MB of structures with a pointer each, kept, converted (1000 instructions)",
        format!("{kept_pointers}, {converted_pointers}"),
    );
    ctx.measure(
        "insmod, 1 MB of structures with a pointer each, converted against kept",
        ratio(converted_pointers, kept_pointers),
    );
    ensure!(
        converted <= MAX_CONVERSION * kept,
        "a conversion costs {} times a kept reload",
        ratio(converted, kept)
    );
    Ok(())
}

/// What a reload costs that keeps the structures, and one that converts them.
fn conversion_costs(ctx: &mut Ctx, first: &str, longer: &str) -> Result<(i64, i64)> {
    let (file, longer) = (ctx.fixture(first)?, ctx.fixture(longer)?);
    let load = |ctx: &mut Ctx| ctx.insmod([&file])?.success()?.silent().map(drop);
    let convert = |ctx: &mut Ctx| ctx.insmod([&longer])?.success().map(drop);
    let unload = |ctx: &mut Ctx| ctx.rmmod(["records"])?.success()?.silent().map(drop);
    load(ctx)?;
    let sum = FixtureReport::read(ctx, "records")?.value("sum")?.to_owned();
    unload(ctx)?;
    let kept = counted(ctx, load, unload)?;
    // Each time from the data of the first version.
    let back = |ctx: &mut Ctx| {
        let found = FixtureReport::read(ctx, "records")?.value("sum")?.to_owned();
        ensure!(found == sum, "the sum is {found}, not {sum}");
        ctx.rmmod(["--discard", "records"])?.success()?;
        load(ctx)?;
        unload(ctx)
    };
    let converted = counted(ctx, convert, back)?;
    drop_all(ctx, "records")?;
    Ok((kept, converted))
}

fn unload_after(load: impl Fn(&mut Ctx) -> Result<()>) -> impl FnMut(&mut Ctx) -> Result<()> {
    move |ctx| {
        load(ctx)?;
        ctx.rmmod(["many"])?.success()?.silent().map(drop)
    }
}

fn plain(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let ours = |ctx: &mut Ctx| ctx.insmod([&file])?.success()?.silent().map(drop);
    let ours_away = |ctx: &mut Ctx| ctx.rmmod(["smoke"])?.success()?.silent().map(drop);
    let kmod = |ctx: &mut Ctx| ctx.peer_insmod([&file])?.success().map(drop);
    let kmod_away = |ctx: &mut Ctx| ctx.peer_rmmod(["smoke"])?.success().map(drop);
    // The first commands fill caches.
    for _ in 0..2 {
        ours(ctx)?;
        kmod_away(ctx)?;
        kmod(ctx)?;
        ours_away(ctx)?;
    }
    let counts = [
        ("insmod", counted(ctx, ours, kmod_away)?, counted(ctx, kmod, ours_away)?),
        (
            "rmmod",
            {
                kmod(ctx)?;
                let count = counted(ctx, ours_away, kmod)?;
                kmod_away(ctx)?;
                count
            },
            {
                ours(ctx)?;
                let count = counted(ctx, kmod_away, ours)?;
                ours_away(ctx)?;
                count
            },
        ),
    ];
    for (name, ours, kmods) in counts {
        ctx.measure(format!("plain {name}, ours and kmod's (1000 instructions)"), format!("{ours}, {kmods}"));
        ctx.measure(format!("plain {name} against kmod's"), ratio(ours, kmods));
    }
    let sum = |of: fn(&(&str, i64, i64)) -> i64| counts.iter().map(of).sum::<i64>();
    let (ours, kmods) = (sum(|count| count.1), sum(|count| count.2));
    ctx.measure("plain insmod and rmmod, ours and kmod's (1000 instructions)", format!("{ours}, {kmods}"));
    for (name, ours, kmods) in counts {
        ensure!(
            ours * 100 <= kmods * MAX_PLAIN.get(),
            "{name} takes {} times as long as kmod's",
            ratio(ours, kmods)
        );
    }
    Ok(())
}

fn kept(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    kept_against_kmod(ctx, &file, &MAX_KEPT)
}

fn debug_sections(ctx: &mut Ctx) -> Result<()> {
    const FILE: &str = "/tmp/layout.ko";
    let bytes = fs::read(ctx.fixture("layout")?)?;
    let mut object = Object::parse(&bytes)?;
    large_debug_info::grow(&mut object)?;
    fs::write(FILE, object.write()?)?;
    drop(object);
    kept_against_kmod(ctx, FILE, &MAX_KEPT_DEBUG_SECTIONS)?;
    fs::remove_file(FILE)?;
    Ok(())
}

/// A reload of `layout` from `file`, with its data kept by us and without by kmod, may take at most so many
/// hundredths.
fn kept_against_kmod(ctx: &mut Ctx, file: &str, limit: &Limit) -> Result<()> {
    let mut ours = |ctx: &mut Ctx| {
        ctx.insmod([file])?.success()?.silent()?;
        ctx.rmmod(["layout"])?.success()?.silent().map(drop)
    };
    ours(ctx)?;
    let kept = counted(ctx, &mut ours, |_| Ok(()))?;
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    let mut kmods = |ctx: &mut Ctx| {
        ctx.peer_insmod([file])?.success()?;
        ctx.peer_rmmod(["layout"])?.success().map(drop)
    };
    kmods(ctx)?;
    let plain = counted(ctx, &mut kmods, |_| Ok(()))?;
    ctx.measure("kept reload, ours and kmod's (1000 instructions)", format!("{kept}, {plain}"));
    ctx.measure("kept reload against kmod's plain one", ratio(kept, plain));
    ensure!(
        kept * 100 <= plain * limit.get(),
        "a kept reload takes {} times kmod's plain one",
        ratio(kept, plain)
    );
    Ok(())
}
