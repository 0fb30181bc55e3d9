// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that meet: several insmods, rmmods, reloads and modprobes of one module at once, on two and on
//! four CPUs. Whoever loses says so; no load starts from anything but what the one before has left.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};

use super::fixture_report::FixtureReport;
use super::keep::drop_all;
use super::modprobe;
use crate::ctx::{Command, Ctx, Output, tools};
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("race-two", "insmod, rmmod, modprobe and reload of one module at once, two CPUs", |ctx| {
        race(ctx, 8)
    })
    .limit_secs(600)
    .cpus(2)
    .alone(),
    Scenario::new(
        "race-four",
        "insmod, rmmod, modprobe and reload of one module at once, four CPUs",
        |ctx| race(ctx, 25),
    )
    .limit_secs(600)
    .cpus(4)
    .alone()
    .long(),
];

const MODULE: &str = "layout";

/// What a command may say that came too early or too late.
const LOST: &[&str] = &[
    "File exists",
    "is not currently loaded",
    "is in use",
    "Resource temporarily unavailable",
    "was loaded by another",
];

/// Commands that run at the same time.
#[derive(Clone, Copy)]
enum Contestant {
    Insmod,
    Rmmod,
    Reload,
    Modprobe,
}

/// How a contestant's commands ended.
#[derive(Default)]
struct Count {
    succeeded: u32,
    failed: u32,
    messages: BTreeSet<String>,
}

impl Contestant {
    fn command(self, file: &str) -> Command {
        match self {
            Self::Insmod => Command::new(tools::INSMOD).arg(file),
            Self::Rmmod => Command::new(tools::RMMOD).arg(MODULE),
            Self::Reload => Command::new(tools::MODPERSIST).args(["reload", file]),
            Self::Modprobe => Command::new(tools::PEER_MODPROBE)
                .arg(MODULE)
                .directory("/bin")
                .env("PATH", "/sbin:/bin:/usr/sbin:/usr/bin"),
        }
    }

    fn run(self, file: &str, rounds: u32) -> Result<Count> {
        let mut count = Count::default();
        for _ in 0..rounds {
            let Output { status, stderr, stdout, .. } = self.command(file).run()?;
            if status.is_success() {
                count.succeeded += 1;
            } else {
                count.failed += 1;
                count.messages.insert(format!("{stdout}{stderr}"));
            }
        }
        Ok(count)
    }
}

/// Reads the module's counter until told to stop: it never goes back, and never moves.
fn watch(stop: &AtomicBool) -> Result<u32> {
    let (mut last, mut address, mut reads) = (0, None, 0);
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(1));
        // It comes and goes.
        let Ok(text) = fs::read_to_string(format!("/sys/module/{MODULE}/parameters/report")) else {
            continue;
        };
        let report = FixtureReport::parse(&text)?;
        let (value, place): (u32, u64) = (report.value("first")?.parse()?, report.address("first")?);
        ensure!(value >= last, "the counter went from {last} to {value}");
        ensure!(*address.get_or_insert(place) == place, "it moved to {place:#x}");
        last = value;
        reads += 1;
    }
    Ok(reads)
}

/// Each contestant runs its command `rounds` times.
fn race(ctx: &mut Ctx, rounds: u32) -> Result<()> {
    let extra = modprobe::install(ctx)?;
    let file = ctx.fixture(MODULE)?;
    fs::copy(&file, format!("{extra}/{MODULE}.ko"))?;
    Command::new(tools::PEER_DEPMOD).arg("--all").run()?.success()?;
    let config = ctx.modpersist(["modprobe-conf", MODULE])?.success()?.stdout;
    fs::write("/etc/modprobe.d/persistent-layout.conf", config)?;

    use Contestant::{Insmod, Modprobe, Reload, Rmmod};
    let contestants = [Insmod, Insmod, Rmmod, Rmmod, Reload, Modprobe];
    let stop = AtomicBool::new(false);
    let (counts, reads) = thread::scope(|scope| -> Result<_> {
        let watcher = scope.spawn(|| watch(&stop));
        let file = file.as_str();
        let running =
            contestants.map(|contestant| (contestant, scope.spawn(move || contestant.run(file, rounds))));
        let mut counts = Vec::new();
        for (contestant, running) in running {
            counts.push((contestant, running.join().map_err(|_| anyhow!("a contestant panicked"))?));
        }
        stop.store(true, Ordering::Relaxed);
        Ok((counts, watcher.join().map_err(|_| anyhow!("the watcher panicked"))??))
    })?;
    ctx.measure("reads of the counter in the meantime", reads);

    let (mut certain, mut possible) = (0, 0);
    let mut messages = BTreeSet::new();
    for (contestant, count) in counts {
        let count = count?;
        match contestant {
            Insmod => certain += count.succeeded,
            // It also succeeds where the module is loaded.
            Modprobe => possible += count.succeeded,
            // It loads the old version again if the new one is not loaded: the same file, here.
            Reload => {
                certain += count.succeeded;
                possible += count.failed;
            }
            Rmmod => {}
        }
        messages.extend(count.messages);
    }
    for message in &messages {
        ctx.note(message.trim_end());
    }
    let unknown: Vec<_> =
        messages.iter().filter(|message| !LOST.iter().any(|lost| message.contains(lost))).collect();
    ensure!(unknown.is_empty(), "unexpected messages: {unknown:?}");
    ctx.modpersist(["list"])?.success()?.stdout_has(MODULE)?;
    if ctx.is_loaded(MODULE)? {
        ctx.rmmod([MODULE])?.success()?.silent()?;
    }
    ctx.insmod([&file])?.success()?.silent()?;
    let counter: u32 = FixtureReport::read(ctx, MODULE)?.value("first")?.parse()?;
    // It starts as 1, and each load adds one; the last one is ours.
    let loads = counter - 2;
    ctx.measure("loads: certain, counted, possible", format!("{certain}, {loads}, {}", certain + possible));
    ensure!((certain..=certain + possible).contains(&loads), "loads were lost, or counted twice");
    ensure!(certain > 0, "no load succeeded");
    fs::remove_file("/etc/modprobe.d/persistent-layout.conf")?;
    drop_all(ctx, MODULE)
}
