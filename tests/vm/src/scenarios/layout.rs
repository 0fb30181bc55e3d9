// SPDX-License-Identifier: MIT OR Apache-2.0
//! New versions of a module whose data layout differs are refused before anything is loaded.

use anyhow::{Context, Result, ensure};

use super::fixture_report::FixtureReport;
use super::keep::{drop_all, is_extended_kernel};
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("layout-versions", "each layout change is refused, with the differences", versions),
    Scenario::new(
        "layout-bound",
        "what fits into the kept section is bound, what stands alone is new",
        bound,
    ),
    Scenario::new("layout-agreeing", "changes in code and debug information do not matter", agreeing)
        .needs(Needs::Stock),
    Scenario::new("layout-driver", "a driver's header names the kernel's types and stays small", driver)
        .needs(Needs::Stock),
    Scenario::new(
        "layout-large-types",
        "types that a header has no room for are left out aloud",
        large_types,
    ),
    Scenario::new("layout-counters", "two statics of the same name, swapped", counters),
    Scenario::new("layout-stripped", "a file without symbol names binds by its build ID", stripped),
    Scenario::new(
        "layout-stripped-g",
        "a file without source file names binds by the variables' names",
        stripped_g,
    ),
    Scenario::new("layout-fresh", "--fresh starts over; -f does not bypass the comparison", fresh),
];

/// The file, and the differences that must be reported. What fits into the kept section is bound.
const VERSIONS: &[(&str, &[&str])] = &[
    (
        "layout_appended",
        &["layout.c:fourth: new (4 bytes at offset 0x20)", "these variables share a section"],
    ),
    ("layout_grown", &["layout.c:third: grew from 16 to 32 bytes"]),
    ("layout_reordered", &["layout.c:first: moved from offset 0x0 to 0x8", "layout.c:second: moved"]),
    ("layout_realigned", &[".data..persistent: kept with an alignment of 16, the file asks for 64"]),
];

fn large_types(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("large_types")?;
    let why = " KiB, more than the 256 KiB that a header can have";
    let first = ctx.insmod([&file])?.success()?;
    ctx.note(first.stderr.clone());
    first.stderr_has("types of its variables are not kept with them: they take ")?.stderr_has(why)?;
    ctx.rmmod(["large_types"])?.success()?;
    // Values are kept as ever.
    ctx.modpersist(["check", &file])?.success()?.stdout_has("large_types.c:everything")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["--discard", "large_types"])?.success()?;
    Ok(())
}

/// Largest header of a typical driver, in bytes.
const MAX_DRIVER_HEADER: u64 = 16 << 10;

fn driver(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("driver")?;
    ctx.insmod([&file])?.success()?.silent()?;
    let notes = "/sys/module/driver__persist/notes";
    let sizes = ctx.sh(&format!("stat -c %s {notes}/.note.*"))?;
    let header = sizes.lines().filter_map(|line| line.trim().parse::<u64>().ok()).max();
    let header = header.with_context(|| format!("no note of a header in {notes}: {sizes}"))?;
    ctx.note(format!("the header has {header} bytes"));
    ensure!(header <= MAX_DRIVER_HEADER, "the header has {header} bytes");
    ctx.rmmod(["driver"])?.success()?;
    // All types are compared, those of the kernel by hash.
    ctx.modpersist(["check", &file])?.success()?.stdout_has("driver.c:unit")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["--discard", "driver"])?.success()?;
    Ok(())
}

