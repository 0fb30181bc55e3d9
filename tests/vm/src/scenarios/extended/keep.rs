// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeping data: the kernel gets the file unchanged, and the list, sysfs, kallsyms and modpersist show the
//! region.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::assertions::{first_is, region_is};
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};
use crate::scenarios::fixture_report::FixtureReport;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("ext-as-is", "the kernel gets the file unchanged, with the flag", as_is)
        .needs(Needs::Extended),
    Scenario::new("ext-forms", "gz, xz, zst, signed, stripped: all use the same region", forms)
        .needs(Needs::Extended)
        .memory_mib(1024)
        .limit_secs(300),
    Scenario::new("ext-names", "kallsyms, sysfs, the list and modpersist agree", names)
        .needs(Needs::Extended),
    Scenario::new("ext-address", "the kernel treats the region's addresses as a module's", address)
        .needs(Needs::Extended),
    Scenario::new("ext-discard", "a region in use, discarded, started afresh", discard)
        .needs(Needs::Extended),
    Scenario::new("ext-agreeing", "changes in code and debug information do not matter", agreeing)
        .needs(Needs::Extended),
    Scenario::new("ext-static-key", "a kept static key patches the code of each load", static_key)
        .needs(Needs::Extended),
    Scenario::new("ext-builtin", "the same source built into the kernel", builtin).needs(Needs::Extended),
];

fn as_is(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    let before = fs::read(&file)?;
    let calls = ctx.trace_module_calls(|ctx| {
        ctx.insmod([&file])?.success()?.silent()?;
        ctx.rmmod(["layout"])?.success()?.silent()?;
        ctx.insmod([&file])?.success()?.silent()?;
        ctx.rmmod(["layout"])?.success()?.silent()?;
        ctx.insmod(["--fresh", file.as_str()])?.success()?.silent()?;
        ctx.rmmod(["layout"])?.success()?.silent()
    })?;
    let shape: Vec<String> =
        calls.iter().map(|call| format!("{} {}", call.name, call.arg("flags").unwrap_or("-"))).collect();
    let (probe, load, fresh, unload) =
        ("finit_module 40000000", "finit_module 40000000", "finit_module 60000000", "delete_module 800");
    // If a region already exists, the kernel must be an extended one, so no probe is needed.
    let wanted = [probe, load, unload, load, unload, fresh, unload];
    ensure!(
        shape == wanted || shape == [probe, load, unload, load, unload, probe, fresh, unload],
        "{calls:?}"
    );
    ensure!(fs::read(&file)? == before, "the file was changed");
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    Ok(())
}

/// The key's state is kept in the region, its branches are in the module's code: each load must find them
/// patched, and each removal must take its branches off the key's list.
fn static_key(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    let branch = |ctx: &mut Ctx| -> Result<String> {
        Ok(FixtureReport::read(ctx, "torture")?.value("key")?.to_owned())
    };
    ctx.insmod([&file])?.success()?.silent()?;
    ensure!(branch(ctx)? == "0", "the key is on at first");
    // An odd number switches it on.
    for (number, wanted) in [("41", "1"), ("42", "0"), ("43", "1")] {
        ctx.set_parameter("torture", "poke", number)?;
        ensure!(branch(ctx)? == wanted, "it cannot be switched after a load: {number}");
        for reload in 1..=2 {
            ctx.rmmod(["torture"])?.success()?.silent()?;
            ctx.insmod([&file])?.success()?.silent()?;
            ensure!(branch(ctx)? == wanted, "{number}: after reload {reload} the branch is another one");
        }
    }
    // Dropped while it is on, and started afresh.
    ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    ctx.insmod([&file])?.success()?.silent()?;
    ensure!(branch(ctx)? == "0", "on after a discard");
    ctx.set_parameter("torture", "poke", "41")?;
    ctx.rmmod(["torture"])?.success()?.silent()?;
    ctx.insmod(["--fresh", file.as_str()])?.success()?.silent()?;
    ensure!(branch(ctx)? == "0", "on after --fresh");
    ctx.set_parameter("torture", "poke", "41")?;
    ensure!(branch(ctx)? == "1", "it cannot be switched after --fresh");
    ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    Ok(())
}

