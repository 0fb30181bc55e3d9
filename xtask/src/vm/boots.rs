// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the scenarios of one planned boot, booting again where one kills the machine.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use vmguest::protocol::{Line, Status};
use vmguest::{Expect, Scenario};

use super::guest::Vm;
use super::machine::{BOOT_LIMIT, End, Machine};
use super::qemu::Options;
use super::report::{Outcome, Report};
use super::schedule::{self, Planned};
use super::{decode, rundir};
use crate::ui;

/// Time for what the guest does between scenarios.
const SLACK: Duration = Duration::from_secs(30);

/// Runs them all; each gets an outcome.
pub fn run(vm: &Vm, planned: Planned, report: &Report) -> Result<()> {
    let mut left = planned.scenarios.clone();
    while !left.is_empty() {
        let options = Options {
            cmdline: format!("{} scenarios={}", planned.boot.cmdline, schedule::names(&left)),
            memory_mib: planned.boot.memory_mib,
            cpus: planned.boot.cpus,
        };
        let directory = rundir::boot(&vm.run)?;
        ui::transient(&format!("  ... booting for {}", schedule::names(&left)));
        let mut current = None;
        let before = left.len();
        let first = left.first().copied();
        let machine = Machine::start(vm, &options, &directory)?.first_within(BOOT_LIMIT * vm.patience());
        let end = machine
            .run(|line| Ok(follow(line, &directory, &mut left, &mut current, report) * vm.patience()))?;
        match current {
            Some(scenario) => blame(scenario, end, &mut left, report),
            // It stopped after a scenario that harmed the kernel: the rest gets a new one.
            None if left.len() < before => {}
            None => give_up(end, &mut left, report),
        }
        // A scenario whose console is decoded has the boot for itself.
        if let Some(scenario) = first.filter(|scenario| scenario.boot.alone)
            && let Err(error) = decode::check(vm, scenario, &directory)
        {
            report.fail(scenario.name, format!("{error:#}"));
        }
    }
    Ok(())
}

/// Takes in one line; gives the time that the next may take.
fn follow(
    line: Line,
    directory: &Path,
    left: &mut Vec<&'static Scenario>,
    current: &mut Option<&'static Scenario>,
    report: &Report,
) -> Duration {
    match line {
        Line::Start { start } => {
            *current = left.iter().copied().find(|scenario| scenario.name == start);
            ui::transient(&format!("  ... {start}"));
        }
        Line::Result { scenario, status, detail, ms } => {
            left.retain(|other| other.name != scenario);
            *current = None;
            report.add(Outcome { name: scenario, status, detail, took: Duration::from_millis(ms) });
        }
        other => report.extra(directory, current.map(|scenario| scenario.name), other),
    }
    current.map_or(BOOT_LIMIT, |scenario| scenario.limit + SLACK)
}

/// The machine ended in this scenario.
fn blame(scenario: &'static Scenario, end: End, left: &mut Vec<&'static Scenario>, report: &Report) {
    left.retain(|other| other.name != scenario.name);
    let why = cause(end);
    if scenario.expect == Expect::Panic && why.contains("Kernel panic") {
        report.add(outcome(scenario, Status::Pass, String::new()));
    } else {
        report.add(outcome(scenario, Status::Fail, why));
    }
}

/// The machine ended before any scenario: another boot would end the same way.
fn give_up(end: End, left: &mut Vec<&'static Scenario>, report: &Report) {
    let why = cause(end);
    for scenario in left.drain(..) {
        report.add(outcome(scenario, Status::Fail, why.clone()));
    }
}

fn cause(end: End) -> String {
    match end {
        End::Done => "the guest did not run it".to_owned(),
        End::Refused => "the guest gave up; see its notes".to_owned(),
        End::Died(why) | End::Hung(why) => why,
    }
}

fn outcome(scenario: &Scenario, status: Status, detail: String) -> Outcome {
    Outcome { name: scenario.name.to_owned(), status, detail, took: Duration::ZERO }
}