fn versions(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("layout")?])?.success()?;
    let before = FixtureReport::read(ctx, "layout")?;
    ctx.rmmod(["layout"])?.success()?;
    for (name, account) in VERSIONS {
        let file = ctx.fixture(name)?;
        let calls = ctx.trace_module_calls(|ctx| {
            let mut output = ctx.insmod([file.as_str()])?.code(1)?;
            for text in *account {
                output = output.stderr_has(text)?;
            }
            ctx.note(output.stderr.clone());
            output.stderr_has("--fresh")?;
            // -f ignores vermagic and symbol versions, never the layout.
            ctx.insmod(["-f", file.as_str()])?.code(1)?.stderr_has("differs from what is kept")
        })?;
        ensure!(calls.is_empty(), "{name}: the kernel was asked to load it: {calls:?}");
        let check = ctx.modpersist(["check", &file])?.code(1)?;
        check.stdout_has(account.first().context("no differences in the table")?)?;
        ensure!(!ctx.is_loaded("layout")?, "{name} was loaded");
    }
    ctx.insmod([ctx.fixture("layout")?])?.success()?;
    let after = FixtureReport::read(ctx, "layout")?;
    after.same_as(&before, &["first"])?;
    ensure!(after.value("first")? == "3", "the data changed: {after:?}");
    drop_all(ctx, "layout")
}

/// A variable less, and a section more with a variable that stands alone.
fn bound(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("layout")?])?.success()?;
    let before = FixtureReport::read(ctx, "layout")?;
    for (number, name) in ["layout_removed", "layout_added_section"].into_iter().enumerate() {
        ctx.rmmod(["layout"])?.success()?;
        ctx.insmod([ctx.fixture(name)?])?.success()?.only_untyped()?;
        let after = FixtureReport::read(ctx, "layout")?;
        for variable in ["first", "third"] {
            ensure!(after.address(variable)? == before.address(variable)?, "{name}: {variable} moved");
        }
        ensure!(after.value("first")? == (3 + number).to_string(), "{name}: {after:?}");
    }
    if !is_extended_kernel() {
        ensure!(ctx.is_loaded("layout__persist_2")?, "there is no second keeper");
    }
    drop_all(ctx, "layout")
}

fn agreeing(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("layout")?])?.success()?;
    let mut loads = 2;
    // Only layout_debug has debug information, and the kept data is that of layout.
    for (name, same_build) in
        [("layout_code", false), ("layout_debug", false), ("layout", true), ("layout_debug", false)]
    {
        let file = ctx.fixture(name)?;
        ctx.rmmod(["layout"])?.success()?;
        ctx.modpersist(["check", &file])?.success()?.stdout_has("would use the kept data of layout")?;
        let output = ctx.insmod([&file])?.success()?;
        if same_build {
            output.silent()?
        } else {
            output.only_untyped()?
        };
        loads += 1;
        let report = FixtureReport::read(ctx, "layout")?;
        ensure!(report.value("first")? == loads.to_string(), "{name}: {report:?}");
    }
    drop_all(ctx, "layout")?;
    // A change of type alone is seen only if both files have debug information.
    ctx.insmod([ctx.fixture("layout_debug")?])?.success()?;
    ctx.rmmod(["layout"])?.success()?;
    let other = ctx.fixture("layout_debug_type")?;
    let output = ctx.insmod([&other])?.code(1)?;
    output.stderr_has("layout.c:second: another kind of type (long long int, now struct pair)")?;
    ctx.rmmod(["--discard", "layout"])?.success()?;
    Ok(())
}

fn counters(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("counters")?])?.success()?;
    ctx.rmmod(["counters"])?.success()?;
    let swapped = ctx.fixture("counters_swapped")?;
    let output = ctx.insmod([&swapped])?.code(1)?;
    ctx.note(output.stderr.clone());
    let moved = ["counters.c:red:cnt: moved from offset", "counters.c:blue:cnt: moved"];
    output.stderr_has(moved[0])?.stderr_has(moved[1])?;
    let renamed = ctx.fixture("counters_renamed")?;
    let output = ctx.insmod([&renamed])?.code(1)?;
    // One of the two is new, and shares its section with one that is kept.
    output.stderr_has("counters.c:green:cnt: new")?;
    let nodebug = ctx.fixture("counters_nodebug")?;
    let output = ctx.insmod([&nodebug])?.code(1)?;
    output.stderr_has("counters.c:cnt stands for several variables (cnt.0, cnt.1)")?.stderr_has("-g")?;
    ctx.insmod([ctx.fixture("counters")?])?.success()?;
    drop_all(ctx, "counters")
}

