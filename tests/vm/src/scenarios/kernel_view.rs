// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the kernel sees the images: taint, log, vulnerabilities, symbol versions.

use std::ffi::CString;

use anyhow::{Context, Result, anyhow, ensure};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;
use libmodfmt::persist::base_symbol;
use nix::errno::Errno;

use super::keep::is_extended_kernel;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("kernel-plain-log", "what the kernel logs when kmod loads an unsigned module", plain_log)
        .alone(),
    Scenario::new("kernel-kept-log", "a load with kept data: same taint, log and vulnerabilities", kept_log)
        .alone(),
    Scenario::new("kernel-crc", "the kernel itself refuses an owner image with another layout", wrong_crc)
        .needs(Needs::Stock),
];

/// The kernel log of a plain load of `torture.ko` in a fresh boot.
const PLAIN_LOG: &[&str] = &[
    "torture: loading out-of-tree module taints kernel.",
    "torture: module verification failed: signature and/or required key missing - tainting kernel",
];

const SPECTRE: &str = "/sys/devices/system/cpu/vulnerabilities/spectre_v2";

/// The kernel's taint after such a load: TAINT_OOT_MODULE and TAINT_UNSIGNED_MODULE.
const PLAIN_TAINT: u64 = 1 << 12 | 1 << 13;

/// TAINT_FORCED_MODULE
const FORCED: u64 = 1 << 1;

fn plain_log(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    let mark = ctx.log_mark()?;
    ctx.peer_insmod([&file])?.success()?;
    let log = about_modules(ctx.log_since(&mark)?);
    ensure!(log == PLAIN_LOG, "{log:?}");
    ensure!(ctx.taint()? == PLAIN_TAINT, "taint is {:#x}", ctx.taint()?);
    ctx.peer_rmmod(["torture"])?.success()?;
    // The kernel logs these messages once per boot, and nothing for later loads.
    let mark = ctx.log_mark()?;
    ctx.peer_insmod([&file])?.success()?;
    let log = about_modules(ctx.log_since(&mark)?);
    ensure!(log.is_empty(), "{log:?}");
    ctx.peer_rmmod(["torture"])?.success()?;
    Ok(())
}

/// The log without the clock messages of the first seconds after boot.
fn about_modules(log: Vec<String>) -> Vec<String> {
    let clock = |line: &String| ["tsc:", "clocksource:"].iter().any(|word| line.starts_with(word));
    log.into_iter().filter(|line| !clock(line)).collect()
}

fn kept_log(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    let vulnerable = ctx.read(SPECTRE)?;
    let mark = ctx.log_mark()?;
    ctx.insmod([&file])?.success()?.silent()?;
    let log: Vec<String> = about_modules(ctx.log_since(&mark)?)
        .iter()
        .map(|line| line.replace("torture__persist", "torture"))
        .collect();
    ensure!(log == PLAIN_LOG, "{log:?}");
    ensure!(ctx.read(SPECTRE)? == vulnerable, "spectre_v2 was {vulnerable}, is {}", ctx.read(SPECTRE)?);
    let kept = ctx.taint()?;
    ensure!(kept & FORCED == 0, "taint F is set: {kept:#x}");
    ensure!(kept == PLAIN_TAINT, "taint is {kept:#x}, {PLAIN_TAINT:#x} after a plain load");
    let first = ctx.module_taint("torture")?;
    ctx.rmmod(["torture"])?.success()?.silent()?;
    let mark = ctx.log_mark()?;
    ctx.insmod([&file])?.success()?.silent()?;
    let log = about_modules(ctx.log_since(&mark)?);
    ensure!(log.is_empty(), "the reload logged {log:?}");
    ensure!(ctx.taint()? == kept, "the reload made the taint {:#x}", ctx.taint()?);
    ensure!(ctx.module_taint("torture")? == first, "the reload changed the module's taint");
    let owner = ctx.module_taint("torture")?;
    let keeper = if is_extended_kernel() { owner.clone() } else { ctx.module_taint("torture__persist")? };
    ctx.rmmod(["--discard", "torture"])?.success()?;
    ctx.peer_insmod([&file])?.success()?;
    let plain = ctx.module_taint("torture")?;
    ensure!(ctx.taint()? == kept, "taint is {:#x} after kmod's load, was {kept:#x}", ctx.taint()?);
    ensure!(owner == plain && keeper == plain, "taints: owner {owner}, keeper {keeper}, plain {plain}");
    ctx.peer_rmmod(["torture"])?.success()?;
    ctx.measure("taint of a kept and of a plain load", format!("{kept:#x}, {plain}"));
    Ok(())
}

fn wrong_crc(ctx: &mut Ctx) -> Result<()> {
    let bytes = std::fs::read(ctx.fixture("layout_grown")?)?;
    let file = ModuleFile::new(bytes, 0);
    let has_versions = |name| file.module().is_ok_and(|module| module.object.section(name).is_some());
    if !["__versions", "__version_ext_crcs"].into_iter().any(has_versions) {
        return ctx.skip("modules of this kernel have no symbol versions");
    }
    ctx.insmod([ctx.fixture("layout")?])?.success()?;
    ctx.rmmod(["layout"])?.success()?;
    // An owner image with another layout, built without checking it against the kept data.
    let persistent = file.persistent()?.context("layout_grown has persistent data")?;
    let image = persistent.owner(&Bindings::first(persistent.header()))?;
    let mark = ctx.log_mark()?;
    let refused = nix::kmod::init_module(&image, &CString::default());
    ensure!(refused == Err(Errno::EINVAL), "init_module: {refused:?}");
    let log = ctx.log_since(&mark)?;
    let wanted = format!("layout: disagrees about version of symbol {}", base_symbol("layout", 1, 0));
    log.iter().find(|line| **line == wanted).ok_or_else(|| anyhow!("wanted {wanted:?} in {log:?}"))?;
    ctx.rmmod(["--discard", "layout"])?.success()?;
    Ok(())
}
