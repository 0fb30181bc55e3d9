// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables whose types change: they grow in place, are converted, or are refused by the name of the field.
//! Keepers do this on every kernel, the extended one included.

use anyhow::{Result, bail, ensure};

use super::fixture_report::FixtureReport;
use super::keep::drop_all;
use crate::ctx::{Answer, Ctx, tools};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("changed-grown", "a structure grows at its end and shrinks again, in place", grown)
        .needs(Needs::Stock),
    Scenario::new("changed-converted", "each kind of change that is converted, and back again", converted)
        .needs(Needs::Stock),
    Scenario::new("changed-back-and-forth", "converted twenty times, without a leak", |ctx| {
        back_and_forth(ctx, "convert_reordered", &[], &[])
    })
    .needs(Needs::Stock),
    Scenario::new(
        "changed-each-way",
        "each change that has a way back, twenty times, without a leak",
        |ctx| {
            BOTH_WAYS.iter().try_for_each(|(version, there, back)| {
                back_and_forth(ctx, version, there, back).map_err(|error| error.context(*version))
            })
        },
    )
    .needs(Needs::Stock)
    .limit_secs(1800)
    .alone()
    .long(),
    Scenario::new("changed-refused", "what would lose data or be misread is refused by field", refused)
        .needs(Needs::Stock),
    Scenario::new("changed-pointed-to", "nothing may point to a variable that moves", pointed_to)
        .needs(Needs::Stock),
    Scenario::new("changed-by-hand", "a module converts a variable itself", by_hand).needs(Needs::Stock),
    Scenario::new("changed-failed-init", "an init that fails leaves the old variable in force", failed_init)
        .needs(Needs::Stock),
    Scenario::new("changed-killed", "insmod is killed at each step of a conversion", killed)
        .needs(Needs::Stock),
    Scenario::new("changed-shown", "list, show and check know grown and converted variables", shown)
        .needs(Needs::Stock),
];

/// Versions, and the options of insmod that lead there and back. There is no way back from a number that has
/// become wider.
const BOTH_WAYS: &[(&str, &[&str], &[&str])] = &[
    ("convert_end", &[], &[]),
    ("convert_far", &[], &["--drop=far"]),
    ("convert_middle", &[], &["--drop=middle"]),
    ("convert_less", &["--drop=low"], &[]),
    ("convert_reordered", &[], &[]),
    ("convert_renamed_hint", &[], &[]),
    ("convert_enum", &[], &[]),
    ("convert_enum_end", &[], &[]),
    ("convert_union", &[], &[]),
    ("convert_array", &[], &[]),
];

/// The numbers of the report that every init counts up.
const COUNTED: [&str; 4] = ["stats", "holder", "node", "plain"];

/// What stays in place whatever happens to the structure `stats`.
const STAYS: [&str; 4] = ["holder", "nodes", "node", "plain"];

fn load(ctx: &mut Ctx, name: &str, options: &[&str]) -> Result<FixtureReport> {
    let file = ctx.fixture(name)?;
    let args: Vec<&str> = options.iter().copied().chain([file.as_str()]).collect();
    ctx.insmod(args)?.success()?;
    FixtureReport::read(ctx, "convert")
}

fn reload(ctx: &mut Ctx, name: &str, options: &[&str]) -> Result<FixtureReport> {
    ctx.rmmod(["convert"])?.success()?.silent()?;
    load(ctx, name, options)
}

/// One init more has counted, everything is as it was, and what must not move has not.
fn counted(before: &FixtureReport, after: &FixtureReport) -> Result<()> {
    for name in STAYS {
        ensure!(after.address(name)? == before.address(name)?, "{name} has moved");
    }
    counted_values(before, after)
}

/// The same, wherever the variables are now.
fn counted_values(before: &FixtureReport, after: &FixtureReport) -> Result<()> {
    for name in COUNTED {
        let (old, new): (u64, u64) = (before.value(name)?.parse()?, after.value(name)?.parse()?);
        ensure!(new == old + 1, "{name} was {old}, is {new}");
    }
    ensure!(after.value("mode")? == "1" && after.value("where")? == "1", "{after:?}");
    ensure!(after.value("name")? == "meter", "{after:?}");
    ensure!(after.value("nodes")? == after.value("node")?, "the list: {after:?}");
    Ok(())
}

fn keepers(ctx: &Ctx) -> Result<Vec<String>> {
    let modules = ctx.modules()?;
    Ok(modules.into_iter().map(|module| module.name).filter(|name| name.starts_with("convert__")).collect())
}

