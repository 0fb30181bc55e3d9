// SPDX-License-Identifier: MIT OR Apache-2.0
//! What insmod passes to the kernel, and how it handles answers that this kernel rarely gives: insmod's
//! system calls are intercepted.

use std::fs;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use serde_json::Value;

use super::assertions::{first_is, region_is};
use crate::ctx::extended::{FRESH, PERSIST, delete, finit};
use crate::ctx::{Answer, Ctx, LoadCall};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("ext-bytes", "the kernel gets the file's bytes, compressed or not", bytes)
        .needs(Needs::Extended)
        .memory_mib(1024)
        .limit_secs(600),
    Scenario::new("ext-race-lost", "insmod reports that another program's load came first", race_lost)
        .needs(Needs::Extended),
    Scenario::new(
        "ext-keeper-too",
        "an owner's data is never kept by both a keeper and the kernel",
        keeper_too,
    )
    .needs(Needs::Extended),
    Scenario::new(
        "ext-headers",
        "modpersist shows the same headers for a keeper and for the extended kernel",
        headers,
    )
    .needs(Needs::Extended)
    .memory_mib(1024)
    .limit_secs(300),
];

/// `MODULE_INIT_COMPRESSED_FILE`
const COMPRESSED: u64 = 4;

/// Loads as on a kernel without the flag, so that a keeper is created.
fn load_with_keeper(ctx: &mut Ctx, file: &str) -> Result<()> {
    let mut asked = 0_u32;
    ctx.insmod_intercepted([file], |_, call| match call {
        LoadCall::File { content: None, .. } => {
            asked += 1;
            Ok(Answer::Instead(-i64::from(Errno::EINVAL as i32)))
        }
        _ => Ok(Answer::Kernel),
    })?
    .success()?
    .silent()?;
    ensure!(asked > 0, "the kernel was not asked for the flag");
    Ok(())
}

fn bytes(ctx: &mut Ctx) -> Result<()> {
    let plain = fs::read(ctx.fixture("torture")?)?;
    let names = ["", "_signed", "_stripped", "_nodebug", "_gz", "_xz", "_zst"];
    let mut unchanged = 0;
    for name in names.map(|name| format!("torture{name}")) {
        let file = ctx.fixture(&name)?;
        let on_disk = fs::read(&file)?;
        for option in ["--keep=auto", "--keep=require", "--fresh"] {
            let mut loads = Vec::new();
            ctx.insmod_intercepted([option, file.as_str()], |_, call| {
                loads.extend((!call.is_probe()).then(|| call.clone()));
                Ok(Answer::Kernel)
            })?
            .success()?
            .silent()?;
            let [LoadCall::File { content: Some(given), flags }] = loads.as_slice() else {
                anyhow::bail!("{name}: {} loads", loads.len());
            };
            let wanted = if option == "--fresh" { PERSIST | FRESH } else { PERSIST };
            ensure!(flags & !COMPRESSED == u64::from(wanted), "{name}: flags {flags:#x}");
            let packed = !file.ends_with(".ko");
            unchanged += u32::from(packed && flags & COMPRESSED != 0);
            let whole = if packed && flags & COMPRESSED == 0 { &plain } else { &on_disk };
            ensure!(given == whole, "{name}: {} bytes passed, {} expected", given.len(), whole.len());
            ctx.rmmod(["torture"])?.success()?.silent()?;
        }
        ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    }
    ctx.measure("compressed files loaded unchanged", unchanged);
    Ok(())
}

/// Loads a file while another program loads it without the flag. Later kernels report one load's success to
/// both; this one does not, so `answer` does it.
fn lost(ctx: &mut Ctx, file: &str, answer: Answer) -> Result<crate::ctx::Output> {
    ctx.insmod_intercepted([file], |ctx, call| {
        if call.is_probe() {
            return Ok(Answer::Kernel);
        }
        ctx.peer_insmod([file])?.success()?;
        Ok(answer)
    })?
    .code(1)
}

fn race_lost(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    for region in [None, Some("unused")] {
        let said = lost(ctx, &file, Answer::Instead(0))?;
        said.stderr_has("layout is loaded, but without its kept data: another program has loaded it")?
            .stderr_has("rmmod layout")?;
        region_is(ctx, "layout", region)?;
        let list = ctx.modpersist(["list"])?.success()?;
        list.stdout_has(if region.is_none() { "Nothing is kept." } else { "owner loaded unbound" })?;
        ctx.rmmod(["layout"])?.success()?.silent()?;
        // This kernel's own answer.
        lost(ctx, &file, Answer::Kernel)?.stderr_has("File exists")?;
        region_is(ctx, "layout", region)?;
        ctx.rmmod(["layout"])?.success()?.silent()?;
        // Then the intercepted one.
        ctx.insmod([&file])?.success()?.silent()?;
        first_is(ctx, if region.is_none() { "2" } else { "3" })?;
        ctx.rmmod(["layout"])?.success()?.silent()?;
    }
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    Ok(())
}