fn forms(ctx: &mut Ctx) -> Result<()> {
    let first = ctx.fixture("torture")?;
    ctx.insmod([&first])?.success()?;
    ctx.set_parameter("torture", "poke", "3")?;
    let before = FixtureReport::read(ctx, "torture")?;
    let changing = ["other.calls", "from_init", "from_exit", "other.exits", "ordinary"];
    for name in
        ["torture_gz", "torture_xz", "torture_zst", "torture_nodebug", "torture_signed", "torture_stripped"]
    {
        ctx.rmmod(["torture"])?.success()?;
        let file = ctx.fixture(name)?;
        let output = ctx.insmod([&file])?.success()?;
        // The kernel records no types, but those of one build are the same.
        if name == "torture_nodebug" {
            output.only_untyped()?
        } else {
            output.silent()?
        };
        let after = FixtureReport::read(ctx, "torture")?;
        after.same_as(&before, &changing).with_context(|| name.to_owned())?;
    }
    ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    region_is(ctx, "torture", None)
}

fn names(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    ctx.insmod([&file])?.success()?;
    let report = FixtureReport::read(ctx, "torture")?;
    let kallsyms = ctx.read("/proc/kallsyms")?;
    for (name, variable) in [("plain", "plain"), ("torture_exported", "exported"), ("big", "big.first")] {
        let wanted = format!("{:016x}", report.address(variable)?);
        let line = kallsyms
            .lines()
            .find(|line| line.starts_with(&wanted) && line.ends_with("[torture]"))
            .with_context(|| format!("kallsyms has no symbol of the owner at {wanted}"))?;
        ensure!(line.split_whitespace().nth(2) == Some(name), "{line}");
    }
    let base = ctx.section_address("torture", ".data..persistent")?;
    ensure!(report.address("page")? % 4096 == 0, "the page is not page-aligned");
    let list = ctx.modpersist(["list"])?.success()?.stdout_has("in use")?.stdout_has("(kernel)")?;
    ctx.note(list.stdout.clone());
    list.stdout_has(&format!("{base:#018x}"))?;
    let show = ctx.modpersist(["show", "torture"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("torture_main.c:same_name")?
        .stdout_has("torture_other.c:same_name")?
        .stdout_has("100")?;
    ctx.modpersist(["check", file.as_str()])?.success()?.stdout_has("would use the kept data")?;
    let text = ctx.read(crate::ctx::extended::LIST)?;
    ctx.artifact("module_persist.txt", text.clone());
    ensure!(text.contains(&format!("section .data..persistent {base:#x} ")), "{text}");
    ctx.rmmod(["torture"])?.success()?;
    ensure!(!ctx.read("/proc/kallsyms")?.contains("[torture]"), "the names outlive the owner");
    ctx.modpersist(["list"])?.success()?.stdout_has("kept")?;
    fs::write("/proc/sys/kernel/kptr_restrict", "2")?;
    let hidden = ctx.modpersist(["list"]);
    fs::write("/proc/sys/kernel/kptr_restrict", "0")?;
    hidden?.success()?.stdout_has("(hidden)")?;
    ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    Ok(())
}

/// Asks the kernel about an address: whether it belongs to a module, and its symbolic name.
fn ask_kernel(ctx: &mut Ctx, at: u64) -> Result<(bool, String)> {
    let file = ctx.fixture("address")?;
    ctx.insmod([file, format!("at={at}")])?.success()?;
    let answer = (ctx.parameter("address", "of_module")? == "1", ctx.parameter("address", "name")?);
    ctx.rmmod(["address"])?.success()?;
    Ok(answer)
}

fn address(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    ctx.insmod([&file])?.success()?;
    let report = FixtureReport::read(ctx, "torture")?;
    let places = [
        ("plain", report.address("plain")?, "plain+0x0/"),
        ("torture_exported", report.address("exported")?, "torture_exported+0x0/"),
        ("the end of big", report.address("big.first")? + (4 << 20) - 1, "big+0x3fffff/"),
    ];
    for (what, at, wanted) in places {
        let (of_module, name) = ask_kernel(ctx, at)?;
        ensure!(of_module, "{what} does not belong to a module while its owner is loaded");
        ensure!(name.starts_with(wanted) && name.ends_with(" [torture]"), "{what} is named {name}");
    }
    ctx.rmmod(["torture"])?.success()?;
    for (what, at, _) in places {
        let (of_module, name) = ask_kernel(ctx, at)?;
        ensure!(of_module, "{what} does not belong to a module while it is kept");
        ensure!(name == format!("{at:#x}"), "{what} is named {name} without its owner");
    }
    ctx.rmmod(["--discard", "torture"])?.success()?;
    // The module that asks gets the lowest free address, so the end of the four megabytes is still free.
    let [.., (what, at, _)] = places;
    ensure!(!ask_kernel(ctx, at)?.0, "{what} still belongs to a module after it was freed");
    Ok(())
}

fn discard(ctx: &mut Ctx) -> Result<()> {
    let (file, grown) = (ctx.fixture("layout")?, ctx.fixture("layout_grown")?);
    ctx.insmod(["--keep=off", file.as_str()])?.success()?.silent()?;
    region_is(ctx, "layout", None)?;
    ctx.rmmod(["layout"])?.success()?.silent()?;
    ctx.insmod([&file])?.success()?;
    region_is(ctx, "layout", Some("used"))?;
    ctx.rmmod(["layout"])?.success()?;
    region_is(ctx, "layout", Some("unused"))?;
    ctx.insmod([&grown])?.code(1)?.stderr_has("grew from 16 to 32 bytes")?;
    ctx.insmod(["-f", grown.as_str()])?.code(1)?.stderr_has("grew from 16 to 32 bytes")?;
    ctx.insmod(["--fresh", grown.as_str()])?.success()?.silent()?;
    first_is(ctx, "2")?;
    ctx.rmmod(["layout"])?.success()?;
    ctx.insmod([&file])?.code(1)?.stderr_has("shrank from 32 to 16 bytes")?;
    // If the owner is not loaded, only the region is dropped.
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    region_is(ctx, "layout", None)?;
    ctx.rmmod(["--discard", "layout"])?.code(1)?.stderr_has("Module layout is not currently loaded")?;
    ctx.insmod([&file])?.success()?.silent()?;
    first_is(ctx, "2")?;
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    region_is(ctx, "layout", None)
}

fn agreeing(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("layout")?])?.success()?;
    for (name, first) in [("layout_code", "3"), ("layout_debug", "4"), ("layout_stripped", "5")] {
        ctx.rmmod(["layout"])?.success()?;
        let output = ctx.insmod([ctx.fixture(name)?])?.success()?;
        // It is of the first build.
        let output = if name == "layout_stripped" { output.silent() } else { output.only_untyped() };
        output.with_context(|| name.to_owned())?;
        first_is(ctx, first).with_context(|| name.to_owned())?;
    }
    ctx.rmmod(["layout"])?.success()?;
    let other = ctx.fixture("layout_code_stripped")?;
    ctx.insmod([&other])?.code(1)?.stderr_has("comes from another build")?;
    ctx.rmmod(["--discard", "layout"])?.success()?;
    Ok(())
}

fn builtin(ctx: &mut Ctx) -> Result<()> {
    if !std::path::Path::new("/sys/module/foo_p_builtin").exists() {
        return ctx.skip("this kernel has no built-in example (cargo xtask kernel adds one)");
    }
    ensure!(ctx.parameter("foo_p_builtin", "note")? == "none", "its parameter is wrong");
    let log = ctx.sh("dmesg")?;
    ensure!(log.contains("foo_p: load 1, first note \"none\""), "its init did not run");
    // There is no region: built-in variables live as long as the kernel.
    region_is(ctx, "foo_p_builtin", None)
}
