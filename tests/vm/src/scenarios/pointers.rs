// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept data that points into a module that is gone.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::ctx::Ctx;
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "pointers-removed",
        "kept pointers into a module are said while it is loaded, when it goes, and before the next load",
        removed,
    ),
    Scenario::new(
        "pointers-others",
        "kept data where a module's init was is no pointer into that module",
        others,
    ),
    Scenario::new(
        "pointers-seeded",
        "of 200 kept pointers, those into the module are said, and no other",
        seeded,
    ),
];

/// What the module leaves behind if its exit function clears nothing. Without `CONFIG_KALLSYMS_ALL` (arm64 of
/// Debian) the kernel has no symbols of data, and the section stands in their place.
const LEFT: &[&str] = &[
    "pointing.c:registry.nodes.next -> node",
    "pointing.c:registry.nodes.prev -> node",
    "pointing.c:registry.run -> work",
    // In 7.3 the strings have no section of their own any more (.rodata.str1.8).
    "pointing.c:registry.label -> .rodata",
    "pointing.c:registry.either.pointer may point to table+0x10",
    // Between two nodes in heap memory.
    "pointing.c:rooms[1] -> hall",
    "-> tick (timer)",
];

fn removed(ctx: &mut Ctx) -> Result<()> {
    ctx.needs_kernel_memory()?;
    let file = ctx.fixture("pointing")?;
    ctx.insmod([&file])?.success()?.silent()?;
    let loaded = ctx.modpersist(["check", "pointing"])?.success()?;
    ctx.note(loaded.stdout.clone());
    let left = left(ctx.has_data_symbols()?);
    for pointer in &left {
        loaded.clone().stdout_has(pointer)?;
    }
    let every_pointer = |text: &str| every_pointer(text, &left);
    let said = ctx.rmmod(["pointing"])?.success()?;
    ctx.note(said.stderr.clone());
    every_pointer(&said.stderr)?;
    let list = ctx.modpersist(["list"])?.success()?;
    ctx.note(list.stdout.clone());
    every_pointer(&list.stdout)?;

    let calls = ctx.trace_module_calls(|ctx| {
        let strict = ctx.insmod(["--strict", file.as_str()])?.code(1)?.stderr_has("untouched")?;
        ctx.note(strict.stderr.clone());
        every_pointer(&strict.stderr)
    })?;
    ensure!(calls.is_empty(), "the kernel was asked to load it: {calls:?}");
    let said = ctx.insmod([file.as_str(), "clear=1"])?.success()?;
    every_pointer(&said.stderr)?;
    // This time the exit function clears them.
    ctx.rmmod(["pointing"])?.success()?.silent()?;
    ctx.insmod(["--strict", file.as_str(), "clear=1"])?.success()?.silent()?;
    ctx.rmmod(["pointing"])?.success()?.silent()?;

    // A reload says it before the next init runs.
    ctx.insmod([&file])?.success()?;
    let said = ctx.modpersist(["reload", file.as_str()])?.success()?;
    ctx.note(said.stderr.clone());
    said.stderr_has("kept lists or timers lead into the version that is gone")?
        .stderr_has("  pointing.c:rooms[1] -> ")?;
    ctx.rmmod(["pointing"])?.success()?;

    // Another module takes the memory.
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["pointing"])?.success()?;
    ctx.insmod([ctx.fixture("smoke")?])?.success()?;
    let said = ctx.insmod(["--strict", file.as_str()])?;
    ctx.note(said.to_string());
    // Where that is depends on the kernel. What is certainly gone refuses the load.
    let is_reused = said.stderr.contains("smoke is loaded there now");
    let is_gone = said.stderr.contains("[gone]");
    let count =
        said.stderr.lines().filter(|line| line.contains(" [gone]") || line.contains(" [stale")).count();
    ensure!((is_reused || is_gone) && count == left.len(), "{count} pointers: {said}");
    if is_gone {
        said.code(1)?;
        ctx.insmod([&file])?.success()?;
    } else {
        said.success()?;
    }
    ctx.rmmod(["smoke"])?.success()?;
    ctx.rmmod(["--discard", "pointing"])?.success()?.silent()?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["--discard", "pointing"])?.success()?.silent()?;
    Ok(())
}

