// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pairs of versions of one module, loaded in turn twenty times: every variable stays where it is, has the
//! value that the last version which knew it has left, and nothing leaks.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::fixture_report::{FixtureReport, counts_on};
use super::keep::drop_all;
use crate::ctx::{Ctx, SlabObjects};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("versions-variables", "variables more, fewer, in another order: 20 times each", |ctx| {
        all_of(ctx, VARIABLES)
    })
    .limit_secs(600)
    .alone(),
    Scenario::new("versions-sections", "static, const, bss, several declarators: 20 times each", |ctx| {
        all_of(ctx, SECTIONS)
    })
    .limit_secs(600)
    .alone(),
    Scenario::new("versions-files", "moved, renamed, linked in another order: 20 times each", |ctx| {
        all_of(ctx, FILES)
    })
    .needs(Needs::Stock)
    .limit_secs(600)
    .alone(),
    Scenario::new("versions-clang", "the same with modules that clang has compiled", clang)
        .needs(Needs::Stock)
        .limit_secs(600)
        .alone(),
    Scenario::new("versions-moved", "a variable in another file is refused without a hint", moved)
        .needs(Needs::Stock),
    Scenario::new("versions-twins", "two files of one name: found again, or refused by name", twins),
];

/// Two versions of one module.
struct Change {
    about: &'static str,
    module: &'static str,
    versions: [&'static str; 2],
}

const fn of_units(about: &'static str, first: &'static str, second: &'static str) -> Change {
    Change { about, module: "units", versions: [first, second] }
}

const fn of_parts(about: &'static str, first: &'static str, second: &'static str) -> Change {
    Change { about, module: "parts", versions: [first, second] }
}

const VARIABLES: &[Change] = &[
    of_units("a variable before the others", "units", "units_first"),
    of_units("a variable between the others", "units", "units_middle"),
    of_units("a variable behind the others", "units", "units_last"),
    of_units("three variables more", "units", "units_all"),
    of_units("a variable removed", "units", "units_less"),
    of_units("variables reordered", "units", "units_reordered"),
];

const SECTIONS: &[Change] = &[
    of_units("static made global", "units", "units_global"),
    of_units("const dropped", "units", "units_no_const"),
    of_units("data made bss", "units", "units_bss"),
    of_units("two declarators under one mark, others added", "units_together", "units_together_all"),
    of_units("two declarators, each under a mark of its own", "units_together", "units_apart"),
];

const FILES: &[Change] = &[
    of_units("all moved to another file, with a hint", "units", "units_moved_hint"),
    of_units("renamed, with a hint", "units", "units_renamed_hint"),
    of_parts("one moved to another file, with a hint", "parts", "parts_moved_hint"),
    of_parts("linked in another order, two files of one name", "parts", "parts_swapped"),
];

const CLANG: &[Change] = &[
    of_units("three variables more", "units_clang", "units_clang_all"),
    of_units("a variable removed", "units_clang", "units_clang_less"),
    of_units("variables reordered", "units_clang", "units_clang_reordered"),
    // In this order: gcc aligns the table more strictly.
    of_units("the other compiler, and three variables less", "units_all", "units_clang_no_const"),
];

/// How often either version is loaded.
const ROUNDS: usize = 20;

/// Rounds until the caches are warm, and between two measurements of memory after that.
const WARM_UP: usize = 4;
const MEASURED: usize = 8;

/// A cache that grows by as many objects between any two measurements leaks: one for each load of a version.
const LEAK_THRESHOLD: u64 = 8;

/// Rounds after which a cache that has always grown so far is leaking.
const MAX_ROUNDS: usize = WARM_UP + 5 * MEASURED;

fn all_of(ctx: &mut Ctx, changes: &[Change]) -> Result<()> {
    // The first read allocates memory for each cache's sysfs files.
    ctx.slab_objects()?;
    for change in changes {
        back_and_forth(ctx, change).with_context(|| change.about)?;
    }
    Ok(())
}

fn back_and_forth(ctx: &mut Ctx, change: &Change) -> Result<()> {
    let mut seen = Seen::default();
    let (mut memory, mut slabs) = (0, Vec::new());
    // What the files alone say.
    let [first, second] = change.versions.map(|version| ctx.fixture(version));
    ctx.modpersist(["compat", &first?, &second?])?.success()?.stdout_has("kept")?;
    for round in 0..=MAX_ROUNDS {
        if round >= WARM_UP && (round - WARM_UP).is_multiple_of(MEASURED) {
            slabs.push(ctx.slab_objects()?);
            let now = ctx.module_memory()?;
            ensure!(round == WARM_UP || now == memory, "module memory went from {memory} to {now} bytes");
            memory = now;
            let growing = SlabObjects::always_growing(&slabs, LEAK_THRESHOLD);
            if round >= ROUNDS && growing.is_empty() {
                break;
            }
            ensure!(round < MAX_ROUNDS, "objects leak: {}", growing.join(", "));
        }
        for version in change.versions {
            let file = ctx.fixture(version)?;
            ctx.insmod([&file])?.success()?.silent()?;
            let report = FixtureReport::read(ctx, change.module)?;
            seen.check(&report).with_context(|| format!("round {round}, {version}"))?;
            ctx.rmmod([change.module])?.success()?.silent()?;
        }
    }
    let keepers = ctx.modules()?.iter().filter(|module| module.name.contains("__persist")).count();
    ensure!(keepers <= 2, "{keepers} keepers, for two versions");
    drop_all(ctx, change.module)
}

/// Each variable as its last report had it.
#[derive(Default)]
struct Seen(BTreeMap<String, (u64, String)>);

impl Seen {
    /// Every variable must be where it was, and have counted this load.
    fn check(&mut self, report: &FixtureReport) -> Result<()> {
        for (name, address, value) in report.variables() {
            let Some((old_address, old)) = self.0.insert(name.to_owned(), (address, value.to_owned())) else {
                continue;
            };
            ensure!(address == old_address, "{name} was at {old_address:#x}, is at {address:#x}");
            ensure!(counts_on(name, &old, value), "{name} was {old}, is {value}");
        }
        Ok(())
    }
}

/// Also: what only clang does. It keeps `const` apart, in sections that cannot be written to.
fn clang(ctx: &mut Ctx) -> Result<()> {
    let Ok(file) = ctx.fixture("units_clang") else {
        return ctx.skip("this machine has no clang, so no modules were made by it");
    };
    all_of(ctx, CLANG)?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["units"])?.success()?.silent()?;
    let said = ctx.insmod([ctx.fixture("units_clang_no_const")?])?.code(1)?;
    ctx.note(said.stderr.clone());
    said.stderr_has("units.c:constant")?.stderr_has("untouched")?;
    ctx.insmod([&file])?.success()?.silent()?;
    drop_all(ctx, "units")?;
    ctx.insmod([ctx.fixture("units_clang_no_const")?])?.success()?;
    ctx.rmmod(["units"])?.success()?;
    let said = ctx.insmod([ctx.fixture("units_no_const")?])?.code(1)?;
    said.stderr_has("units.c:table: alignment changed from 16 to 32")?;
    ctx.rmmod(["--discard", "units"])?.success()?;
    Ok(())
}

