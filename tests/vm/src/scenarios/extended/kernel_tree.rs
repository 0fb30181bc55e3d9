// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own modules still load, and kmemleak sees kept data.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::ctx::{Ctx, health};
use crate::scenario::{Needs, Scenario};
use crate::scenarios::fixture_report::FixtureReport;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("tree-50-modules", "50 modules from the kernel's own tree load", own_modules)
        .needs(Needs::FastExtended)
        .limit_secs(300)
        .memory_mib(768),
    Scenario::new("ext-kmemleak", "memory that only kept data points to is not a leak", kmemleak)
        .needs(Needs::Extended)
        .alone(),
];

fn own_modules(ctx: &mut Ctx) -> Result<()> {
    let release = ctx.sh("uname -r")?;
    let mut files = Vec::new();
    find(&Path::new("/lib/modules").join(release.trim()).join("kernel"), &mut files);
    if files.len() < 50 {
        return ctx.skip(format!("the guest has only {} modules of this kernel", files.len()));
    }
    let mut loaded: HashSet<PathBuf> = HashSet::new();
    // A module that depends on others loads in a later round.
    for _ in 0..5 {
        for file in files.iter().filter(|file| !loaded.contains(*file)).cloned().collect::<Vec<_>>() {
            if ctx.insmod([&file])?.status.is_success() {
                loaded.insert(file);
            }
        }
    }
    ctx.measure("modules of the tree", format!("{} of {} load", loaded.len(), files.len()));
    ensure!(loaded.len() >= 50, "only {} of {} load", loaded.len(), files.len());
    for _ in 0..5 {
        for module in ctx.modules()?.into_iter().filter(|module| module.references == Some(0)) {
            ctx.rmmod([&module.name])?.success()?;
        }
    }
    Ok(())
}

fn find(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path.to_string_lossy().contains(".ko") {
            files.push(path);
        }
    }
}

fn kmemleak(ctx: &mut Ctx) -> Result<()> {
    if !health::has_kmemleak() {
        return ctx.skip("this kernel has no kmemleak; use --kernel debug");
    }
    health::forget_leaks()?;
    // foo_p holds the only pointer to an object and outlives its module.
    let (foo_p, torture) = (ctx.fixture("foo_p")?, ctx.fixture("torture")?);
    for _ in 0..5 {
        for file in [&foo_p, &torture] {
            ctx.insmod([file])?.success()?;
        }
        FixtureReport::read(ctx, "torture")?;
        for module in ["foo_p", "torture"] {
            ctx.rmmod([module])?.success()?;
        }
    }
    let found = health::leaks(ctx)?;
    let ours = ["persist", "foo_p", "torture", "load_module"];
    ensure!(!ours.iter().any(|word| found.contains(word)), "{found}");
    ctx.measure("kmemleak", if found.is_empty() { "nothing".to_owned() } else { format!("others: {found}") });
    for module in ["foo_p", "torture"] {
        ctx.rmmod(["--discard", module])?.success()?;
    }
    // If nothing is kept, each load leaks an object: this shows that kmemleak would have seen it.
    for _ in 0..8 {
        ctx.insmod(["--keep=off", foo_p.as_str()])?.success()?;
        ctx.rmmod(["foo_p"])?.success()?;
    }
    let lost = health::leaks(ctx)?.matches("unreferenced object").count();
    health::forget_leaks()?;
    ctx.measure("objects leaked by 8 loads that keep nothing", lost);
    ensure!(lost > 0, "kmemleak does not see leaked objects");
    Ok(())
}
