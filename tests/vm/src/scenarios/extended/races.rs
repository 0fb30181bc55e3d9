// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many at once.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use anyhow::{Result, anyhow, ensure};
use nix::errno::Errno;

use super::super::report::Report;
use super::use_is;
use crate::ctx::Ctx;
use crate::ctx::extended::{LIST, PERSIST, delete, finit, release};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("ext-1000-reloads", "1,000 reloads with two readers of the list", reloads)
        .needs(Needs::FastExtended)
        .limit_secs(900)
        .cpus(2)
        .alone(),
    Scenario::new("ext-race", "loads, unloads and releases at once", race)
        .needs(Needs::Extended)
        .limit_secs(600)
        .cpus(2)
        .alone(),
];

/// Reads the list until told to stop; gives how often.
fn read_on(stop: &AtomicBool) -> Result<u32> {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let text = fs::read_to_string(LIST)?;
        let whole = text.is_empty() || (text.starts_with("region layout ") && text.ends_with('\n'));
        ensure!(whole && text.matches("region ").count() <= 1, "torn: {text:?}");
        count += 1;
    }
    Ok(count)
}

fn reloads(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("layout")?;
    finit(&file, "", PERSIST)?;
    let before = Report::read(ctx, "layout")?;
    let stop = AtomicBool::new(false);
    let mut memory = 0;
    let reads = thread::scope(|scope| -> Result<u32> {
        let readers = [(); 2].map(|()| scope.spawn(|| read_on(&stop)));
        let mut reloads = || -> Result<()> {
            for load in 0..1000 {
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
    let after = Report::read(ctx, "layout")?;
    ensure!(after.value("first")? == "1002", "{after:?}");
    after.same_as(&before, &["first"])?;
    ensure!(after.address("first")? == before.address("first")?, "it moved");
    let now = ctx.module_memory()?;
    ctx.measure("reads of the list during 1,000 reloads", reads);
    ctx.measure("module memory at reload 10 and 1,000", format!("{memory} and {now} bytes"));
    ensure!(now <= memory, "module memory went from {memory} to {now}");
    delete("layout")?;
    release("layout")?;
    Ok(())
}

fn race(ctx: &mut Ctx) -> Result<()> {
    const ROUNDS: u32 = 300;
    let file = ctx.fixture("layout")?;
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
    thread::scope(|scope| -> Result<()> {
        let loaders = [(); 2].map(|()| {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    if check("load", finit(&file, "", PERSIST), &[Errno::EEXIST, Errno::EBUSY]) {
                        loaded.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        let unloader = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                check("unload", delete("layout"), &[Errno::ENOENT, Errno::EBUSY, Errno::EAGAIN]);
                check("release", release("layout"), &[Errno::ENOENT, Errno::EBUSY]);
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
    let odd = odd.into_inner().unwrap_or_default();
    ensure!(odd.is_empty(), "{odd:?}");
    ctx.measure("loads that won", loaded.load(Ordering::Relaxed));
    if ctx.is_loaded("layout")? {
        delete("layout")?;
    }
    if ctx.kernel_region_use("layout")?.is_some() {
        release("layout")?;
    }
    use_is(ctx, "layout", None)
}
