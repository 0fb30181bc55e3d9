// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the scenarios of one planned boot, and boots again if a scenario kills the machine.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use vmguest::protocol::{Line, Status};
use vmguest::{Expect, Scenario};

use super::machine::{BOOT_LIMIT, End, Machine};
use super::prepared::Vm;
use super::qemu::Options;
use super::report::{Outcome, Report};
use super::schedule::{self, Planned};
use super::{decode, rundir};
use crate::ui;

/// Additional time for what the guest does between scenarios.
const SLACK: Duration = Duration::from_secs(30);

/// Runs all scenarios; each gets an outcome.
pub fn run(vm: &Vm, planned: Planned, report: &Report) -> Result<()> {
    let mut left = planned.scenarios.clone();
    while !left.is_empty() {
        let options = Options {
            cmdline: format!("{} scenarios={}", planned.boot.cmdline, schedule::names(&left)),
            memory_mib: planned.boot.memory_mib,
            cpus: planned.boot.cpus,
            counted: planned.boot.counted,
            debugger: None,
        };
        let directory = rundir::boot(&vm.run)?;
        ui::transient(&format!("  ... booting for {}", schedule::names(&left)));
        let mut current = None;
        let before = left.len();
        let first = left.first().copied();
        // Counting makes the emulator slower.
        let factor = vm.time_factor() * if options.counted { 4 } else { 1 };
        let machine = Machine::start(vm, &options, &directory)?.first_within(BOOT_LIMIT * factor);
        let end = machine
            .run(|line| Ok(handle_line(line, &directory, &mut left, &mut current, report) * factor))?;
        match current {
            Some(scenario) => fail_current(scenario, end, &mut left, report),
            // The guest stopped after a scenario that damaged the kernel: the rest gets a new boot.
            None if left.len() < before => {}
            None => fail_remaining(end, &mut left, report),
        }
        // A scenario whose console is decoded has a boot of its own.
        if let Some(scenario) = first.filter(|scenario| scenario.boot.alone)
            && let Err(error) = decode::check(vm, scenario, &directory)
        {
            report.fail(scenario.name, format!("{error:#}"));
        }
    }
    Ok(())
}

/// Handles one line. Returns how long the next one may take.
fn handle_line(
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
        other => report.add_line(directory, current.map(|scenario| scenario.name), other),
    }
    current.map_or(BOOT_LIMIT, |scenario| scenario.limit + SLACK)
}

/// The machine ended during this scenario.
fn fail_current(scenario: &'static Scenario, end: End, left: &mut Vec<&'static Scenario>, report: &Report) {
    left.retain(|other| other.name != scenario.name);
    let why = reason(end);
    if matches!(scenario.expect, Expect::Panic | Expect::OopsOrPanic) && why.contains("Kernel panic") {
        report.add(outcome(scenario, Status::Pass, String::new()));
    } else {
        report.add(outcome(scenario, Status::Fail, why));
    }
}

/// The machine ended before any scenario ran, so another boot would end the same way.
fn fail_remaining(end: End, left: &mut Vec<&'static Scenario>, report: &Report) {
    let why = reason(end);
    for scenario in left.drain(..) {
        report.add(outcome(scenario, Status::Fail, why.clone()));
    }
}

fn reason(end: End) -> String {
    match end {
        End::Done => "the guest did not run this scenario".to_owned(),
        End::Refused => "the guest reported an error; see its notes above".to_owned(),
        End::Died(why) | End::Hung(why) => why,
    }
}

fn outcome(scenario: &Scenario, status: Status, detail: String) -> Outcome {
    Outcome { name: scenario.name.to_owned(), status, detail, took: Duration::ZERO }
}