/// The kernel frees the memory of an init function, and may give it to the keeper of the next module, whose
/// lists lead to themselves.
fn others(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("smoke")?])?.success()?;
    ctx.rmmod(["smoke"])?.success()?;
    ctx.insmod([&ctx.fixture("pointing")?, "clear=1"])?.success()?.silent()?;
    ctx.insmod([ctx.fixture("shown")?])?.success()?;
    for owner in ["pointing", "shown"] {
        let said = ctx.modpersist(["check", owner])?.success()?;
        ctx.note(said.stdout.clone());
        let other = if owner == "shown" { " pointing.c:" } else { " shown.c:" };
        ensure!(!said.stdout.contains(other), "{said}");
    }
    ctx.rmmod(["pointing"])?.success()?.silent()?;
    let list = ctx.modpersist(["list"])?.success()?;
    ensure!(!list.stdout.contains("[gone"), "{list}");
    ctx.rmmod(["--discard", "pointing"])?.success()?;
    ctx.rmmod(["--discard", "shown"])?.success()?;
    Ok(())
}

/// How many pointers `seeded.c` has, and how many kinds. The first three lead into the module; others lead to
/// the byte in front of its code and to that behind its data, among others.
const SEEDS: usize = 200;
const KINDS: usize = 10;

fn seeded(ctx: &mut Ctx) -> Result<()> {
    ctx.insmod([ctx.fixture("provider")?])?.success()?;
    ctx.insmod([ctx.fixture("seeded")?])?.success()?.silent()?;
    let table = if ctx.has_data_symbols()? { "table" } else { ".bss" };
    let said = ctx.rmmod(["seeded"])?.success()?;
    ctx.note(said.stderr.clone());
    said.stderr_has("seeded.c:seeds[0].pointer -> work [gone]")?.stderr_has("  and 52 more")?;
    let list = ctx.modpersist(["list", "--json"])?.success()?;
    let list: Value = serde_json::from_str(&list.stdout)?;
    let found = list[0]["points_to_removed"].as_array().cloned().unwrap_or_default();
    let found: Vec<&str> = found.iter().filter_map(Value::as_str).collect();
    let mut wanted = 0;
    for index in 0..SEEDS {
        let mut of_index = found.iter().filter(|line| line.starts_with(&format!("seeded.c:seeds[{index}].")));
        let (line, kind) = (of_index.next(), index % KINDS);
        ensure!(of_index.next().is_none(), "two pointers at {index}");
        let offset = |number: usize| if number == 0 { String::new() } else { format!("+{number:#x}") };
        let target = match kind {
            0 => format!("work{}", offset(index % 3)),
            1 => format!("{table}{}", offset(index % 64 * 8)),
            2 => ".rodata".to_owned(),
            _ => {
                ensure!(line.is_none(), "{line:?} does not lead into the module");
                continue;
            }
        };
        let wanted_line = format!("seeded.c:seeds[{index}].pointer -> {target}");
        let is_right = |line: &&str| match kind {
            2 => line.starts_with(&wanted_line),
            _ => **line == format!("{wanted_line} [gone]"),
        };
        ensure!(line.is_some_and(is_right), "{index}: {line:?}, not {wanted_line}");
        wanted += 1;
    }
    ensure!(found.len() == wanted, "{} pointers, not {wanted}: {found:#?}", found.len());
    ctx.measure("pointers into the module, and said", format!("{wanted} and {}", found.len()));
    ctx.rmmod(["--discard", "seeded"])?.success()?;
    ctx.rmmod(["provider"])?.success()?;
    Ok(())
}

/// [`LEFT`], as far as the kernel has the names.
fn left(has_data_symbols: bool) -> Vec<String> {
    let of_data = ["node", "hall", "table"];
    let cut = |pointer: &&str| match pointer.rsplit_once(' ') {
        Some((before, name)) if !has_data_symbols && of_data.iter().any(|data| name.starts_with(data)) => {
            format!("{before} .bss")
        }
        _ => (*pointer).to_owned(),
    };
    LEFT.iter().map(cut).collect()
}

/// Each of them is there, and nothing else.
fn every_pointer(text: &str, left: &[String]) -> Result<()> {
    for pointer in left {
        let line = text.lines().find(|line| line.contains(pointer));
        ensure!(line.is_some_and(|line| line.contains(" [gone")), "{pointer} is not in\n{text}");
    }
    let count = text.lines().filter(|line| line.contains(" [gone")).count();
    ensure!(count == left.len(), "{count} pointers in\n{text}");
    Ok(())
}
