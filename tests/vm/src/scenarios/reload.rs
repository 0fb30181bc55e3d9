// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist reload`: a module is exchanged for another version while other modules are on top of it.
//!
//! The module `reloaded` counts its loads in kept data and says which version it is. `over_left` and
//! `over_right` use it, `over_top` uses both, `over_crown` uses that one.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::keep::drop_all;
use crate::ctx::{Answer, Command, Ctx, Kill, Step, When, tools};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("reload-chains-sample", "a module is reloaded under others", |ctx| {
        chains(ctx, &[&["over_left"], OVER])
    }),
    Scenario::new("reload-chains", "the same, under chains of other shapes", |ctx| chains(ctx, CHAINS))
        .long(),
    Scenario::new("reload-way-back", "a version that does not come up: the one before runs again", way_back),
    Scenario::new("reload-refused", "what cannot be reloaded stays as it is", refused),
    Scenario::new("reload-failures", "each load fails in its turn: what is left is what is said", failures)
        .long(),
    Scenario::new(
        "reload-autoload",
        "another program loads the module in between: no data is lost",
        autoload,
    )
    .needs(Needs::Stock),
    // The extended kernel's small configuration has no inotify.
    Scenario::new("reload-watch", "a module is reloaded each time its file changes", watch)
        .needs(Needs::Stock),
    Scenario::new(
        "reload-downtime",
        "the module is away no longer than for kmod's rmmod and insmod",
        downtime,
    )
    .needs(Needs::Stock)
    .limit_secs(300)
    .counted(),
    Scenario::new("reload-downtime-pointers", "how long it takes with 64 MB of pointers", downtime_pointers)
        .needs(Needs::Stock)
        .limit_secs(900)
        .counted()
        .long(),
    Scenario::new("reload-kills-sample", "killed at a few steps, and finished", |ctx| kills(ctx, 64, 2))
        .needs(Needs::Stock)
        .limit_secs(600),
    Scenario::new("reload-kills", "killed at every step, and finished", |ctx| kills(ctx, 1, 60))
        .needs(Needs::Stock)
        .limit_secs(1800)
        .alone()
        .long(),
];

const MODULE: &str = "reloaded";
/// What can be on top, from below.
const OVER: &[&str] = &["over_left", "over_right", "over_top", "over_crown"];

/// Which of these are loaded.
const CHAINS: &[&[&str]] = &[
    &[],
    &["over_right"],
    &["over_right", "over_left"],
    &["over_left", "over_right", "over_top"],
    &["over_right", "over_left", "over_top", "over_crown"],
];

/// The file that `make` overwrites.
const FILE: &str = "/tmp/reloaded.ko";

fn is_extended() -> bool {
    Path::new("/proc/module_persist").exists()
}

fn make(ctx: &Ctx, version: &str) -> Result<()> {
    fs::copy(ctx.fixture(version)?, FILE).with_context(|| format!("cannot copy {version}"))?;
    Ok(())
}

fn reload(ctx: &mut Ctx, args: &[&str]) -> Result<crate::ctx::Output> {
    ctx.modpersist([&["reload"], args].concat())
}

/// The number behind a word of the report.
fn reported(ctx: &Ctx, word: &str) -> Result<String> {
    let text = ctx.parameter(MODULE, "report")?;
    let mut words = text.split_whitespace();
    words.find(|found| *found == word);
    words.next().map(str::to_owned).with_context(|| format!("no {word} in {text:?}"))
}

fn is_version(ctx: &Ctx, version: &str, count: u32) -> Result<()> {
    let found = (reported(ctx, "version")?, reported(ctx, "count")?);
    ensure!(found == (version.to_owned(), count.to_string()), "not version {version}, {count}: {found:?}");
    Ok(())
}

fn load_over(ctx: &mut Ctx, modules: &[&str]) -> Result<()> {
    for (size, module) in (10..).zip(modules) {
        ctx.insmod([ctx.fixture(module)?, format!("size={size}")])?.success()?.silent()?;
    }
    Ok(())
}

fn over_are_loaded(ctx: &Ctx, modules: &[&str]) -> Result<()> {
    for (size, module) in (10..).zip(modules) {
        let found = ctx.parameter(module, "size")?;
        ensure!(found.trim() == format!("{size}"), "{module} has size {found:?}");
    }
    Ok(())
}

