// SPDX-License-Identifier: MIT OR Apache-2.0
//! insmod and rmmod are killed at each of their steps. No value may be lost, and the next command must be
//! able to go on from what is left, without a word.
//!
//! `OPERATIONS` lists what is killed. Each operation first runs to its end, which shows its steps. Then it
//! runs once for each step and each side of it, and once more where it has started processes, which are then
//! killed as well.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::fixture_report::{FixtureReport, counts_on};
use crate::ctx::{Command, Ctx, Kill, Step, When, tools};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("kills", "insmod and rmmod killed at every step: no value is lost", |ctx| {
        all(ctx, |_| true, 1, 300)
    })
    .needs(Needs::Stock)
    .limit_secs(1800)
    .alone()
    .long(),
    Scenario::new("kills-fresh", "of these, what starts afresh", |ctx| all(ctx, Operation::is_fresh, 1, 80))
        .needs(Needs::Stock)
        .limit_secs(1200)
        .alone()
        .long(),
    Scenario::new("kills-rmmod", "of these, rmmod with and without --discard", |ctx| {
        all(ctx, Operation::is_removal, 1, 50)
    })
    .needs(Needs::Stock)
    .limit_secs(1200)
    .alone()
    .long(),
    Scenario::new("kills-sample", "the same at every tenth step", |ctx| all(ctx, |_| true, 10, 25))
        .needs(Needs::Stock)
        .limit_secs(1200)
        .alone(),
];

/// What is killed.
struct Operation {
    about: &'static str,
    /// The versions that have been loaded before, one after another: each adds a generation of what it has
    /// beyond the last.
    kept: &'static [&'static str],
    /// Whether the last of them is loaded when the operation begins.
    is_loaded: bool,
    /// The version that the operation loads, if it does, and that is loaded after it was killed.
    next: &'static str,
    command: Tool,
    /// What happens to the values.
    values: Values,
    /// Variables that it may move to another address, with their values. Then insmod has something to say.
    moved: &'static [&'static str],
    /// Whether it leaves the state in which it began, but for the values.
    repeats: bool,
}

/// A command line.
enum Tool {
    /// insmod with these options, of the next version.
    Insmod(&'static [&'static str]),
    /// rmmod with these options.
    Rmmod(&'static [&'static str]),
}

/// What an operation does to the values that are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    /// All variables keep them.
    Stay,
    /// These start afresh, and the others keep them. No names: all start afresh.
    StartAfresh(&'static [&'static str]),
    /// All are dropped.
    AreDropped,
}

/// A load that keeps all values.
const INSMOD: Operation = Operation {
    about: "",
    kept: &[],
    is_loaded: false,
    next: "",
    command: Tool::Insmod(&[]),
    values: Values::Stay,
    moved: &[],
    repeats: false,
};

/// A load that finds everything in place.
const BIND: Operation = Operation { repeats: true, ..INSMOD };

/// The removal of a module that is loaded.
const RMMOD: Operation = Operation { is_loaded: true, command: Tool::Rmmod(&[]), ..INSMOD };

const OPERATIONS: &[Operation] = &[
    Operation { about: "first load", next: "units", ..INSMOD },
    Operation { about: "first load, old header", next: "units_old_header", ..INSMOD },
    Operation { about: "bind", kept: &["units_all"], next: "units", ..BIND },
    Operation { about: "bind two generations", kept: &["units", "units_all"], next: "units_all", ..BIND },
    Operation { about: "bind with a rename", kept: &["units"], next: "units_renamed_hint", ..BIND },
    Operation {
        about: "bind to data of the old header",
        kept: &["units_old_header"],
        next: "units_no_const",
        ..BIND
    },
    Operation { about: "growth in place", kept: &["units"], next: "units_grown", ..INSMOD },
    Operation { about: "conversion", kept: &["units"], next: "units_wide", moved: &["limit"], ..INSMOD },
    Operation { about: "a generation more", kept: &["units"], next: "units_all", ..INSMOD },
    Operation {
        about: "fresh",
        kept: &["units_all"],
        next: "units_all",
        command: Tool::Insmod(&["--fresh"]),
        values: Values::StartAfresh(&[]),
        ..INSMOD
    },
    Operation {
        about: "two generations fresh",
        kept: &["units", "units_all"],
        next: "units_all",
        command: Tool::Insmod(&["--fresh"]),
        values: Values::StartAfresh(&[]),
        ..INSMOD
    },
    Operation {
        about: "one variable fresh",
        kept: &["units", "units_all"],
        next: "units_all",
        command: Tool::Insmod(&["--fresh=limit"]),
        values: Values::StartAfresh(&["limit"]),
        ..INSMOD
    },
    Operation { about: "unload", kept: &["units_all"], next: "units_all", repeats: true, ..RMMOD },
    Operation {
        about: "discard",
        kept: &["units", "units_all"],
        next: "units_all",
        command: Tool::Rmmod(&["--discard"]),
        values: Values::AreDropped,
        ..RMMOD
    },
    Operation {
        about: "discard while not loaded",
        kept: &["units", "units_all"],
        next: "units_all",
        is_loaded: false,
        command: Tool::Rmmod(&["--discard"]),
        values: Values::AreDropped,
        ..RMMOD
    },
];

