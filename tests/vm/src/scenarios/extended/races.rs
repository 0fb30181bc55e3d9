// SPDX-License-Identifier: MIT OR Apache-2.0
//! Concurrent loads, unloads, releases and readers.

use std::fs::{self, File};
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use anyhow::{Result, anyhow, ensure};
use nix::errno::Errno;

use super::assertions::region_is;
use crate::ctx::extended::{FRESH, LIST, PERSIST, delete, finit, release};
use crate::ctx::{Ctx, health};
use crate::scenario::{Needs, Scenario};
use crate::scenarios::fixture_report::FixtureReport;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("ext-100-reloads", "100 reloads while two readers read the list", |ctx| reloads(ctx, 100))
        .needs(Needs::Extended)
        .limit_secs(600)
        .cpus(2)
        .alone(),
    Scenario::new("ext-1000-reloads", "1,000 reloads while two readers read the list", |ctx| {
        reloads(ctx, count())
    })
    .needs(Needs::Extended)
    .limit_secs(900)
    .cpus(2)
    .alone()
    .long(),
    Scenario::new("ext-race", "concurrent loads, unloads and releases", race)
        .needs(Needs::Extended)
        .limit_secs(600)
        .cpus(2)
        .alone(),
    Scenario::new(
        "ext-race-reloads",
        "concurrent loads and unloads: every successful load uses the same data",
        race_reloads,
    )
    .needs(Needs::Extended)
    .limit_secs(600)
    .cpus(2)
    .alone(),
    Scenario::new("ext-list-whole", "readers see every region while others come and go", list_whole)
        .needs(Needs::Extended)
        .limit_secs(600)
        .cpus(2)
        .alone(),
];

/// Reads the list until told to stop. Returns how often it was read.
fn read_on(stop: &AtomicBool) -> Result<u32> {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let text = fs::read_to_string(LIST)?;
        let whole = text.is_empty() || (text.starts_with("region layout ") && text.ends_with('\n'));
        ensure!(whole && text.matches("region ").count() <= 1, "inconsistent list: {text:?}");
        count += 1;
    }
    Ok(count)
}

/// Fewer reloads on the debug kernel, where each takes ten times as long.
fn count() -> u32 {
    if health::has_kmemleak() { 100 } else { 1000 }
}

fn reloads(ctx: &mut Ctx, count: u32) -> Result<()> {
    let file = ctx.fixture("layout")?;
    finit(&file, "", PERSIST)?;
    let before = FixtureReport::read(ctx, "layout")?;
    let stop = AtomicBool::new(false);
    let mut memory = 0;
    let reads = thread::scope(|scope| -> Result<u32> {
        let readers = [(); 2].map(|()| scope.spawn(|| read_on(&stop)));
        let mut reloads = || -> Result<()> {
            for load in 0..count {
                delete("layout")?;
                finit(&file, "", PERSIST)?;
                if load == 10 {
                    memory = ctx.module_memory()?;
                }
            }
            Ok(())
        };
        let result = reloads();
        stop.store(true, Ordering::Relaxed);
        let mut reads = 0;
        for reader in readers {
            reads += reader.join().map_err(|_| anyhow!("a reader panicked"))??;
        }
        result.map(|()| reads)
    })?;
    let after = FixtureReport::read(ctx, "layout")?;
    ensure!(after.value("first")? == (count + 2).to_string(), "{after:?}");
    after.same_as(&before, &["first"])?;
    ensure!(after.address("first")? == before.address("first")?, "it moved");
    let now = ctx.module_memory()?;
    ctx.measure(format!("reads of the list during {count} reloads"), reads);
    ctx.measure(format!("module memory at reload 10 and {count}"), format!("{memory} and {now} bytes"));
    ensure!(now <= memory, "module memory went from {memory} to {now}");
    delete("layout")?;
    release("layout")?;
    Ok(())
}

fn race(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    finit(&file, "", PERSIST)?;
    delete("layout")?;
    release("layout")?;
    let before = ctx.module_memory()?;
    let loaded = contest(&file, true)?;
    ctx.measure("successful loads", loaded);
    ensure!(loaded > 0, "no load succeeded");
    if ctx.is_loaded("layout")? {
        delete("layout")?;
    }
    if ctx.extended_region_state("layout")?.is_some() {
        release("layout")?;
    }
    region_is(ctx, "layout", None)?;
    let after = ctx.module_memory()?;
    ensure!(after <= before, "module memory went from {before} to {after}");
    Ok(())
}

