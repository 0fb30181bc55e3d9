// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules that were split when they were built, loaded by kmod, by busybox and by our tools.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::costs::instructions_of_children;
use super::fixture_report::FixtureReport;
use super::modprobe::install;
use crate::ctx::{Command, Ctx, Output, tools};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "split-modprobe",
        "split, and loaded by kmod's modprobe: values and addresses stay",
        modprobe,
    )
    .needs(Needs::Stock)
    .alone(),
    Scenario::new("split-insmod", "split, and loaded by our insmod and kmod's; what is refused", insmod)
        .needs(Needs::Stock)
        .alone(),
    Scenario::new("split-later", "a second build is bound to the first one's keeper", later)
        .needs(Needs::Stock)
        .alone(),
    Scenario::new(
        "cost-split",
        "a reload of a split module, against one that is rewritten at the load",
        cost,
    )
    .needs(Needs::Stock)
    .counted(),
    Scenario::new("split-signed", "sig_enforce: split and signed when it was built", signed)
        .needs(Needs::Plain)
        .cmdline("module.sig_enforce=1"),
    Scenario::new("split-lockdown", "lockdown: split and signed when it was built", signed)
        .needs(Needs::Plain)
        .cmdline("lockdown=integrity"),
    Scenario::new("split-busybox", "split, and loaded by busybox, which knows no install rules", busybox)
        .needs(Needs::Stock)
        .alone(),
];

const OWNER: &str = "convert";
const KEEPER: &str = "convert__persist";
const HOLD: &str = "convert__hold";
const RULE: &str = "/etc/modprobe.d/split-convert.conf";

/// Splits a fixture into a folder.
fn split(ctx: &mut Ctx, fixture: &str, folder: &str, options: &[&str]) -> Result<Output> {
    let file = ctx.fixture(fixture)?;
    let args: Vec<&str> = ["split", "-o", folder].into_iter().chain(options.iter().copied()).collect();
    ctx.modpersist(args.into_iter().chain([file.as_str()]))
}

fn depmod() -> Result<()> {
    Command::new(tools::PEER_DEPMOD).arg("--all").run()?.success()?;
    Ok(())
}

fn run_modprobe(args: &[&str]) -> Result<Output> {
    Command::new(tools::PEER_MODPROBE).args(args).env("PATH", "/sbin:/bin:/usr/sbin:/usr/bin").run()
}

fn are_loaded(ctx: &Ctx, modules: &[&str]) -> Result<()> {
    let mut found: Vec<String> = ctx.modules()?.into_iter().map(|module| module.name).collect();
    found.retain(|name| name.starts_with(OWNER));
    let mut wanted = modules.to_vec();
    found.sort();
    wanted.sort_unstable();
    ensure!(found == wanted, "loaded are {found:?}, not {wanted:?}");
    Ok(())
}

/// One init more has counted; everything is where it was.
fn counted(before: &FixtureReport, after: &FixtureReport) -> Result<()> {
    for name in ["stats", "holder", "node", "plain"] {
        let (old, new): (u64, u64) = (before.value(name)?.parse()?, after.value(name)?.parse()?);
        ensure!(new == old + 1, "{name} was {old}, is {new}");
        ensure!(after.address(name)? == before.address(name)?, "{name} has moved");
    }
    Ok(())
}

/// The same for what is loaded now.
fn counted_from(ctx: &mut Ctx, before: &FixtureReport) -> Result<FixtureReport> {
    let after = FixtureReport::read(ctx, OWNER)?;
    counted(before, &after)?;
    Ok(after)
}