/// The owner of all versions.
const MODULE: &str = "units";

/// With a journal there are more steps.
const JOURNAL: &str = "/var/log/ksymoops";

/// Kills at every `stride`th step of the operations of that kind, `wanted` times at least.
fn all(ctx: &mut Ctx, is_kind: fn(&Operation) -> bool, stride: usize, wanted: usize) -> Result<()> {
    ctx.sh(&format!("mkdir -p -m 700 {JOURNAL}"))?;
    let (mut count, mut position) = (0, 0_usize);
    for operation in OPERATIONS.iter().filter(|operation| is_kind(operation)) {
        let mut state = State::prepare(ctx, operation)?;
        let kills = operation.kills(ctx, &mut state).with_context(|| operation.about)?;
        let before = count;
        for (kill, step) in kills {
            position += 1;
            if position.is_multiple_of(stride) {
                count += operation.kill(ctx, &mut state, kill, step).with_context(|| operation.about)?;
            }
        }
        discard(ctx)?;
        ctx.note(format!("killed {} times: {}", count - before, operation.about));
    }
    ctx.measure("kills without a value lost", count);
    ensure!(count >= wanted, "only {count} kills");
    ctx.sh(&format!("rm -r {JOURNAL}"))?;
    Ok(())
}

/// Each variable's address and value.
type Report = BTreeMap<String, (u64, String)>;

fn report(ctx: &Ctx) -> Result<Report> {
    let report = FixtureReport::read(ctx, MODULE)?;
    let variables = report.variables();
    Ok(variables.map(|(name, address, value)| (name.to_owned(), (address, value.to_owned()))).collect())
}

impl Operation {
    fn is_fresh(&self) -> bool {
        matches!(self.values, Values::StartAfresh(_))
    }

    fn is_removal(&self) -> bool {
        matches!(self.command, Tool::Rmmod(_))
    }

    /// Where it can be killed. Runs it to its end to find out.
    fn kills(&self, ctx: &mut Ctx, state: &mut State<'_>) -> Result<Vec<(Kill, &'static str)>> {
        let whole = ctx.run_killed(self.command(ctx)?, None)?;
        ensure!(whole.output.status.is_success(), "{}", whole.output);
        state.judge(ctx).context("not killed")?;
        let mut kills = Vec::new();
        for (step, Step { name, processes }) in whole.steps.into_iter().enumerate() {
            for when in [When::Before, When::After] {
                kills.push((Kill { step, when, all: false }, name));
                if processes > 1 {
                    kills.push((Kill { step, when, all: true }, name));
                }
            }
        }
        Ok(kills)
    }

    /// Kills it once. Returns how often it was killed: not at all if it was faster this time.
    fn kill(&self, ctx: &mut Ctx, state: &mut State<'_>, kill: Kill, name: &str) -> Result<usize> {
        state.restore(ctx)?;
        let killed = ctx.run_killed(self.command(ctx)?, Some(kill))?;
        state
            .judge(ctx)
            .with_context(|| format!("{name}, {kill:?}, {:?}, {}", killed.steps, killed.output))?;
        Ok(usize::from(killed.was_killed))
    }

    fn command(&self, ctx: &Ctx) -> Result<Command> {
        Ok(match self.command {
            Tool::Insmod(options) => Command::new(tools::INSMOD).args(options).arg(ctx.fixture(self.next)?),
            Tool::Rmmod(options) => Command::new(tools::RMMOD).args(options).arg(MODULE),
        })
    }
}

/// What an operation finds.
struct State<'a> {
    operation: &'a Operation,
    /// What the next version reports after its very first load.
    initial: Report,
    /// What was last reported of all that is kept.
    kept: Report,
}