fn unload_all(ctx: &mut Ctx) -> Result<()> {
    for module in OVER.iter().rev().chain(&[MODULE]) {
        if ctx.is_loaded(module)? {
            ctx.rmmod([module])?.success()?.silent()?;
        }
    }
    Ok(())
}

fn finish(ctx: &mut Ctx) -> Result<()> {
    for module in OVER.iter().rev() {
        if ctx.is_loaded(module)? {
            ctx.rmmod([module])?.success()?.silent()?;
        }
    }
    drop_all(ctx, MODULE)
}

/// Files of modules on top, which lie beside the fixtures and not beside the file that is made.
fn with(ctx: &Ctx, modules: &[&str]) -> Result<Vec<String>> {
    let mut args = Vec::new();
    for module in modules {
        args.extend(["--with".to_owned(), ctx.fixture(module)?]);
    }
    Ok(args)
}

fn chains(ctx: &mut Ctx, chains: &[&[&str]]) -> Result<()> {
    for chain in chains {
        make(ctx, MODULE)?;
        ctx.insmod([FILE, "level=5", "label=a b", "hidden=7"])?.success()?.silent()?;
        load_over(ctx, chain)?;
        ctx.set_parameter(MODULE, "level", "6")?;
        ctx.set_parameter(MODULE, "kept_level", "9")?;
        make(ctx, "reloaded_v2")?;
        let args = with(ctx, chain)?;
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.push(FILE);
        let done = reload(ctx, &args)?.success()?.stdout_has("reloaded: reloaded, away for ")?;
        ensure!(done.stderr.is_empty(), "{done}");
        is_version(ctx, "2", 42)?;
        let report = ctx.parameter(MODULE, "report")?;
        ensure!(report.contains("level 6 label a b hidden 7 kept 9"), "{report}");
        over_are_loaded(ctx, chain)?;
        if is_extended() {
            // It converts nothing.
            finish(ctx)?;
            continue;
        }
        // A conversion, with a parameter.
        make(ctx, "reloaded_wide")?;
        args.push("level=1");
        reload(ctx, &args)?.success()?.stdout_has("reloaded: reloaded, away for ")?;
        is_version(ctx, "5", 43)?;
        ensure!(reported(ctx, "level")? == "1", "the level was not given");
        over_are_loaded(ctx, chain)?;
        finish(ctx)?;
    }
    Ok(())
}

fn way_back(ctx: &mut Ctx) -> Result<()> {
    make(ctx, MODULE)?;
    ctx.insmod([FILE, "level=5", "hidden=7"])?.success()?.silent()?;
    load_over(ctx, OVER)?;
    let args = with(ctx, OVER)?;
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.push(FILE);
    make(ctx, "reloaded_fails")?;
    reload(ctx, &args)?
        .code(1)?
        .stderr_has("could not load /tmp/reloaded.ko: ")?
        .stderr_has("if its init function has run, what kept pointers lead to is as it left it")?
        .stderr_has("reloaded: the version before runs again, with its data, away for ")?;
    // The init that failed has counted as well.
    is_version(ctx, "1", 43)?;
    ensure!((reported(ctx, "level")?, reported(ctx, "hidden")?) == ("5".into(), "7".into()), "no parameters");
    over_are_loaded(ctx, OVER)?;
    // One on top does not come back, and so neither does what is on top of that.
    make(ctx, "reloaded_v4")?;
    reload(ctx, &args)?
        .code(1)?
        .stderr_has("reloaded: reloaded, away for ")?
        .stderr_has("over_right is not loaded: No such device")?
        .stderr_has("over_top is not loaded: ")?
        .stderr_has("over_crown is not loaded: ")?;
    is_version(ctx, "4", 44)?;
    ensure!(ctx.is_loaded("over_left")?, "over_left is not loaded");
    ctx.modpersist(["list"])?.success()?.stdout_has("modpersist reload --resume reloaded finishes it")?;
    make(ctx, "reloaded_v2")?;
    reload(ctx, &args)?.success()?;
    is_version(ctx, "2", 45)?;
    over_are_loaded(ctx, OVER)?;
    let listed = ctx.modpersist(["list"])?.success()?;
    ensure!(!listed.stdout.contains("interrupted"), "{listed}");
    finish(ctx)
}

