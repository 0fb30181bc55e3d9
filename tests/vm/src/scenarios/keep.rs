// SPDX-License-Identifier: MIT OR Apache-2.0
//! The main job: values and addresses survive unloading and reloading.

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::fixture_report::FixtureReport;
use crate::ctx::{Ctx, SlabObjects};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("keep-100-reloads", "all kinds of data survive 100 reloads, without leaks", reloads)
        .memory_mib(768)
        .limit_secs(600)
        .alone(),
    Scenario::new("keep-parameter", "the command line overrides a kept parameter", parameter),
    Scenario::new("keep-kallsyms", "the kernel and modpersist name the kept variables", names)
        .needs(Needs::Stock),
    Scenario::new("keep-write-only", "a variable that nothing reads is kept", write_only),
    Scenario::new("keep-count", "the README's module counts its loads", count),
    Scenario::new("keep-retained", "variables with __attribute__((retain)) are kept", retained),
    Scenario::new("keep-foo-p", "the RFC's own example", foo_p),
    Scenario::new("keep-meter", "a driver with statistics, a list and a lock", meter),
    Scenario::new("keep-importer", "a second module imports a kept variable", importer),
    Scenario::new(
        "keep-in-use",
        "a region in use cannot be dropped; after a discard, data starts afresh",
        discard,
    )
    .needs(Needs::Stock),
    Scenario::new("keep-kernel-pointer", "initial values may point into the kernel", kernel_pointer),
    Scenario::new("keep-pinning", "an initial value that points into another module pins it", pinning),
];

/// The variables that change with every report or unload.
const CHANGING: &[&str] = &["other.calls", "from_init", "from_exit", "other.exits", "ordinary"];

/// How many reloads are checked for leaks, after some that warm up the caches.
const MEASURED_RELOADS: u32 = 90;

/// A slab cache that grows by this many objects in half of that time, and as many in the other half, leaks:
/// one object for every two reloads. The kernel keeps names that were looked up until it needs the memory, so
/// a cache may grow once.
const LEAK_THRESHOLD: u64 = 22;

fn reloads(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    for _ in 0..10 {
        plain_reload(ctx, &file)?;
    }
    // The first read allocates memory for each cache's sysfs files.
    Slab::read(ctx)?;
    let before = Slab::read(ctx)?;
    for _ in 0..MEASURED_RELOADS {
        plain_reload(ctx, &file)?;
    }
    Slab::read(ctx)?.report_growth(ctx, &before, "plain reloads by kmod");

    ctx.insmod([&file])?.success()?.silent()?;
    ctx.set_parameter("torture", "poke", "41")?;
    let first = FixtureReport::read(ctx, "torture")?;
    ensure!(first.address("page")? % 4096 == 0, "the page is not page-aligned");
    ensure!(first.address("line")? % 64 == 0, "the line is not 64-aligned");
    kept_reloads(ctx, &file, &first, 1..=10)?;
    let (memory_at_10, before) = (ctx.module_memory()?, Slab::read(ctx)?);
    kept_reloads(ctx, &file, &first, 11..=10 + MEASURED_RELOADS / 2)?;
    let middle = Slab::read(ctx)?;
    kept_reloads(ctx, &file, &first, 11 + MEASURED_RELOADS / 2..=10 + MEASURED_RELOADS)?;
    let (memory, after) = (ctx.module_memory()?, Slab::read(ctx)?);
    ctx.measure("module memory at reload 10 and 100", format!("{memory_at_10} and {memory} bytes"));
    after.report_growth(ctx, &before, "reloads with kept data");
    ensure!(memory == memory_at_10, "module memory went from {memory_at_10} to {memory}");
    // Larger allocations take whole pages, so a leak of those is at least one page per reload.
    let kib = after.unreclaimable_kib.saturating_sub(before.unreclaimable_kib);
    ensure!(kib < u64::from(MEASURED_RELOADS) * 4, "SUnreclaim grew by {kib} KiB");
    let objects = [before.objects, middle.objects, after.objects];
    let grown = SlabObjects::always_growing(&objects, LEAK_THRESHOLD);
    ensure!(grown.is_empty(), "objects leak: {}", grown.join(", "));
    drop_all(ctx, "torture")
}

/// The slab caches' objects and the memory that they take.
struct Slab {
    objects: SlabObjects,
    unreclaimable_kib: u64,
}

impl Slab {
    fn read(ctx: &Ctx) -> Result<Self> {
        let objects = ctx.slab_objects()?;
        Ok(Self { objects, unreclaimable_kib: ctx.meminfo_kib("SUnreclaim")? })
    }

