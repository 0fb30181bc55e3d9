// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask test`: everything that has to hold before a change is taken.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::args::{KernelArgs, TestArgs};
use crate::setup::Missing;
use crate::ui::{self, Colour, paint};
use crate::{SKIPPED, checks, dist, process, vm, workspace};

/// A check that is one cargo command.
struct Check {
    name: &'static str,
    args: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
}

const CHECKS: &[Check] = &[
    Check { name: "formatting", args: &["fmt", "--all", "--check"], env: &[] },
    Check {
        name: "clippy",
        args: &["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"],
        env: &[],
    },
    Check { name: "unit tests", args: &["test", "--quiet", "--workspace", "--no-fail-fast"], env: &[] },
    Check {
        name: "documentation",
        args: &["doc", "--quiet", "--workspace", "--no-deps"],
        env: &[("RUSTDOCFLAGS", "--deny warnings")],
    },
];

/// How a step ended, with its time.
struct Step {
    name: String,
    result: Outcome,
    took: Duration,
    /// Scenarios that count one by one, in place of the step.
    report: Option<vm::Report>,
}

enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

/// Runs every check even where an earlier one failed: one run shows all. What does not depend on
/// the kernel is checked once; what comes with the first kernel's release, with that one.
pub fn run(args: &TestArgs) -> Result<ExitCode> {
    let mut steps: Vec<Step> = CHECKS.iter().map(|check| timed(check.name, || cargo(check))).collect();
    steps.push(timed("circles", checks::circles::check));
    steps.push(timed("features", checks::features::check));
    steps.push(timed("fuzz targets", checks::fuzz::check));
    steps.push(timed("publishing", checks::publish::check));
    if let Some(accuracy) = checks::accuracy::cached() {
        steps.push(timed("accuracy", accuracy));
    }
    steps.push(timed("package", || dist::check().map(|()| true)));
    for kernel in &args.kernels {
        let args = KernelArgs { kernel: kernel.clone(), machine: args.machine.clone() };
        steps.push(timed(&format!("fixtures, {kernel}"), || checks::fixtures(&args)));
        let mut report = None;
        let mut step = timed(&format!("scenarios, {kernel}"), || {
            let vm = vm::prepare(&args)?;
            let finished = report.insert(vm::run_scenarios(&vm, &vm::telling(&vm))?);
            finished.print_failures();
            Ok(finished.is_good())
        });
        step.report = report;
        steps.push(step);
    }
    Ok(summary(&steps))
}

fn cargo(check: &Check) -> Result<bool> {
    let mut command: Command = workspace::cargo();
    command.args(check.args).envs(check.env.iter().copied());
    process::shown(&mut command)
}

fn timed(name: &str, body: impl FnOnce() -> Result<bool>) -> Step {
    ui::line(&format!("== {name}"));
    let start = Instant::now();
    let result = match body() {
        Ok(true) => Outcome::Passed,
        Ok(false) => Outcome::Failed,
        Err(error) => match error.downcast::<Missing>() {
            Ok(missing) => Outcome::Skipped(missing.to_string()),
            Err(error) => {
                ui::line(&format!("error: {error:#}"));
                Outcome::Failed
            }
        },
    };
    Step { name: name.to_owned(), result, took: start.elapsed(), report: None }
}

/// The counts are the last line, for whoever reads nothing else. Scenarios count one by
/// one, and as a step only where they could not be run.
fn summary(steps: &[Step]) -> ExitCode {
    let (mut passed, mut failed, mut skipped) = (0, 0, false);
    ui::line("== summary");
    let width = steps.iter().map(|step| step.name.len()).max().unwrap_or_default();
    for step in steps {
        let counts = usize::from(step.report.is_none());
        let word = match &step.result {
            Outcome::Passed => {
                passed += counts;
                paint(Colour::Green, "passed")
            }
            Outcome::Failed => {
                failed += counts;
                paint(Colour::Red, "FAILED")
            }
            Outcome::Skipped(why) => {
                skipped = true;
                paint(Colour::Yellow, &format!("skipped: {why}"))
            }
        };
        ui::line(&format!("{:width$}  {:>8}  {word}", step.name, ui::seconds(step.took)));
        passed += step.report.as_ref().map_or(0, vm::Report::passed);
        failed += step.report.as_ref().map_or(0, vm::Report::failed);
    }
    ui::line(&format!("{passed} passed, {failed} failed"));
    match (failed, skipped) {
        (0, false) => ExitCode::SUCCESS,
        (0, true) => ExitCode::from(SKIPPED),
        _ => ExitCode::FAILURE,
    }
}
