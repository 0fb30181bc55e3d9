// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask demo`, as seen from inside the machine: a driver is unloaded and loaded, and keeps its data.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::ctx::{Command, Ctx, Output, tools};
use crate::protocol::Line;

/// The test modules that the demo loads: no others are built for it.
pub const FIXTURES: &[&str] = &["meter", "meter_v2", "meter_v3", "meter_reads"];

/// Runs the demo. The host shows each line as it is sent.
pub fn run(ctx: &mut Ctx) -> Result<()> {
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    ctx.say(format!("This is Linux {release}, as the distribution ships it, without any patch."));
    let first = load_and_use(ctx)?;
    unload(ctx)?;
    load_again(ctx, &first)?;
    other_versions(ctx)?;
    ctx.chapter("That is all. Discard the data, and the kernel is as it was before");
    ctx.command(tools::RMMOD, &["--discard", "meter"])?.success()?;
    ctx.command(tools::MODPERSIST, &["list"])?.success()?;
    Ok(())
}

/// The addresses of the data, and what the driver reports about it.
struct Snapshot {
    addresses: Vec<(String, u64)>,
    statistics: String,
}

impl Snapshot {
    fn take(ctx: &Ctx) -> Result<Self> {
        let addresses = if ctx.has_data_symbols()? { variables(ctx)? } else { sections(ctx)? };
        ensure!(addresses.len() == 3, "the kernel lists {addresses:?}");
        let text = fs::read_to_string("/dev/meter").context("the driver is loaded")?;
        let statistics =
            text.lines().next().and_then(|line| line.split_once(", ")).map(|(_, rest)| rest.to_owned());
        Ok(Self { addresses, statistics: statistics.unwrap_or_default() })
    }
}

/// The variables, as the kernel lists them.
fn variables(ctx: &Ctx) -> Result<Vec<(String, u64)>> {
    let kallsyms = ctx.read("/proc/kallsyms")?;
    let mut addresses = Vec::new();
    for line in kallsyms.lines().filter(|line| line.ends_with("[meter__persist]")) {
        let mut words = line.split_whitespace();
        let (Some(address), Some(_), Some(name)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        if ["meter", "samples", "scale"].contains(&name) {
            addresses.push((name.to_owned(), u64::from_str_radix(address, 16)?));
        }
    }
    addresses.sort();
    Ok(addresses)
}

/// Their sections, for a kernel that lists functions only (Debian's for arm64).
fn sections(ctx: &Ctx) -> Result<Vec<(String, u64)>> {
    let names = ctx.sections("meter__persist")?.into_iter().filter(|name| name.contains("..persistent"));
    names.map(|name| Ok((name.clone(), ctx.section_address("meter__persist", &name)?))).collect()
}

fn load_and_use(ctx: &mut Ctx) -> Result<Snapshot> {
    ctx.chapter("Load a driver and use it. Its statistics, a list and a lock are marked __persistent");
    ctx.command(tools::INSMOD, &["/modules/meter.ko"])?.success()?;
    for value in ["5", "-3", "12"] {
        ctx.say(format!("$ echo {value} > /dev/meter"));
        fs::write("/dev/meter", value)?;
    }
    ctx.show_device()?;
    Snapshot::take(ctx)
}

fn unload(ctx: &mut Ctx) -> Result<()> {
    ctx.chapter("Unload it. The code is gone; the data stays in the kernel, together with its description");
    ctx.command(tools::RMMOD, &["meter"])?.success()?;
    ensure!(!ctx.is_loaded("meter")?, "the driver is still loaded");
    ctx.command(tools::MODPERSIST, &["list"])?.success()?;
    ctx.command(tools::MODPERSIST, &["show", "meter"])?.success()?;
    Ok(())
}

fn load_again(ctx: &mut Ctx, first: &Snapshot) -> Result<()> {
    ctx.chapter("Load it again. It continues where it left off");
    ctx.command(tools::INSMOD, &["/modules/meter.ko"])?.success()?;
    ctx.show_device()?;
    let again = Snapshot::take(ctx)?;
    ctx.say("");
    let width = first.addresses.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(10);
    ctx.say(format!("{:width$}  first load          second load", ""));
    for ((name, before), (_, after)) in first.addresses.iter().zip(&again.addresses) {
        ctx.say(format!("{name:width$}  {before:#018x}  {after:#018x}  {}", same(before == after)));
    }
    let values = same(first.statistics == again.statistics);
    ctx.say(format!("{:width$}  {}  ({values})", "values", again.statistics));
    ensure!(
        first.addresses == again.addresses && first.statistics == again.statistics,
        "values or addresses differ"
    );
    ctx.command(tools::RMMOD, &["meter"])?.success()?;
    Ok(())
}

/// A variable more, a field more, and back again.
fn other_versions(ctx: &mut Ctx) -> Result<()> {
    ctx.chapter("Change the code, keep the data. First a version with a variable more, which counts reads");
    ctx.command(tools::INSMOD, &["/modules/meter_reads.ko"])?.success()?;
    ctx.show_device()?;
    ctx.command(tools::RMMOD, &["meter"])?.success()?;
    ctx.command(tools::MODPERSIST, &["list"])?.success()?;

    ctx.chapter("Then one with a field more in the middle of the statistics: they are converted");
    ctx.command(tools::MODPERSIST, &["check", "/modules/meter_v2.ko"])?.success()?;
    ctx.command(tools::INSMOD, &["/modules/meter_v2.ko"])?.success()?;
    ctx.say("$ echo many > /dev/meter");
    ensure!(fs::write("/dev/meter", "many").is_err(), "the driver takes a word");
    ctx.show_device()?;
    ctx.command(tools::RMMOD, &["meter"])?.success()?;

    ctx.chapter("A version that would lose something is refused by field, before anything is loaded");
    ctx.command(tools::INSMOD, &["/modules/meter_v3.ko"])?.code(1)?;

    ctx.chapter("And back to the first version, without the field");
    ctx.command(tools::INSMOD, &["--drop=rejected", "/modules/meter.ko"])?.success()?;
    ctx.show_device()?;
    ctx.command(tools::RMMOD, &["meter"])?.success()?;
    Ok(())
}

fn same(same: bool) -> &'static str {
    if same { "same" } else { "DIFFERENT" }
}

impl Ctx {
    /// Shows a line to the person at the terminal.
    pub fn say(&mut self, text: impl Into<String>) {
        self.port().send(&Line::Say { say: text.into() });
    }

    /// Starts a part of the demo.
    fn chapter(&mut self, title: &str) {
        self.say("");
        self.say(format!("## {title}"));
    }

    /// Shows a command as one would type it, runs it, and shows what it prints.
    fn command(&mut self, program: &str, args: &[&str]) -> Result<Output> {
        let name = program.rsplit('/').next().unwrap_or(program);
        let words: Vec<&str> = args.iter().map(|arg| arg.strip_prefix("/modules/").unwrap_or(arg)).collect();
        self.say(format!("$ {name} {}", words.join(" ")));
        let output = Command::new(program).args(args).run()?;
        for line in output.stdout.lines().chain(output.stderr.lines()) {
            self.say(line);
        }
        Ok(output)
    }

    fn show_device(&mut self) -> Result<()> {
        self.say("$ cat /dev/meter");
        for line in fs::read_to_string("/dev/meter")?.lines() {
            self.say(line);
        }
        Ok(())
    }
}