    fn report_growth(&self, ctx: &mut Ctx, before: &Self, what: &str) {
        let kib = self.unreclaimable_kib.saturating_sub(before.unreclaimable_kib);
        ctx.measure(format!("SUnreclaim growth over {MEASURED_RELOADS} {what}"), format!("{kib} KiB"));
        if let Some((name, count)) = self.objects.largest_growth(&before.objects) {
            ctx.measure(
                format!("largest growth of a slab cache over {MEASURED_RELOADS} {what}"),
                format!("{count} objects of {name}"),
            );
        }
    }
}

fn kept_reloads(ctx: &mut Ctx, file: &str, first: &FixtureReport, loads: RangeInclusive<u32>) -> Result<()> {
    for load in loads {
        ctx.rmmod(["torture"])?.success()?.silent()?;
        ctx.insmod([file])?.success()?.silent().with_context(|| format!("reload {load}"))?;
        let now = FixtureReport::read(ctx, "torture")?;
        now.same_as(first, CHANGING).with_context(|| format!("reload {load}"))?;
        ensure!(now.value("from_init")? == (load + 1).to_string(), "init ran {now:?}");
        ensure!(now.value("from_exit")? == load.to_string(), "exit ran {now:?}");
        ensure!(now.value("ordinary")? == "1", "ordinary data was kept: {now:?}");
    }
    Ok(())
}

fn plain_reload(ctx: &mut Ctx, file: &str) -> Result<()> {
    ctx.peer_insmod([file])?.success()?;
    FixtureReport::read(ctx, "torture")?;
    ctx.peer_rmmod(["torture"])?.success()?;
    Ok(())
}

fn parameter(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    ctx.insmod([file.as_str(), "level=30"])?.success()?;
    ensure!(ctx.parameter("torture", "level")? == "30", "the first load ignored it");
    ctx.rmmod(["torture"])?.success()?;
    ctx.insmod([file.as_str()])?.success()?;
    ensure!(ctx.parameter("torture", "level")? == "30", "it was not kept");
    ctx.rmmod(["torture"])?.success()?;
    ctx.insmod([file.as_str(), "level=31"])?.success()?;
    ensure!(ctx.parameter("torture", "level")? == "31", "the command line did not override it");
    drop_all(ctx, "torture")
}

fn names(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    ctx.insmod([file.as_str()])?.success()?;
    let report = FixtureReport::read(ctx, "torture")?;
    let kallsyms = ctx.read("/proc/kallsyms")?;
    for (name, variable) in [("plain", "plain"), ("torture_exported", "exported"), ("big", "big.first")] {
        let wanted = format!("{:016x}", report.address(variable)?);
        if !ctx.has_data_symbols()? {
            continue;
        }
        let line = kallsyms
            .lines()
            .find(|line| line.starts_with(&wanted) && line.ends_with("[torture__persist]"))
            .with_context(|| format!("kallsyms has no symbol of the keeper at {wanted}"))?;
        ensure!(line.split_whitespace().nth(2) == Some(name), "{line}");
    }
    let list = ctx.modpersist(["list"])?.success()?.stdout_has("in use")?;
    let base = ctx.section_address("torture__persist", ".data..persistent")?;
    let list = list.stdout_has(&format!("{base:#018x}"))?;
    ctx.note(list.stdout);
    let show = ctx.modpersist(["show", "torture"])?.success()?;
    ctx.note(show.stdout.clone());
    show.stdout_has("torture_main.c:same_name")?.stdout_has("torture_other.c:same_name")?;
    for (file, bytes) in [("torture_main.c", "64000000"), ("torture_other.c", "c8000000")] {
        let found = kept_bytes(ctx, "torture", file, "same_name")?;
        ensure!(found == bytes, "same_name of {file} is {found}");
    }
    let json = ctx.modpersist(["show", "--json", "torture"])?.success()?;
    let value: serde_json::Value = serde_json::from_str(&json.stdout)?;
    ensure!(value["sections"][0]["address"] == format!("{base:#x}"), "{value:#}");
    drop_all(ctx, "torture")
}

fn write_only(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    ctx.insmod([&file])?.success()?;
    ctx.set_parameter("torture", "poke", "41")?;
    let bytes = |ctx: &mut Ctx| kept_bytes(ctx, "torture", "torture_main.c", "write_only");
    let before = bytes(ctx)?;
    ensure!(before == "33000000", "it is not 51: {before}");
    ctx.rmmod(["torture"])?.success()?;
    ensure!(bytes(ctx)? == before, "rmmod changed it");
    ctx.insmod([&file])?.success()?.silent()?;
    ensure!(bytes(ctx)? == before, "the reload changed it");
    drop_all(ctx, "torture")
}