fn modprobe(ctx: &mut Ctx) -> Result<()> {
    let extra = install(ctx)?;
    split(ctx, OWNER, &extra, &[])?.success()?.stdout_has("convert.ko: bound to convert__persist")?;
    depmod()?;

    // Without the rule modprobe -r takes the keeper along.
    run_modprobe(&[OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[OWNER, KEEPER])?;
    run_modprobe(&["-r", OWNER])?.success()?;
    are_loaded(ctx, &[])?;

    fs::rename(format!("{extra}/split-convert.conf"), RULE)?;
    run_modprobe(&[OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[OWNER, KEEPER, HOLD])?;
    let mut before = FixtureReport::read(ctx, OWNER)?;
    ensure!(before.value("stats")? == "101", "{before:?}");
    let taint = ctx.module_taint(KEEPER)?;
    ensure!(!taint.contains('F'), "{taint}");
    for _ in 0..3 {
        run_modprobe(&["-r", OWNER])?.success()?;
        are_loaded(ctx, &[KEEPER, HOLD])?;
        run_modprobe(&[OWNER])?.success()?.silent()?;
        let after = FixtureReport::read(ctx, OWNER)?;
        counted(&before, &after)?;
        before = after;
    }

    // Our tools see it as any region.
    ctx.modpersist(["list"])?.success()?.stdout_has(KEEPER)?.stdout_has("in use")?;
    ctx.modpersist(["show", OWNER])?
        .success()?
        .stdout_has("loads = 104")?
        .stdout_has("held by   convert__hold")?;
    ctx.modpersist(["list", "--json"])?.success()?.stdout_has("\"held_by\"")?;
    ctx.modpersist(["check", &format!("{extra}/convert.ko")])?
        .success()?
        .stdout_has("would use the kept data of convert")?;
    // The module's own file would use it, too.
    let file = ctx.fixture(OWNER)?;
    ctx.modpersist(["check", &file])?.success()?.stdout_has("would use the kept data of convert")?;
    ctx.rmmod([OWNER])?.success()?;
    ctx.insmod([&file])?.success()?;
    let after = FixtureReport::read(ctx, OWNER)?;
    counted(&before, &after)?;

    // The kernel protects the data, and our rmmod says how to drop it.
    ensure!(!ctx.peer_rmmod([KEEPER])?.status.is_success(), "kmod's rmmod has removed the keeper");
    ctx.rmmod([KEEPER])?.code(1)?.stderr_has("to drop the data: rmmod --discard convert")?;
    ctx.rmmod(["--discard", OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[])?;
    ctx.modpersist(["list"])?.success()?.stdout_has("Nothing is kept.")?;
    fs::remove_file(RULE)?;
    Ok(())
}

fn insmod(ctx: &mut Ctx) -> Result<()> {
    let folder = "/tmp/split";
    split(ctx, OWNER, folder, &[])?.success()?;
    let path = |name: &str| format!("{folder}/{name}.ko");
    // Not in this order.
    ctx.insmod([path(OWNER)])?
        .code(1)?
        .stderr_has("it needs convert__persist, which is not loaded")?
        .stderr_has("modprobe convert loads them first")?;
    ctx.modpersist(["check", &path(OWNER)])?.code(1)?.stdout_has("it needs convert__persist")?;
    are_loaded(ctx, &[])?;
    ctx.insmod([path(KEEPER)])?.success()?.silent()?;
    ctx.insmod([path(OWNER)])?.success()?.silent()?;
    let mut before = FixtureReport::read(ctx, OWNER)?;
    ctx.rmmod([OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[KEEPER])?;
    for kmods in [true, false] {
        if kmods {
            ctx.peer_insmod([path(OWNER)])?.success()?;
        } else {
            ctx.insmod([path(OWNER)])?.success()?.silent()?;
        }
        let after = FixtureReport::read(ctx, OWNER)?;
        counted(&before, &after)?;
        before = after;
        ctx.rmmod([OWNER])?.success()?.silent()?;
    }
    for option in ["--fresh", "--fresh=stats", "--drop=stats.low"] {
        ctx.insmod([option, &path(OWNER)])?
            .code(1)?
            .stderr_has("it was bound to its keepers when it was built")?;
    }

    // A build with other types has another keeper: neither the kernel nor we bind it to this one.
    let other = "/tmp/other";
    split(ctx, "convert_signed", other, &[])?.success()?;
    let file = format!("{other}/convert.ko");
    ensure!(!ctx.peer_insmod([&file])?.status.is_success(), "the kernel has bound other types");
    ctx.insmod([&file])?.code(1)?.stderr_has("it was built for other keepers than convert__persist")?;
    // Its keeper's file is not written over: what it keeps could never be bound to again.
    let over = split(ctx, OWNER, other, &[])?.code(2)?;
    over.stderr_has("keeps the data of another build, which --bind-to needs")?;
    // The same build, split again, uses it.
    let same = "/tmp/same";
    split(ctx, OWNER, same, &[])?.success()?;
    ctx.peer_insmod([format!("{same}/convert.ko")])?.success()?;
    counted(&before, &FixtureReport::read(ctx, OWNER)?)?;
    ctx.peer_rmmod([OWNER])?.success()?;

    // What was split is not split again; and it is left as it is.
    let again = ctx.modpersist(["split", "-o", "/tmp/again", &path(OWNER)])?.code(1)?;
    again.stdout_has("it was made by modpersist split")?;
    ctx.modpersist(["split", "-o", folder, &path(KEEPER)])?.code(1)?;
    ctx.rmmod(["--discard", OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[])
}

/// The harness has split the fixture and signed the files with the kernel's key.
fn signed(ctx: &mut Ctx) -> Result<()> {
    const SIGNED: &str = "/signed";
    let unsigned = "/tmp/unsigned";
    split(ctx, OWNER, unsigned, &[])?.success()?;
    let keeper = format!("{unsigned}/{KEEPER}.ko");
    ensure!(!ctx.peer_insmod([&keeper])?.status.is_success(), "an unsigned keeper was loaded");
    ctx.insmod([&keeper])?.code(1)?;
    are_loaded(ctx, &[])?;

    let extra = install(ctx)?;
    for file in [OWNER, KEEPER, HOLD] {
        fs::copy(format!("{SIGNED}/{file}.ko"), format!("{extra}/{file}.ko"))?;
    }
    fs::copy(format!("{SIGNED}/split-convert.conf"), RULE)?;
    depmod()?;
    run_modprobe(&[OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[OWNER, KEEPER, HOLD])?;
    let mut before = FixtureReport::read(ctx, OWNER)?;
    for round in 0..4 {
        run_modprobe(&["-r", OWNER])?.success()?;
        are_loaded(ctx, &[KEEPER, HOLD])?;
        // The unsigned module that was not split is refused, and takes nothing away.
        ctx.insmod([ctx.fixture(OWNER)?])?.code(1)?;
        if round % 2 == 0 {
            run_modprobe(&[OWNER])?.success()?.silent()?;
        } else {
            ctx.insmod([format!("{extra}/{OWNER}.ko")])?.success()?.silent()?;
        }
        let after = FixtureReport::read(ctx, OWNER)?;
        counted(&before, &after)?;
        before = after;
    }
    for module in [OWNER, KEEPER, HOLD] {
        let taint = ctx.module_taint(module)?;
        ensure!(!taint.contains('E'), "{module}, which is signed, has the taint {taint}");
    }
    ctx.modpersist(["show", OWNER])?.success()?.stdout_has("held by   convert__hold")?;
    ctx.rmmod(["--discard", OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[])?;
    fs::remove_file(RULE)?;
    Ok(())
}

fn later(ctx: &mut Ctx) -> Result<()> {
    let extra = install(ctx)?;
    split(ctx, OWNER, &extra, &[])?.success()?;
    fs::rename(format!("{extra}/split-convert.conf"), RULE)?;
    depmod()?;
    run_modprobe(&[OWNER])?.success()?.silent()?;
    let before = FixtureReport::read(ctx, OWNER)?;
    run_modprobe(&["-r", OWNER])?.success()?;

    let keeper = format!("{extra}/{KEEPER}.ko");
    let bound = ["--bind-to", &keeper];
    // What needs values is refused, by name.
    let refused = [("convert_middle", "stats:"), ("convert_wide", "stats:"), ("convert_less", "stats.low:")];
    for (fixture, named) in refused {
        split(ctx, fixture, "/tmp/refused", &bound)?.code(1)?.stdout_has(named)?;
    }
    ensure!(!fs::exists("/tmp/refused")?, "something was written");

    // Of two that grow, the head of a list is not known to be one.
    split(ctx, "convert_end", "/tmp/refused", &bound)?.code(1)?.stdout_has("holder: ")?;
    // With nothing new no keeper is made.
    let second = "/tmp/second";
    split(ctx, OWNER, second, &bound)?.success()?;
    ensure!(!fs::exists(format!("{second}/convert__persist_2.ko"))?, "a keeper of nothing");
    ctx.peer_insmod([&format!("{second}/convert.ko")])?.success()?;
    let before = counted_from(ctx, &before)?;
    ctx.peer_rmmod([OWNER])?.success()?;
    // A structure that grows stays where it is, and goes back.
    let grown = "/tmp/grown";
    split(ctx, "convert_end_stats", grown, &bound)?.success()?.stdout_has("stats: grows in place")?;
    for file in ["convert__persist_2", OWNER] {
        ctx.peer_insmod([&format!("{grown}/{file}.ko")])?.success()?;
    }
    let before = counted_from(ctx, &before)?;
    run_modprobe(&["-r", OWNER])?.success()?;
    run_modprobe(&[OWNER])?.success()?.silent()?;
    counted_from(ctx, &before)?;
    ctx.rmmod(["--discard", OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[])?;
    fs::remove_file(RULE)?;
    Ok(())
}

/// By our insmod and rmmod, and the split one by kmod's as well; and what the files take.
fn cost(ctx: &mut Ctx) -> Result<()> {
    let folder = "/tmp/split";
    let file = ctx.fixture(OWNER)?;
    let unload = |ctx: &mut Ctx| ctx.rmmod([OWNER])?.success().map(drop);
    let at_load = |ctx: &mut Ctx| ctx.insmod([&file])?.success().map(drop);
    at_load(ctx)?;
    unload(ctx)?;
    let rewritten = instructions(ctx, at_load, unload)?;
    ctx.rmmod(["--discard", OWNER])?.success()?;
    split(ctx, OWNER, folder, &[])?.success()?;
    let path = |name: &str| format!("{folder}/{name}.ko");
    let (own, keeper, hold) = (path(OWNER), path(KEEPER), path(HOLD));
    ctx.peer_insmod([&keeper])?.success()?;
    let ours = |ctx: &mut Ctx| ctx.insmod([&own])?.success().map(drop);
    ours(ctx)?;
    unload(ctx)?;
    let by_ours = instructions(ctx, ours, unload)?;
    let by_kmods = instructions(ctx, |ctx| ctx.peer_insmod([&own])?.success().map(drop), unload)?;
    ctx.measure("insmod, rewritten at the load (1000 instructions)", rewritten);
    ctx.measure("insmod, split: ours, kmod's (1000 instructions)", format!("{by_ours}, {by_kmods}"));
    let sizes = [&file, &own, &keeper, &hold].map(|path| fs::metadata(path).map(|found| found.len()));
    let sizes: Vec<u64> = sizes.into_iter().collect::<std::io::Result<_>>()?;
    ctx.measure("bytes of the module, and of the three files that it is split into", format!("{sizes:?}"));
    let memory = ctx.modules()?.into_iter().map(|module| (module.name, module.size));
    ctx.measure("bytes of the modules that stay loaded", format!("{:?}", memory.collect::<Vec<_>>()));
    ctx.peer_insmod([&hold])?.success()?;
    let memory = ctx.modules()?.into_iter().map(|module| (module.name, module.size));
    ctx.measure("the same with the hold", format!("{:?}", memory.collect::<Vec<_>>()));
    ensure!(by_ours <= rewritten, "a split module takes {by_ours}, a rewritten one {rewritten}");
    ctx.rmmod(["--discard", OWNER])?.success()?;
    are_loaded(ctx, &[])
}

/// What a command takes each time, in thousands of instructions.
fn instructions(
    ctx: &mut Ctx,
    command: impl Fn(&mut Ctx) -> Result<()>,
    undo: impl Fn(&mut Ctx) -> Result<()>,
) -> Result<i64> {
    const TIMES: i64 = 10;
    let mut sum = 0;
    for _ in 0..TIMES {
        let start = instructions_of_children()?;
        command(ctx)?;
        sum += instructions_of_children()? - start;
        undo(ctx)?;
    }
    Ok(sum / TIMES)
}

fn busybox(ctx: &mut Ctx) -> Result<()> {
    let extra = install(ctx)?;
    split(ctx, OWNER, &extra, &[])?.success()?;
    fs::rename(format!("{extra}/split-convert.conf"), RULE)?;
    let busybox = |args: &[&str]| Command::new(tools::BUSYBOX).args(args).run();
    busybox(&["depmod", "-a"])?.success()?;
    let loaded = busybox(&["modprobe", OWNER])?;
    loaded.success()?;
    let names = |ctx: &Ctx| -> Result<String> {
        let modules = ctx.modules()?.into_iter().map(|module| module.name);
        Ok(modules.filter(|name| name.starts_with(OWNER)).collect::<Vec<_>>().join(" "))
    };
    let found = names(ctx)?;
    ensure!(ctx.is_loaded(OWNER)? && ctx.is_loaded(KEEPER)?, "loaded are {found}");
    ctx.measure("busybox modprobe: loaded", found);
    let before = FixtureReport::read(ctx, OWNER)?;
    busybox(&["modprobe", "-r", OWNER])?;
    let found = names(ctx)?;
    ctx.measure(
        "busybox modprobe -r: still loaded",
        if found.is_empty() { "nothing".to_owned() } else { found },
    );
    // With the hold the data stays in any case.
    if ctx.is_loaded(OWNER)? {
        ctx.peer_rmmod([OWNER])?.success()?;
    }
    busybox(&["modprobe", HOLD])?.success()?;
    busybox(&["modprobe", OWNER])?.success()?;
    let first = FixtureReport::read(ctx, OWNER)?;
    busybox(&["rmmod", OWNER])?.success().context("busybox rmmod")?;
    busybox(&["modprobe", OWNER])?.success()?;
    counted(&first, &FixtureReport::read(ctx, OWNER)?)?;
    ensure!(before.value("stats")? == "101", "{before:?}");
    ctx.rmmod(["--discard", OWNER])?.success()?.silent()?;
    are_loaded(ctx, &[])?;
    fs::remove_file(RULE)?;
    Ok(())
}