fn stripped(ctx: &mut Ctx) -> Result<()> {
    let named = ctx.fixture("layout")?;
    for (nameless, other) in
        [("layout_stripped", "layout_code_stripped"), ("layout_stripped_x", "layout_reordered_stripped_x")]
    {
        let (nameless, other) = (ctx.fixture(nameless)?, ctx.fixture(other)?);
        for (first, second) in [(&named, &nameless), (&nameless, &named), (&nameless, &nameless)] {
            ctx.insmod([first])?.success()?;
            ctx.rmmod(["layout"])?.success()?;
            ctx.insmod([second])?.success()?.silent()?;
            let report = FixtureReport::read(ctx, "layout")?;
            ensure!(report.value("first")? == "3", "{first}, {second}: {report:?}");
            ctx.rmmod(["layout"])?.success()?;
            let output = ctx.insmod([&other])?.code(1)?;
            output.stderr_has("not name every variable (stripped), and comes from another build")?;
            ctx.rmmod(["--discard", "layout"])?.success()?;
        }
    }
    Ok(())
}

/// layout_stripped_g comes from another build, so its build ID does not help.
fn stripped_g(ctx: &mut Ctx) -> Result<()> {
    let (whole, stripped) = (ctx.fixture("layout")?, ctx.fixture("layout_stripped_g")?);
    let other = ctx.fixture("layout_appended_stripped_g")?;
    for (first, second) in [(&whole, &stripped), (&stripped, &whole), (&stripped, &stripped)] {
        ctx.insmod([first])?.success()?;
        let before = FixtureReport::read(ctx, "layout")?;
        ctx.rmmod(["layout"])?.success()?;
        if is_extended_kernel() && first != second {
            // The extended kernel also compares source files: without their names, only the build ID counts.
            ctx.insmod([second])?
                .code(1)?
                .stderr_has("not name every variable (stripped), and comes from another build")?;
            ctx.rmmod(["--discard", "layout"])?.success()?;
            continue;
        }
        let output = ctx.insmod([second])?.success()?;
        if first == second || is_extended_kernel() {
            output.silent()?
        } else {
            output.only_untyped()?
        };
        let report = FixtureReport::read(ctx, "layout")?;
        report.same_as(&before, &["first"])?;
        ensure!(report.value("first")? == "3", "{first}, {second}: {report:?}");
        ctx.rmmod(["layout"])?.success()?;
        let output = ctx.insmod([&other])?.code(1)?;
        let why =
            if is_extended_kernel() { "from another build" } else { "fourth: new (4 bytes at offset 0x20)" };
        output.stderr_has(why)?;
        ctx.rmmod(["--discard", "layout"])?.success()?;
    }
    Ok(())
}

fn fresh(ctx: &mut Ctx) -> Result<()> {
    let (old, new) = (ctx.fixture("layout")?, ctx.fixture("layout_appended")?);
    ctx.insmod([&old])?.success()?;
    // The data is in use and must not be dropped.
    ctx.insmod(["--fresh", &new])?.code(1)?.stderr_has("File exists")?;
    ensure!(FixtureReport::read(ctx, "layout")?.value("first")? == "2", "the data has changed");
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod(["--fresh", &new])?.success()?.silent()?;
    ensure!(FixtureReport::read(ctx, "layout")?.value("first")? == "2", "it did not start over");
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod([&new])?.success()?;
    ensure!(FixtureReport::read(ctx, "layout")?.value("first")? == "3", "the new data is not kept");
    drop_all(ctx, "layout")?;
    // If nothing is kept, --fresh is a first load.
    ctx.insmod(["--fresh", &old])?.success()?;
    drop_all(ctx, "layout")
}