/// Whether this is an extended kernel.
pub(super) fn is_extended_kernel() -> bool {
    Path::new("/proc/module_persist").exists()
}

/// Whether this owner's data is kept, by the extended kernel or by a keeper.
pub(super) fn is_kept(ctx: &Ctx, owner: &str) -> Result<bool> {
    // Variables in sections of their own have a keeper on an extended kernel, too.
    if is_extended_kernel() && ctx.extended_region_state(owner)?.is_some() {
        return Ok(true);
    }
    ctx.is_loaded(&format!("{owner}__persist"))
}

/// The contents of a kept variable as modpersist reads them, in hexadecimal digits.
pub(super) fn kept_bytes(ctx: &mut Ctx, owner: &str, file: &str, name: &str) -> Result<String> {
    let show = ctx.modpersist(["show", "--json", owner])?.success()?;
    let value: serde_json::Value = serde_json::from_str(&show.stdout)?;
    let sections = value["sections"].as_array().context("no sections")?;
    let variables = sections.iter().filter_map(|section| section["variables"].as_array()).flatten();
    let is = |variable: &&serde_json::Value| {
        let path = variable["file"].as_str().unwrap_or_default();
        variable["name"] == name && Path::new(path).file_name().is_some_and(|base| base == file)
    };
    let found: Vec<_> = variables.filter(is).collect();
    ensure!(found.len() == 1, "{} variables {name} of {file}: {value:#}", found.len());
    Ok(found[0]["bytes"].as_str().context("no contents")?.to_owned())
}

fn count(ctx: &mut Ctx) -> Result<()> {
    counts_loads(ctx, "count")
}

fn retained(ctx: &mut Ctx) -> Result<()> {
    counts_loads(ctx, "retained")
}

/// A module that logs `NAME: load N` when it is loaded for the Nth time.
fn counts_loads(ctx: &mut Ctx, name: &str) -> Result<()> {
    let file = ctx.fixture(name)?;
    let mark = ctx.log_mark()?;
    for _ in 0..2 {
        ctx.insmod([file.as_str()])?.success()?.silent()?;
        ctx.rmmod([name])?.success()?.silent()?;
    }
    ctx.rmmod(["--discard", name])?.success()?.silent()?;
    ctx.insmod([file.as_str()])?.success()?.silent()?;
    ctx.rmmod(["--discard", name])?.success()?.silent()?;
    let log = ctx.log_since(&mark)?;
    let prefix = format!("{name}: load ");
    let loads: Vec<&str> = log.iter().filter_map(|line| line.strip_prefix(&prefix)).collect();
    ensure!(loads == ["1", "2", "1"], "the log has {loads:?}");
    Ok(())
}

fn foo_p(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("foo_p")?;
    let mark = ctx.log_mark()?;
    ctx.insmod([file.as_str(), "note=hello"])?.success()?.silent()?;
    ctx.rmmod(["foo_p"])?.success()?.silent()?;
    ctx.insmod([file.as_str(), "note=other"])?.success()?.silent()?;
    ctx.rmmod(["foo_p"])?.success()?.silent()?;
    let log = ctx.log_since(&mark)?;
    let wanted = "foo_p: load 2, first note \"hello\"";
    ensure!(log.iter().any(|line| line == wanted), "wanted {wanted:?} in {log:?}");
    ctx.rmmod(["--discard", "foo_p"])?.success()?.silent()?;
    ensure!(!ctx.is_loaded("foo_p__persist")?, "the keeper is still there");
    Ok(())
}

fn meter(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("meter")?;
    ctx.insmod([file.as_str(), "scale=10"])?.success()?;
    for value in ["5", "-3", "12"] {
        std::fs::write("/dev/meter", value)?;
    }
    ctx.rmmod(["meter"])?.success()?;
    ctx.insmod([file.as_str()])?.success()?;
    std::fs::write("/dev/meter", "1")?;
    let text = std::fs::read_to_string("/dev/meter")?;
    let wanted = "generation 2, 4 samples, min -30, max 120, sum 150\nlatest: 50 -30 120 10\n";
    ensure!(text == wanted, "{text}");
    drop_all(ctx, "meter")
}

