// SPDX-License-Identifier: MIT OR Apache-2.0
//! How costs grow with the number of variables and of owners, in instructions of the guest. `cargo xtask bench`
//! makes plots of them.

use std::fs;

use anyhow::{Context, Result, ensure};
use libmodfmt::elf::Object;

use super::costs::{counted, instructions_of_children};
use super::keep::drop_all;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("growth-variables", "what a kept reload costs with up to 1,000 variables", variables)
        .needs(Needs::Stock)
        .limit_secs(600)
        .long()
        .counted(),
    Scenario::new("growth-owners", "what a load costs while the data of up to 1,000 others is kept", owners)
        .needs(Needs::Stock)
        .limit_secs(1800)
        .memory_mib(1024)
        .long()
        .counted(),
];

/// Versions of the module with a thousand variables, each with fifty more than the one before.
const BLOCKS: usize = 20;
const VARIABLES_PER_BLOCK: usize = 50;

/// How many owners there are in the end, and after how many each time a load is counted.
const OWNERS: usize = 1000;
const OWNERS_PER_STEP: usize = 100;

/// The module that is loaded under many names.
const OWNER: &str = "foo_p";

fn variables(ctx: &mut Ctx) -> Result<()> {
    for blocks in 1..=BLOCKS {
        let version = if blocks == BLOCKS { "many".to_owned() } else { format!("many_{blocks}") };
        let file = ctx.fixture(&version)?;
        let load = |ctx: &mut Ctx| ctx.insmod([&file])?.success()?.silent().map(drop);
        let unload = |ctx: &mut Ctx| ctx.rmmod(["many"])?.success()?.silent().map(drop);
        let before = instructions_of_children()?;
        load(ctx)?;
        let first = instructions_of_children()? - before;
        unload(ctx)?;
        let kept = counted(ctx, load, unload)?;
        let count = blocks * VARIABLES_PER_BLOCK;
        ctx.measure(format!("first load, variables {count}"), first);
        ctx.measure(format!("kept reload, variables {count}"), kept);
        drop_all(ctx, "many")?;
    }
    Ok(())
}

fn owners(ctx: &mut Ctx) -> Result<()> {
    let bytes = fs::read(ctx.fixture(OWNER)?)?;
    for number in 1..=OWNERS {
        // As long as the name that it replaces.
        let name = format!("o{number:04}");
        let file = format!("/tmp/{name}.ko");
        fs::write(&file, renamed(&bytes, &name)?)?;
        let load = |ctx: &mut Ctx| -> Result<i64> {
            let before = instructions_of_children()?;
            ctx.insmod([&file])?.success()?;
            Ok(instructions_of_children()? - before)
        };
        let first = load(ctx)?;
        if number == 1 || number % OWNERS_PER_STEP == 0 {
            ctx.rmmod([&name])?.success()?;
            let kept = load(ctx)?;
            ctx.measure(format!("first load, owners {number}"), first);
            ctx.measure(format!("kept reload, owners {number}"), kept);
        }
        // kmod's, since ours searches all that is kept: a thousand times that would take half an hour.
        ctx.peer_rmmod([&name])?.success()?;
        fs::remove_file(&file)?;
    }
    let list = ctx.modpersist(["list", "--json"])?.success()?.stdout;
    let listed = list.matches("\"owner\"").count();
    ensure!(listed == OWNERS, "{listed} owners are listed");
    for number in 1..=OWNERS {
        ctx.rmmod(["--discard", &format!("o{number:04}")])?.success()?;
    }
    Ok(())
}

/// The module under another name of the same length.
fn renamed(bytes: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut object = Object::parse(bytes)?;
    for (section, before) in [(".gnu.linkonce.this_module", ""), (".modinfo", "name=")] {
        let (index, _) = object.section(section).with_context(|| format!("no {section}"))?;
        let section = object.sections.get_mut(index).context("a section")?;
        let old = format!("{before}{OWNER}\0");
        let at = section.data.windows(old.len()).position(|bytes| bytes == old.as_bytes());
        let at = at.with_context(|| format!("{old:?} is not there"))?;
        let new = format!("{before}{name}\0");
        ensure!(new.len() == old.len(), "{name} is not as long as {OWNER}");
        section.data.edit(|data| drop(data.splice(at..at + new.len(), new.bytes())));
    }
    Ok(object.write()?)
}