fn keeper_too(ctx: &mut Ctx) -> Result<()> {
    const KEEPER: &str = "layout__persist";
    let file = ctx.fixture("layout")?;
    load_with_keeper(ctx, &file)?;
    ensure!(ctx.is_loaded(KEEPER)?, "there is no keeper");
    ctx.rmmod(["layout"])?.success()?.silent()?;
    // Data in a keeper stays there: the kernel makes no second copy.
    ctx.insmod([&file])?.success()?.silent()?;
    first_is(ctx, "3")?;
    region_is(ctx, "layout", None)?;
    ctx.rmmod(["layout"])?.success()?.silent()?;

    // Another program may still create one.
    finit(&file, "", PERSIST)?;
    delete("layout")?;
    for option in ["--keep=auto", "--keep=require"] {
        let calls = ctx.trace_module_calls(|ctx| {
            ctx.insmod([option, file.as_str()])?
                .code(1)?
                .stderr_has("data of layout is kept twice, by layout__persist and by the kernel itself")?
                .stderr_has("rmmod --discard layout")
        })?;
        ensure!(!calls.iter().any(|call| call.name == "init_module"), "{option}: {calls:?}");
        ensure!(!ctx.is_loaded("layout")?, "{option}: it is loaded");
    }
    let list = ctx.modpersist(["list"])?;
    ctx.note(list.to_string());
    list.stdout_has(KEEPER)?.stdout_has("(kernel)")?;
    // The remedy.
    ctx.rmmod(["--discard", "layout"])?.success()?;
    region_is(ctx, "layout", None)?;
    ctx.insmod([&file])?.success()?.silent()?;
    first_is(ctx, "4")?;
    ctx.rmmod(["layout"])?.success()?.silent()?;

    // --fresh moves the data to the kernel and removes the keeper.
    ctx.insmod(["--fresh", file.as_str()])?.success()?;
    ensure!(!ctx.is_loaded(KEEPER)?, "the keeper was not removed");
    region_is(ctx, "layout", Some("used"))?;
    first_is(ctx, "2")?;
    ctx.rmmod(["--discard", "layout"])?.success()?;
    Ok(())
}

/// What `modpersist list` says about the only region, without its holder and addresses: types and functions
/// included, which the kernel knows from insmod's notes.
fn header(ctx: &mut Ctx) -> Result<Value> {
    let text = ctx.modpersist(["list", "--json"])?.success()?.stdout;
    let mut list: Value = serde_json::from_str(&text)?;
    let region = list.get_mut(0).and_then(Value::as_object_mut).context("no region is listed")?;
    for key in ["keeper", "users"] {
        region.remove(key).with_context(|| format!("{key} is missing"))?;
    }
    let sections = region.get_mut("sections").and_then(Value::as_array_mut).context("no sections")?;
    for section in sections.iter_mut().filter_map(Value::as_object_mut) {
        section.remove("keeper");
        let address = section.remove("address").context("no address")?;
        ensure!(address.as_str().is_some_and(|text| text.starts_with("0xffff")), "{address}");
    }
    Ok(list)
}

fn headers(ctx: &mut Ctx) -> Result<()> {
    for name in ["torture", "torture_stripped", "layout", "kernel_pointer", "counters"] {
        let module = name.trim_end_matches("_stripped");
        let file = ctx.fixture(name)?;
        load_with_keeper(ctx, &file)?;
        ensure!(ctx.is_loaded(&format!("{module}__persist"))?, "{name}: there is no keeper");
        let by_keeper = header(ctx)?;
        ctx.rmmod(["--discard", module])?.success()?;
        ctx.insmod([&file])?.success()?.silent()?;
        region_is(ctx, module, Some("used"))?;
        let by_kernel = header(ctx)?;
        ensure!(by_keeper == by_kernel, "{name}: {by_keeper:#}\nby a keeper, by the kernel {by_kernel:#}");
        ctx.rmmod(["--discard", module])?.success()?;
    }
    Ok(())
}