fn importer(ctx: &mut Ctx) -> Result<()> {
    let (owner, importer) = (ctx.fixture("torture")?, ctx.fixture("importer")?);
    ctx.insmod([&owner])?.success()?;
    ctx.insmod([&importer])?.success()?.silent()?;
    let (theirs, ours) = (FixtureReport::read(ctx, "importer")?, FixtureReport::read(ctx, "torture")?);
    ensure!(theirs.address("imported")? == ours.address("exported")?, "{theirs:?} and {ours:?}");
    ctx.set_parameter("importer", "poke", "4711")?;
    ensure!(FixtureReport::read(ctx, "torture")?.value("exported")? == "4711", "the owner does not see it");
    ctx.rmmod(["torture"])?.code(1)?.stderr_has("Module torture is in use by: importer")?;
    ctx.rmmod(["importer", "torture"])?.success()?;
    ctx.insmod([&owner])?.success()?;
    ctx.insmod([&importer])?.success()?;
    let again = FixtureReport::read(ctx, "importer")?;
    ensure!(again == theirs || again.value("imported")? == "4711", "{again:?}");
    ensure!(again.address("imported")? == theirs.address("imported")?, "it moved");
    ctx.rmmod(["importer"])?.success()?;
    drop_all(ctx, "torture")
}

fn discard(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("torture")?;
    ctx.insmod([&file])?.success()?;
    ctx.set_parameter("torture", "poke", "7")?;
    // While the owner uses it, the kernel itself refuses kmod's request to remove it.
    ctx.peer_rmmod(["torture__persist"])?.code(1)?.stderr_has("in use by: torture")?;
    ctx.rmmod(["torture__persist"])?.code(1)?.stderr_has("keeps")?.stderr_has("rmmod --discard torture")?;
    ctx.rmmod(["torture"])?.success()?;
    ctx.rmmod(["torture__persist"])?.code(1)?.stderr_has("rmmod --discard torture")?;
    ensure!(ctx.is_loaded("torture__persist")?, "the keeper was removed");
    ctx.insmod([&file])?.success()?;
    ensure!(FixtureReport::read(ctx, "torture")?.value("plain")? == "8", "the data was lost");
    ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    ensure!(!ctx.is_loaded("torture__persist")?, "the keeper was not removed");
    ctx.rmmod(["--discard", "torture"])?.code(1)?.stderr_has("Module torture is not currently loaded")?;
    ctx.insmod([&file])?.success()?;
    let fresh = FixtureReport::read(ctx, "torture")?;
    ensure!(fresh.value("plain")? == "11" && fresh.value("big.last")? == "0", "{fresh:?}");
    ctx.rmmod(["torture"])?.success()?;
    // If the owner is not loaded, only the region is dropped.
    ctx.rmmod(["--discard", "torture"])?.success()?.silent()?;
    ctx.modpersist(["list"])?.success()?.stdout_has("Nothing is kept.")?;
    Ok(())
}

fn kernel_pointer(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("kernel_pointer")?;
    for _ in 0..2 {
        ctx.insmod([&file])?.success()?.silent()?;
        ctx.rmmod(["kernel_pointer"])?.success()?.silent()?;
    }
    ctx.rmmod(["--discard", "kernel_pointer"])?.success()?;
    Ok(())
}

fn pinning(ctx: &mut Ctx) -> Result<()> {
    let provider = ctx.fixture("provider")?;
    for (name, target) in [("pinning", "provider_value"), ("pinning_percpu", "provider_each")] {
        let file = ctx.fixture(name)?;
        ctx.insmod([&provider])?.success()?;
        let said = ctx.insmod([&file])?.success()?;
        // Without symbols of data nobody can tell whose the target is.
        if ctx.has_data_symbols()? {
            said.stderr_has(&format!("points to {target} of module provider"))?;
        }
        ctx.rmmod([name])?.success()?;
        ctx.rmmod(["provider"])?.code(1)?.stderr_has(&format!("in use by: {name}__persist"))?;
        ctx.insmod([&file])?.success()?.silent()?;
        drop_all(ctx, name)?;
        ctx.rmmod(["provider"])?.success()?;
    }
    Ok(())
}

/// Unloads a module and its data, and fails if anything is left.
pub(super) fn drop_all(ctx: &mut Ctx, module: &str) -> Result<()> {
    ctx.rmmod(["--discard", module])?.success()?.silent()?;
    let left: Vec<String> =
        ctx.modules()?.into_iter().map(|found| found.name).filter(|name| name.starts_with(module)).collect();
    ensure!(left.is_empty(), "left behind: {left:?}");
    Ok(())
}