impl<'a> State<'a> {
    fn prepare(ctx: &mut Ctx, operation: &'a Operation) -> Result<Self> {
        ctx.insmod([ctx.fixture(operation.next)?])?.success()?.silent()?;
        let initial = report(ctx)?;
        let mut state = Self { operation, initial, kept: Report::new() };
        state.start_over(ctx)?;
        Ok(state)
    }

    fn start_over(&mut self, ctx: &mut Ctx) -> Result<()> {
        discard(ctx)?;
        self.kept.clear();
        for version in self.operation.kept {
            // Twice, so that no value is the initial one.
            for _ in 0..2 {
                unload(ctx)?;
                ctx.insmod([ctx.fixture(version)?])?.success()?.silent()?;
            }
            self.kept.extend(report(ctx)?);
        }
        if self.operation.is_loaded { Ok(()) } else { unload(ctx) }
    }

    /// The same state again, after [`State::judge`].
    fn restore(&mut self, ctx: &mut Ctx) -> Result<()> {
        if !self.operation.repeats {
            return self.start_over(ctx);
        }
        if self.operation.is_loaded {
            ctx.insmod([ctx.fixture(self.operation.next)?])?.success()?.silent()?;
            self.kept.extend(report(ctx)?);
        }
        Ok(())
    }

    /// Looks at what the operation has left, and lets the usual commands go on from there. Leaves the next
    /// version unloaded.
    fn judge(&mut self, ctx: &mut Ctx) -> Result<()> {
        ctx.modpersist(["list"])?.success()?;
        let is_loaded = ctx.is_loaded(MODULE)?;
        if is_loaded {
            let found = report(ctx)?;
            match self.operation.command {
                Tool::Insmod(_) => self.compare(&found, self.operation.values).context("loaded by it")?,
                Tool::Rmmod(_) => ensure!(found == self.kept, "still loaded: {:?}, {found:?}", self.kept),
            }
            self.kept.extend(found);
            ctx.rmmod([MODULE])?.success()?.silent()?;
        }
        let loaded = ctx.insmod([ctx.fixture(self.operation.next)?])?.success()?;
        if self.operation.moved.is_empty() {
            loaded.silent()?;
        }
        let found = report(ctx)?;
        let is_as_before = self.compare(&found, Values::Stay).context("the next load");
        match is_as_before {
            // All or nothing is dropped.
            Err(_) if !is_loaded && self.operation.values == Values::AreDropped => {
                self.compare(&found, Values::StartAfresh(&[]))
                    .context("the next load, some values dropped")?;
            }
            other => other?,
        }
        self.kept.extend(found);
        ctx.rmmod([MODULE])?.success()?.silent().map(drop)
    }

    /// Compares what was found after a load with what was kept before.
    fn compare(&self, found: &Report, values: Values) -> Result<()> {
        for (name, (address, value)) in found {
            let starts_afresh = match values {
                Values::StartAfresh(names) => names.is_empty() || names.contains(&name.as_str()),
                Values::Stay | Values::AreDropped => false,
            };
            match self.kept.get(name).filter(|_| !starts_afresh) {
                Some((old_address, old)) => {
                    let may_move = self.operation.moved.contains(&name.as_str());
                    ensure!(
                        may_move || address == old_address,
                        "{name} was at {old_address:#x}, is at {address:#x}"
                    );
                    ensure!(counts_on(name, old, value), "{name} was {old}, is {value}");
                }
                None => {
                    let initial = self.initial.get(name).map(|(_, value)| value);
                    ensure!(initial == Some(value), "{name} should be {initial:?}, is {value}");
                }
            }
        }
        Ok(())
    }
}

fn unload(ctx: &mut Ctx) -> Result<()> {
    if ctx.is_loaded(MODULE)? {
        ctx.rmmod([MODULE])?.success()?.silent()?;
    }
    Ok(())
}

fn discard(ctx: &mut Ctx) -> Result<()> {
    let is_own = |name: &str| name.starts_with(MODULE);
    if ctx.modules()?.iter().any(|module| is_own(&module.name)) {
        ctx.rmmod(["--discard", MODULE])?.success()?.silent()?;
    }
    let left: Vec<_> = ctx.modules()?.into_iter().filter(|module| is_own(&module.name)).collect();
    ensure!(left.is_empty(), "left behind by a discard: {left:?}");
    Ok(())
}