/// Every successful load used the same data: each init counted in it.
fn race_reloads(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    finit(&file, "", PERSIST)?;
    let before = FixtureReport::read(ctx, "layout")?;
    let loaded = contest(&file, false)?;
    ctx.measure("successful loads", loaded);
    ensure!(loaded > 0, "no load succeeded");
    region_is(ctx, "layout", Some(if ctx.is_loaded("layout")? { "used" } else { "unused" }))?;
    if ctx.is_loaded("layout")? {
        delete("layout")?;
    }
    finit(&file, "", PERSIST)?;
    let after = FixtureReport::read(ctx, "layout")?;
    // 1 in the file, plus one for each init: the first, the concurrent ones, the last.
    ensure!(after.value("first")? == (loaded + 3).to_string(), "{loaded} loads: {after:?}");
    after.same_as(&before, &["first"])?;
    ensure!(after.address("first")? == before.address("first")?, "it moved");
    delete("layout")?;
    release("layout")?;
    Ok(())
}

/// Runs two threads that load, one that unloads (and optionally releases) and one that reads the list, until
/// the loaders have tried often enough. Returns how many loads succeeded.
fn contest(file: &str, releases: bool) -> Result<u32> {
    const ROUNDS: u32 = 300;
    let (loaded, odd) = (AtomicU32::new(0), std::sync::Mutex::new(Vec::new()));
    let check = |what: &'static str, result: std::result::Result<(), Errno>, allowed: &[Errno]| match result {
        Ok(()) => true,
        Err(errno) => {
            if !allowed.contains(&errno)
                && let Ok(mut odd) = odd.lock()
            {
                odd.push((what, errno));
            }
            false
        }
    };
    let stop = AtomicBool::new(false);
    // From 6.5 on two loads of one file at a time are one, and both are told of its success.
    let copy = "/tmp/race.ko";
    fs::copy(file, copy)?;
    thread::scope(|scope| -> Result<()> {
        let (check, loaded) = (&check, &loaded);
        let loaders = [file, copy].map(|file| {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    if check("load", finit(file, "", PERSIST), &[Errno::EEXIST, Errno::EBUSY]) {
                        loaded.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        let unloader = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                check("unload", delete("layout"), &[Errno::ENOENT, Errno::EBUSY, Errno::EAGAIN]);
                if releases {
                    check("release", release("layout"), &[Errno::ENOENT, Errno::EBUSY]);
                }
            }
        });
        let reader = scope.spawn(|| read_on(&stop));
        for loader in loaders {
            loader.join().map_err(|_| anyhow!("a loader panicked"))?;
        }
        stop.store(true, Ordering::Relaxed);
        unloader.join().map_err(|_| anyhow!("the unloader panicked"))?;
        reader.join().map_err(|_| anyhow!("the reader panicked"))?.map(drop)
    })?;
    fs::remove_file(copy)?;
    let odd = odd.into_inner().unwrap_or_default();
    ensure!(odd.is_empty(), "{odd:?}");
    Ok(loaded.into_inner())
}

/// The lines of one region.
fn lines_of(list: &str, owner: &str) -> Option<String> {
    let start = format!("region {owner} ");
    let from = list.match_indices(&start).find(|(at, _)| *at == 0 || list[..*at].ends_with('\n'))?.0;
    let rest = &list[from..];
    let end = rest.find("\nregion ").map_or(rest.len(), |end| end + 1);
    Some(rest[..end].to_owned())
}

/// Reads the list with a small buffer.
fn read_slowly() -> Result<String> {
    let (mut file, mut text, mut piece) = (File::open(LIST)?, Vec::new(), [0; 64]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(String::from_utf8(text)?),
            length => text.extend_from_slice(piece.get(..length).unwrap_or_default()),
        }
    }
}

fn list_whole(ctx: &mut Ctx) -> Result<()> {
    const ROUNDS: u32 = 100;
    let (file, stays) = (ctx.fixture("layout")?, ["kernel_pointer", "counters"]);
    for name in stays {
        finit(&ctx.fixture(name)?, "", PERSIST)?;
    }
    let wanted = stays.map(|name| lines_of(&read_slowly().unwrap_or_default(), name));
    ensure!(wanted.iter().all(Option::is_some), "{wanted:?}");
    let stop = AtomicBool::new(false);
    let read_on = || -> Result<u32> {
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            let list = read_slowly()?;
            let found = stays.map(|name| lines_of(&list, name));
            ensure!(found == wanted, "{list}");
            ensure!(list.matches("region ").count() <= 3, "a region is listed twice: {list}");
            count += 1;
        }
        Ok(count)
    };
    let reads = thread::scope(|scope| -> Result<u32> {
        let readers = [(); 2].map(|()| scope.spawn(read_on));
        let changes = || -> Result<()> {
            for _ in 0..ROUNDS {
                for flags in [PERSIST, PERSIST | FRESH] {
                    finit(&file, "", flags)?;
                    delete("layout")?;
                }
                release("layout")?;
            }
            Ok(())
        };
        let result = changes();
        stop.store(true, Ordering::Relaxed);
        let mut reads = 0;
        for reader in readers {
            reads += reader.join().map_err(|_| anyhow!("a reader panicked"))??;
        }
        result.map(|()| reads)
    })?;
    ctx.measure("reads of the list in the meantime", reads);
    ensure!(reads > 0, "the list was never read");
    for name in stays {
        delete(name)?;
        release(name)?;
    }
    Ok(())
}