fn grown(ctx: &mut Ctx) -> Result<()> {
    ctx.needs_kernel_memory()?;
    let mut before = load(ctx, "convert", &[])?;
    for round in 1..=20 {
        let after = reload(ctx, "convert_end", &[])?;
        counted(&before, &after).map_err(|error| error.context(format!("round {round}")))?;
        ensure!(after.address("stats")? == before.address("stats")?, "stats has moved");
        ensure!(after.value("more")? == round.to_string(), "{round}: {after:?}");
        ensure!(after.value("holder_more")? == round.to_string(), "{round}: {after:?}");
        before = reload(ctx, "convert", &[])?;
        counted(&after, &before).map_err(|error| error.context(format!("round {round}, back")))?;
        ensure!(after.address("stats")? == before.address("stats")?, "stats has moved back");
    }
    let found = keepers(ctx)?;
    ensure!(found.len() == 2, "{found:?}");
    // The kernel protects the keeper that only says what has grown.
    let output = ctx.sh("rmmod convert__persist_2");
    ensure!(output.is_err() || ctx.is_loaded("convert__persist_2")?, "it was removed");
    drop_all(ctx, "convert")?;
    ensure!(keepers(ctx)?.is_empty(), "keepers stay");
    Ok(())
}

fn converted(ctx: &mut Ctx) -> Result<()> {
    ctx.needs_kernel_memory()?;
    let mut before = load(ctx, "convert", &[])?;
    for (name, options, moves) in [
        ("convert_middle", &[][..], true),
        ("convert", &["--drop=middle"], true),
        ("convert_wide", &[], true),
        ("convert_middle", &["--fresh=stats", "--drop=low"], true),
        ("convert", &["--drop=struct stats.middle"], true),
        ("convert_reordered", &[], true),
        ("convert", &[], true),
        ("convert_renamed_hint", &[], false),
        ("convert", &[], false),
        ("convert_enum", &[], true),
        ("convert", &[], true),
        ("convert_less", &["--drop=stats.low"], true),
        ("convert_less", &[], false),
        ("convert", &[], true),
        ("convert_far", &[], true),
        ("convert", &["--drop=far"], false),
        ("convert_union", &[], false),
        ("convert", &[], false),
        ("convert_enum_end", &[], false),
        ("convert", &[], false),
        ("convert_enum_end", &[], false),
        ("convert", &[], false),
        ("convert_array", &[], false),
        ("convert_array", &[], false),
    ] {
        ctx.rmmod(["convert"])?.success()?.silent()?;
        let file = ctx.fixture(name)?;
        let said = ctx.insmod(options.iter().copied().chain([file.as_str()]))?.success()?;
        ctx.note(format!("{name} {options:?}: {}", said.stderr));
        let after = FixtureReport::read(ctx, "convert")?;
        let place = || format!("{name} {options:?}: {before:?}, {after:?}");
        if options.contains(&"--fresh=stats") {
            ensure!(after.value("stats")? == "101", "{}", place());
        } else {
            counted(&before, &after).map_err(|error| error.context(place()))?;
            let has_moved = after.address("stats")? != before.address("stats")?;
            ensure!(has_moved == moves, "moved: {has_moved}; {}", place());
            if moves {
                let address = format!("{:#x}", after.address("stats")?);
                said.stderr_has("convert.c:stats: converted, moved from 0x")?.stderr_has(&address)?;
            }
        }
        if name == "convert_middle" {
            ensure!(after.value("middle")? == "-1", "{}", place());
        }
        before = after;
    }
    ensure!(before.value("numbers")?.ends_with(" 0"), "{before:?}");
    drop_all(ctx, "convert")?;
    ensure!(keepers(ctx)?.is_empty(), "keepers stay");
    Ok(())
}

fn back_and_forth(ctx: &mut Ctx, version: &str, there: &[&str], back: &[&str]) -> Result<()> {
    let mut before = load(ctx, "convert", &[])?;
    let mut memory = 0;
    for round in 0..20 {
        let after = reload(ctx, version, there)?;
        counted(&before, &after).map_err(|error| error.context(format!("round {round}")))?;
        before = reload(ctx, "convert", back)?;
        counted(&after, &before).map_err(|error| error.context(format!("round {round}, back")))?;
        if round == 2 {
            memory = ctx.module_memory()?;
        }
    }
    let found = keepers(ctx)?;
    ensure!(found.len() <= 2, "{found:?}");
    let now = ctx.module_memory()?;
    ensure!(now <= memory, "{now} bytes of modules, {memory} before");
    drop_all(ctx, "convert")
}