fn moved(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("parts")?;
    let mut seen = Seen::default();
    ctx.insmod([&file])?.success()?;
    seen.check(&FixtureReport::read(ctx, "parts")?)?;
    ctx.rmmod(["parts"])?.success()?;
    let other = ctx.fixture("parts_moved")?;
    let calls = ctx.trace_module_calls(|ctx| {
        let said = ctx.insmod([&other])?.code(1)?;
        ctx.note(said.stderr.clone());
        said.stderr_has("two.c:moving: new, but it may be one.c:moving, which is kept and not in the file")?
            .stderr_has("untouched")
    })?;
    ensure!(calls.is_empty(), "the kernel was asked to load it: {calls:?}");
    ctx.insmod([&file])?.success()?.silent()?;
    seen.check(&FixtureReport::read(ctx, "parts")?)?;
    drop_all(ctx, "parts")
}

/// Without `PERSISTENT_FILE` the variables of both files share a section, and cannot be told apart if their
/// names are equal, too.
fn twins(ctx: &mut Ctx) -> Result<()> {
    let (file, swapped) = (ctx.fixture("parts_twins")?, ctx.fixture("parts_twins_swapped")?);
    let mut seen = Seen::default();
    ctx.insmod([&file])?.success()?;
    seen.check(&FixtureReport::read(ctx, "parts")?)?;
    ctx.rmmod(["parts"])?.success()?;
    let said = ctx.insmod([&swapped])?.code(1)?;
    ctx.note(said.stderr.clone());
    said.stderr_has("util.c:left: moved from offset")?.stderr_has("untouched")?;
    ctx.insmod([&file])?.success()?.silent()?;
    seen.check(&FixtureReport::read(ctx, "parts")?)?;
    drop_all(ctx, "parts")?;
    let same = ctx.fixture("parts_twins_same")?;
    let said = ctx.insmod([&same])?;
    ctx.note(said.to_string());
    said.code(1)?.stderr_has("util.c:counted")?;
    ensure!(!ctx.is_loaded("parts")?, "it was loaded");
    Ok(())
}