fn refused(ctx: &mut Ctx) -> Result<()> {
    make(ctx, MODULE)?;
    ctx.insmod([FILE])?.success()?.silent()?;
    load_over(ctx, &["over_left"])?;
    let before = ctx.modules()?;
    let args = with(ctx, &["over_left"])?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let unchanged = "nothing has changed: reloaded runs as before";
    make(ctx, "reloaded_narrow")?;
    let with_file = |more: &[&'static str]| [args.as_slice(), more, &[FILE]].concat();
    let differs = if is_extended() { "loads" } else { "loads.count: has 16 bits, had 32" };
    reload(ctx, &with_file(&[]))?.code(1)?.stderr_has(differs)?.stderr_has(unchanged)?;
    make(ctx, "reloaded_v2")?;
    reload(ctx, &[FILE])?.code(1)?.stderr_has("over_left uses it and could not be loaded again")?;
    ctx.set_parameter(MODULE, "hold", "1")?;
    reload(ctx, &with_file(&[]))?.code(1)?.stderr_has("reloaded is in use")?.stderr_has(unchanged)?;
    ctx.set_parameter(MODULE, "hold", "0")?;
    reload(ctx, &with_file(&["--dry-run"]))?.success()?.stdout_has("unloaded: over_left, reloaded")?;
    fs::remove_dir_all("/run/modpersist/images")?;
    reload(ctx, &with_file(&[]))?
        .code(1)?
        .stderr_has("there is no way back to the version that runs")?
        .stderr_has(unchanged)?;
    let names =
        |modules: &[crate::ctx::Module]| modules.iter().map(|module| module.name.clone()).collect::<Vec<_>>();
    ensure!(names(&ctx.modules()?) == names(&before), "modules were loaded or removed");
    is_version(ctx, "1", 41)?;
    let done = reload(ctx, &with_file(&["--json", "--no-way-back"]))?.success()?;
    for part in ["\"result\": \"reloaded\"", "\"runs\": \"new\"", "\"away_ms\": ", "\"name\": \"over_left\""]
    {
        ensure!(done.stdout.contains(part), "{done}\nexpected {part}");
    }
    is_version(ctx, "2", 42)?;
    // A module that is not loaded is loaded.
    finish(ctx)?;
    reload(ctx, &[FILE])?.success()?.stdout_has("reloaded: loaded")?;
    is_version(ctx, "2", 41)?;
    drop_all(ctx, MODULE)
}

/// Another program loads the module, plainly, as soon as it is gone.
fn autoload(ctx: &mut Ctx) -> Result<()> {
    make(ctx, MODULE)?;
    ctx.insmod([FILE])?.success()?.silent()?;
    let other = ctx.fixture("reloaded_v2")?;
    make(ctx, "reloaded_v2")?;
    let mut loads = 0;
    let command = Command::new(tools::MODPERSIST).args(["reload", FILE]);
    ctx.run_intercepted(command, |ctx, call| {
        if !call.is_probe() && loads < 2 && !ctx.is_loaded(MODULE)? {
            loads += 1;
            ctx.peer_insmod([&other])?.success()?;
        }
        Ok(Answer::Kernel)
    })?
    .success()?
    .stderr_has("another program loaded it without its kept data meanwhile; it was unloaded again")?;
    ensure!(loads == 2, "it was loaded {loads} times");
    is_version(ctx, "2", 42)?;
    let keeper = ctx.module("reloaded__persist")?.context("no keeper")?;
    ensure!(keeper.holders == [MODULE], "the data is used by {:?}", keeper.holders);
    drop_all(ctx, MODULE)
}

/// Each load fails in its turn, as if there were no memory for it.
fn failures(ctx: &mut Ctx) -> Result<()> {
    const CHAIN: &[&str] = &["over_left", "over_right", "over_top"];
    let args = [vec!["reload".to_owned()], with(ctx, CHAIN)?, vec![FILE.to_owned()]].concat();
    for failing in 0..=CHAIN.len() {
        unload_all(ctx)?;
        make(ctx, MODULE)?;
        ctx.insmod([FILE, "level=5"])?.success()?.silent()?;
        load_over(ctx, CHAIN)?;
        let before: u32 = reported(ctx, "count")?.parse()?;
        make(ctx, "reloaded_v2")?;
        let mut loads = 0;
        let done = ctx.run_intercepted(Command::new(tools::MODPERSIST).args(&args), |_, call| {
            if call.is_probe() {
                return Ok(Answer::Kernel);
            }
            loads += 1;
            Ok(if loads == failing + 1 { Answer::Instead(-12) } else { Answer::Kernel })
        })?;
        let done = done.code(1)?;
        if failing == 0 {
            let done = done.stderr_has("could not load /tmp/reloaded.ko: Cannot allocate memory")?;
            done.stderr_has("reloaded: the version before runs again")?;
            is_version(ctx, "1", before + 1)?;
            over_are_loaded(ctx, CHAIN)?;
            continue;
        }
        is_version(ctx, "2", before + 1)?;
        for name in CHAIN {
            let is_said = done.stderr.contains(&format!("{name} is not loaded: "));
            ensure!(ctx.is_loaded(name)? != is_said, "{name}: {done}");
        }
        ensure!(done.stderr.contains("is not loaded: Cannot allocate memory"), "{done}");
        reload(ctx, &["--resume", MODULE])?.success()?;
        is_version(ctx, "2", before + 1)?;
        over_are_loaded(ctx, CHAIN)?;
    }
    finish(ctx)
}

/// Kills a reload with two modules on top at every `stride`th step, `wanted` times at least.
fn kills(ctx: &mut Ctx, stride: usize, wanted: usize) -> Result<()> {
    const CHAIN: &[&str] = &["over_left", "over_right", "over_top"];
    let args = [vec!["reload".to_owned()], with(ctx, CHAIN)?, vec![FILE.to_owned()]].concat();
    let mut position = 0_usize;
    let mut count = 0;
    let mut steps = Vec::new();
    let begin = |ctx: &mut Ctx| -> Result<u32> {
        unload_all(ctx)?;
        make(ctx, MODULE)?;
        ctx.insmod([FILE, "level=5"])?.success()?.silent()?;
        load_over(ctx, CHAIN)?;
        let before = reported(ctx, "count")?.parse()?;
        make(ctx, "reloaded_v2")?;
        Ok(before)
    };
    begin(ctx)?;
    let whole = ctx.run_killed(Command::new(tools::MODPERSIST).args(&args), None)?;
    ensure!(whole.output.status.is_success(), "{}", whole.output);
    for (step, Step { name, .. }) in whole.steps.iter().enumerate() {
        for when in [When::Before, When::After] {
            steps.push((Kill { step, when, all: false }, *name));
        }
    }
    for (kill, name) in steps {
        position += 1;
        if !position.is_multiple_of(stride) {
            continue;
        }
        let before = begin(ctx)?;
        let killed = ctx.run_killed(Command::new(tools::MODPERSIST).args(&args), Some(kill))?;
        count += usize::from(killed.was_killed);
        let judge = |ctx: &mut Ctx| -> Result<()> {
            ctx.modpersist(["list"])?.success()?;
            let is_complete =
                ctx.is_loaded(MODULE)? && CHAIN.iter().all(|name| ctx.is_loaded(name).unwrap_or(false));
            if !is_complete && position.is_multiple_of(2) {
                reload(ctx, &["--resume", MODULE])?.success()?;
                over_are_loaded(ctx, CHAIN)?;
            }
            let args: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
            reload(ctx, &args)?.success()?;
            over_are_loaded(ctx, CHAIN)?;
            let now: u32 = reported(ctx, "count")?.parse()?;
            ensure!((before + 1..=before + 3).contains(&now), "the count was {before}, is {now}");
            ensure!(reported(ctx, "version")? == "2", "not the new version");
            ensure!(reported(ctx, "level")? == "5", "the parameter is lost");
            Ok(())
        };
        judge(ctx).with_context(|| format!("{name}, {kill:?}, {}", killed.output))?;
    }
    ctx.measure("reloads killed and finished", count);
    ensure!(count >= wanted, "only {count} kills");
    finish(ctx)
}

/// Reloads that are timed.
const TIMED: u32 = 2;

/// For how long a module is away on average, and how long the whole reload takes, in microseconds, by the
/// clock that counts instructions.
fn away(ctx: &mut Ctx, version: &str) -> Result<(u128, u128)> {
    let file = ctx.fixture(version)?;
    ctx.insmod([&file])?.success()?.silent()?;
    let (mut sum, mut whole) = (0.0, Duration::ZERO);
    for timed in 0..=TIMED {
        let start = Instant::now();
        let done = reload(ctx, &["--json", &file])?.success()?;
        let away = done.stdout.split_once("\"away_ms\": ").and_then(|(_, rest)| rest.split_once(','));
        let away: f64 = away.with_context(|| done.to_string())?.0.parse()?;
        // The first one fills caches.
        if timed > 0 {
            sum += away;
            whole += start.elapsed();
        }
    }
    drop_all(ctx, "sized")?;
    let away = Duration::from_secs_f64(sum / 1e3 / f64::from(TIMED));
    Ok((away.as_micros(), (whole / TIMED).as_micros()))
}

/// The same, by kmod's rmmod and insmod.
fn away_with_kmod(ctx: &mut Ctx, version: &str) -> Result<u128> {
    let file = ctx.fixture(version)?;
    ctx.peer_insmod([&file])?.success()?;
    let mut sum = Duration::ZERO;
    for timed in 0..=TIMED {
        let start = Instant::now();
        ctx.peer_rmmod(["sized"])?.success()?;
        ctx.peer_insmod([&file])?.success()?;
        sum += if timed == 0 { Duration::ZERO } else { start.elapsed() };
    }
    ctx.peer_rmmod(["sized"])?.success()?;
    Ok((sum / TIMED).as_micros())
}

fn downtime(ctx: &mut Ctx) -> Result<()> {
    let kmod = away_with_kmod(ctx, "sized")?;
    let (little, whole_little) = away(ctx, "sized")?;
    let (much, whole_much) = away(ctx, "sized_large")?;
    ctx.measure("away with 4 KB kept, 64 MB; for kmod's rmmod and insmod (us)", {
        format!("{little}, {much}; {kmod}")
    });
    ctx.measure("the whole reload (us)", format!("{whole_little}, {whole_much}"));
    ensure!(much * 10 <= little * 13, "64 MB: {much} us, 4 KB: {little} us");
    ensure!(little * 10 <= kmod * 13, "away for {little} us, with kmod for {kmod} us");
    Ok(())
}

/// Pointers are looked for while the module is there, before and after: the time is printed.
fn downtime_pointers(ctx: &mut Ctx) -> Result<()> {
    for (version, what) in [("sized_pointers", "64 MB of NULL pointers"), ("sized_set", "64 MB of pointers")]
    {
        let (away, whole) = away(ctx, version)?;
        ctx.measure(format!("away with {what} kept; the whole reload (us)"), format!("{away}; {whole}"));
    }
    Ok(())
}

fn watch(ctx: &mut Ctx) -> Result<()> {
    make(ctx, MODULE)?;
    // It is not loaded yet.
    let mut child = std::process::Command::new(tools::MODPERSIST)
        .args(["reload", "--watch", FILE])
        .stdout(fs::File::create("/tmp/watch.out")?)
        .stderr(fs::File::create("/tmp/watch.err")?)
        .spawn()?;
    let watched = watched(ctx);
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.id().cast_signed()),
        nix::sys::signal::Signal::SIGINT,
    )?;
    let ended = child.wait()?;
    let printed = [fs::read_to_string("/tmp/watch.out")?, fs::read_to_string("/tmp/watch.err")?].concat();
    watched.with_context(|| printed.clone())?;
    ensure!(!ended.success(), "Ctrl-C did not end it");
    ensure!(printed.matches("reloaded: reloaded, away for ").count() == 2, "{printed}");
    ensure!(printed.contains("reloaded: the version before runs again"), "{printed}");
    drop_all(ctx, MODULE)
}

fn watched(ctx: &mut Ctx) -> Result<()> {
    comes_to_run(ctx, "1", 41)?;
    make(ctx, "reloaded_v2")?;
    comes_to_run(ctx, "2", 42)?;
    // An error does not end it, nor does half a file.
    make(ctx, "reloaded_fails")?;
    comes_to_run(ctx, "2", 44)?;
    let whole = fs::read(ctx.fixture("reloaded_v4")?)?;
    fs::write(FILE, &whole[..whole.len() / 2])?;
    thread::sleep(Duration::from_millis(400));
    fs::write(FILE, &whole)?;
    comes_to_run(ctx, "4", 45)
}

/// Waits until a version runs that has counted so far.
fn comes_to_run(ctx: &Ctx, version: &str, count: u32) -> Result<()> {
    let start = Instant::now();
    loop {
        match is_version(ctx, version, count) {
            Ok(()) => return Ok(()),
            Err(error) if start.elapsed() > Duration::from_secs(10) => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}