fn refused(ctx: &mut Ctx) -> Result<()> {
    let before = load(ctx, "convert", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    for (name, text) in [
        ("convert_narrow", "convert.c:stats.loads: has 16 bits, had 32"),
        ("convert_target", "convert.c:stats.where: points to another type"),
        ("convert_less", "convert.c:stats.low: the new type has no such field"),
        ("convert_renamed", "convert.c:stats.low: the new type has no such field, but a new field minimum"),
        ("convert_held", "struct held"),
    ] {
        let file = ctx.fixture(name)?;
        let calls = ctx.trace_module_calls(|ctx| {
            let output = ctx.insmod([file.as_str()])?.code(1)?;
            ctx.note(format!("{name}: {}", output.stderr));
            output.stderr_has(text)?.stderr_has("untouched")
        })?;
        ensure!(calls.is_empty(), "{name}: the kernel was asked to load it: {calls:?}");
        ctx.modpersist(["check", &file])?.code(1)?.stdout_has(text)?;
        ctx.modpersist(["compat", &ctx.fixture("convert")?, &file])?.code(1)?.stdout_has(text)?;
    }
    counted(&before, &load(ctx, "convert", &[])?)?;
    drop_all(ctx, "convert")?;

    // What stands in kept memory elsewhere has the old shape.
    load(ctx, "convert_object", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    let said = ctx.insmod([ctx.fixture("convert_object_shape")?])?.code(1)?;
    ctx.note(said.stderr.clone());
    said.stderr_has("convert.c:object: what it points to still has the old shape")?;
    ctx.insmod([&ctx.fixture("convert_object")?, "forget=1"])?.success()?;
    ctx.rmmod(["convert"])?.success()?;
    ctx.insmod([&ctx.fixture("convert_object_shape")?, "forget=1"])?.success()?;
    drop_all(ctx, "convert")
}

fn pointed_to(ctx: &mut Ctx) -> Result<()> {
    let object = "convert.c:object->owner points to where it is";
    for (old, new, from, options) in [
        // A pointer to what starts afresh cannot be moved along.
        ("convert_point", "convert_point_middle", "convert.c:points points to where it is", "--fresh=stats"),
        ("convert_object", "convert_object_middle", object, "--fresh=stats"),
        ("convert_object", "convert_object_middle", object, ""),
    ] {
        load(ctx, old, &[])?;
        ctx.rmmod(["convert"])?.success()?;
        let file = ctx.fixture(new)?;
        let options = Some(options).filter(|option| !option.is_empty());
        let said = ctx.insmod(options.into_iter().chain([file.as_str()]))?.code(1)?;
        ctx.note(said.stderr.clone());
        said.stderr_has("convert.c:stats: would get another place")?.stderr_has(from)?;
        if old == "convert_object" {
            ctx.insmod([&ctx.fixture(old)?, "forget=1"])?.success()?;
        } else {
            load(ctx, old, &[])?;
        }
        drop_all(ctx, "convert")?;
    }
    moved_along(ctx)
}

/// Kept pointers are converted with the variables that they point to: also a list whose head moves, with its
/// nodes.
fn moved_along(ctx: &mut Ctx) -> Result<()> {
    let before = load(ctx, "convert", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    let said = ctx.insmod([ctx.fixture("convert_nodes")?])?.success()?;
    ctx.note(said.stderr.clone());
    said.stderr_has("convert.c:holder: converted, moved from")?
        .stderr_has("convert.c:node: converted, moved from")?;
    let after = FixtureReport::read(ctx, "convert")?;
    counted_values(&before, &after)?;
    for name in ["holder", "node"] {
        ensure!(after.address(name)? != before.address(name)?, "{name} has not moved");
    }
    let again = reload(ctx, "convert_nodes", &[])?;
    counted(&after, &again)?;
    drop_all(ctx, "convert")?;

    let before = load(ctx, "convert_point", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    let said = ctx.insmod([ctx.fixture("convert_point_middle")?])?.success()?;
    ctx.note(said.stderr.clone());
    said.stderr_has("convert.c:stats: converted, moved from")?
        .stderr_has("convert.c:points: converted, moved from")?;
    counted(&before, &FixtureReport::read(ctx, "convert")?)?;
    drop_all(ctx, "convert")
}

fn by_hand(ctx: &mut Ctx) -> Result<()> {
    let before = load(ctx, "convert", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    let said = ctx.insmod([ctx.fixture("convert_narrow_by_hand")?])?.success()?;
    ctx.note(said.stderr.clone());
    said.stderr_has("convert.c:stats: converted by the module, moved from")?;
    let after = FixtureReport::read(ctx, "convert")?;
    counted(&before, &after)?;
    // Not converted in this load: there is no old one.
    let again = reload(ctx, "convert_narrow_by_hand", &[])?;
    counted(&after, &again)?;
    ensure!(again.address("stats")? == after.address("stats")?, "stats has moved");
    drop_all(ctx, "convert")?;
    object_by_hand(ctx)?;
    ensure!(keepers(ctx)?.is_empty(), "keepers stay");
    Ok(())
}

/// The pointer itself could stay in place; what it points to has the old shape.
fn object_by_hand(ctx: &mut Ctx) -> Result<()> {
    load(ctx, "convert_object", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    let said = ctx.insmod([ctx.fixture("convert_object_by_hand")?])?.success()?;
    said.stderr_has("convert.c:object: converted by the module, moved from")?;
    let after = FixtureReport::read(ctx, "convert")?;
    ensure!(after.value("object")? == "2", "{after:?}");
    ctx.rmmod(["convert"])?.success()?;
    ctx.insmod([&ctx.fixture("convert_object_by_hand")?, "forget=1"])?.success()?;
    let again = FixtureReport::read(ctx, "convert")?;
    ensure!(again.address("object")? == after.address("object")?, "object has moved");
    ensure!(again.value("object")? == "3", "{again:?}");
    drop_all(ctx, "convert")
}

fn failed_init(ctx: &mut Ctx) -> Result<()> {
    let before = load(ctx, "convert", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    ctx.insmod([ctx.fixture("convert_middle_fail")?])?.code(1)?.stderr_has("No such device")?;
    let found = keepers(ctx)?;
    ensure!(found == ["convert__persist"], "{found:?}");
    let after = load(ctx, "convert", &[])?;
    ensure!(after.address("stats")? == before.address("stats")?, "stats has moved");
    // What is bound was counted by the init that failed.
    ensure!(after.value("stats")? == "102" && after.value("plain")? == "4", "{after:?}");
    drop_all(ctx, "convert")
}

fn killed(ctx: &mut Ctx) -> Result<()> {
    let mut before = load(ctx, "convert", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    let middle = ctx.fixture("convert_middle")?;
    for step in 1..=3 {
        let mut calls = 0;
        let output = ctx.insmod_intercepted([middle.as_str()], |_, call| {
            calls += usize::from(!call.is_probe());
            if calls == step {
                bail!("killed");
            }
            Ok(Answer::Kernel)
        });
        ensure!(output.is_err() && calls == step, "step {step}: {calls} calls");
        ensure!(!ctx.is_loaded("convert")?, "step {step}: it was loaded");
        ctx.note(format!("step {step}: {:?}", keepers(ctx)?));
        let after = load(ctx, "convert", &[])?;
        counted(&before, &after).map_err(|error| error.context(format!("step {step}")))?;
        ensure!(after.address("stats")? == before.address("stats")?, "step {step}: stats has moved");
        let found = keepers(ctx)?;
        ensure!(found == ["convert__persist"], "step {step}: {found:?}");
        ctx.rmmod(["convert"])?.success()?;
        before = after;
    }
    // In its init: that goes on, and what it was made for is in force.
    let slow = ctx.fixture("convert_middle_slow")?;
    ctx.sh(&format!("{} {slow} & sleep 1; kill -9 $!; sleep 3", tools::INSMOD))?;
    if ctx.is_loaded("convert")? {
        let after = FixtureReport::read(ctx, "convert")?;
        counted(&before, &after)?;
        ensure!(after.value("middle")? == "-1", "{after:?}");
        let again = reload(ctx, "convert_middle", &[])?;
        counted(&after, &again)?;
        ensure!(again.address("stats")? == after.address("stats")?, "stats has moved");
    } else {
        counted(&before, &load(ctx, "convert", &[])?)?;
    }
    drop_all(ctx, "convert")?;
    ensure!(keepers(ctx)?.is_empty(), "keepers stay");
    Ok(())
}

fn shown(ctx: &mut Ctx) -> Result<()> {
    load(ctx, "convert", &[])?;
    ctx.rmmod(["convert"])?.success()?;
    let end = ctx.fixture("convert_end")?;
    let check = ctx.modpersist(["check", &end])?.success()?;
    ctx.note(check.stdout.clone());
    check.stdout_has("grows in place, generation 1")?.stdout_has("bound, generation 1")?;
    ctx.insmod([&end])?.success()?;
    let list = ctx.modpersist(["list"])?.success()?;
    ctx.note(list.stdout.clone());
    ensure!(list.stdout.lines().all(|line| line.len() <= 80), "{list}");
    let show = ctx.modpersist(["show", "convert"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("grown from")?;
    ctx.rmmod(["convert"])?.success()?;
    let middle = ctx.fixture("convert_middle")?;
    let check = ctx.modpersist(["check", &middle])?.code(1)?;
    ctx.note(check.stdout.clone());
    check.stdout_has("refused")?.stdout_has("convert.c:stats.more")?;
    ctx.insmod(["--drop=more", middle.as_str()])?.success()?;
    let show = ctx.modpersist(["show", "convert"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("(replaced)")?;
    let wide = ctx.fixture("convert_array")?;
    ctx.rmmod(["convert"])?.success()?;
    let check = ctx.modpersist(["check", &wide])?.code(1)?;
    ctx.note(check.stdout.clone());
    check.stdout_has("converted, from generation 1")?.stdout_has("has 9 elements, had 4")?;
    ctx.insmod([&middle])?.success()?;
    drop_all(ctx, "convert")
}
