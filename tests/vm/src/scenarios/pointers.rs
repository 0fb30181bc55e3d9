// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept data that points into a module that is gone.

use anyhow::{Result, ensure};

use crate::ctx::Ctx;
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "pointers-removed",
    "kept pointers into a module are said while it is loaded, when it goes, and before the next load",
    removed,
)];

/// What the module leaves behind if its exit function clears nothing.
const LEFT: &[&str] = &[
    "pointing.c:registry.nodes.next -> node",
    "pointing.c:registry.nodes.prev -> node",
    "pointing.c:registry.run -> work",
    "pointing.c:registry.label -> .rodata.str1.1",
    "pointing.c:registry.either.pointer may point to table+0x10",
];

fn removed(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("pointing")?;
    ctx.insmod([&file])?.success()?.silent()?;
    let loaded = ctx.modpersist(["check", "pointing"])?.success()?;
    ctx.note(loaded.stdout.clone());
    for pointer in LEFT {
        loaded.clone().stdout_has(pointer)?;
    }
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

    // Another module takes the memory.
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["pointing"])?.success()?;
    ctx.insmod([ctx.fixture("smoke")?])?.success()?;
    let said = ctx.insmod([&file])?.success()?;
    ctx.note(said.stderr.clone());
    every_pointer(&said.stderr)?;
    ctx.rmmod(["smoke"])?.success()?;
    ctx.rmmod(["--discard", "pointing"])?.success()?.silent()?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["--discard", "pointing"])?.success()?.silent()?;
    Ok(())
}

/// Each of [`LEFT`] is there, and nothing else.
fn every_pointer(text: &str) -> Result<()> {
    for pointer in LEFT {
        let line = text.lines().find(|line| line.contains(pointer));
        ensure!(line.is_some_and(|line| line.contains(" [gone")), "{pointer} is not in\n{text}");
    }
    let count = text.lines().filter(|line| line.contains(" [gone")).count();
    ensure!(count == LEFT.len(), "{count} pointers in\n{text}");
    Ok(())
}
