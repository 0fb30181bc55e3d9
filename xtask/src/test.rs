// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask test`: everything that has to hold before a change is taken.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::args::KernelArgs;
use crate::setup::Missing;
use crate::ui::{self, Colour, paint};
use crate::{SKIPPED, checks, dist, fixtures, process, setup, vm, workspace};

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

/// The step after the checks.
const SCENARIOS: &str = "scenarios";

/// How a step ended, with its time.
struct Step {
    name: &'static str,
    result: Outcome,
    took: Duration,
}

enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

/// Runs every check even where an earlier one failed: one run shows all.
pub fn run(args: &KernelArgs) -> Result<ExitCode> {
    let mut steps: Vec<Step> = CHECKS.iter().map(|check| timed(check.name, || cargo(check))).collect();
    steps.push(timed("fuzz targets", checks::fuzz::check));
    steps.push(timed("publishing", checks::publish::check));
    steps.push(timed("fixtures", || {
        let kernel = setup::ready(args)?.kernel;
        let out = fixtures::build(&kernel)?;
        Ok(checks::consumer::check(&out)?
            & checks::builtin::check(&out)?
            & checks::peers::check(&out)?
            & checks::ladder::check(&kernel)?
            & checks::twins::check(&kernel)?)
    }));
    steps.push(timed("accuracy", checks::accuracy::check_if_cached));
    steps.push(timed("package", || dist::check().map(|()| true)));
    let mut report = None;
    steps.push(timed(SCENARIOS, || {
        let vm = vm::prepare(args)?;
        let finished = report.insert(vm::run_scenarios(&vm, &vm::all())?);
        finished.print_failures();
        Ok(finished.failed() == 0)
    }));
    Ok(summary(&steps, report.as_ref()))
}

fn cargo(check: &Check) -> Result<bool> {
    let mut command: Command = workspace::cargo();
    command.args(check.args).envs(check.env.iter().copied());
    process::shown(&mut command)
}

fn timed(name: &'static str, body: impl FnOnce() -> Result<bool>) -> Step {
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
    Step { name, result, took: start.elapsed() }
}

/// The counts are the last line, for whoever reads nothing else. Scenarios count one by
/// one, and as a step only where they could not be run.
fn summary(steps: &[Step], report: Option<&vm::Report>) -> ExitCode {
    let (mut passed, mut failed, mut skipped) = (0, 0, false);
    ui::line("== summary");
    for step in steps {
        let counts = usize::from(step.name != SCENARIOS || report.is_none());
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
        ui::line(&format!("{:14} {:>8}  {word}", step.name, ui::seconds(step.took)));
    }
    passed += report.map_or(0, vm::Report::passed);
    failed += report.map_or(0, vm::Report::failed);
    ui::line(&format!("{passed} passed, {failed} failed"));
    match (failed, skipped) {
        (0, false) => ExitCode::SUCCESS,
        (0, true) => ExitCode::from(SKIPPED),
        _ => ExitCode::FAILURE,
    }
}
