// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask test`: everything that has to pass before a change is accepted.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::args::{CheckArgs, KernelArgs, TestArgs};
use crate::kernel::{self, Named, expand};
use crate::setup::missing::{EXIT_SKIPPED, Missing};
use crate::ui::{self, Colour, paint};
use crate::vm::Extent;
use crate::{checks, dist, images, matrix, process, processors, vm, workspace};

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

/// A check that is more than one cargo command and needs no kernel.
struct OwnCheck {
    name: &'static str,
    run: fn() -> Result<bool>,
}

const OWN_CHECKS: &[OwnCheck] = &[
    OwnCheck { name: "circles", run: checks::circles::check },
    OwnCheck { name: "documents", run: checks::documents::check },
    OwnCheck { name: "features", run: checks::features::check },
    OwnCheck { name: "fuzz targets", run: checks::fuzz::check },
    OwnCheck { name: "publishing", run: checks::publish::check },
];

/// The result of a step, and how long it took.
struct Step {
    name: String,
    result: Outcome,
    took: Duration,
    /// The scenarios, which are counted one by one instead of the step.
    report: Option<vm::Report>,
    /// Whether nothing is amiss if it is skipped.
    is_optional: bool,
}

enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

/// Runs every check, even after one has failed, so that one run shows everything. What does not depend on a
/// kernel is checked once.
pub fn run(args: &TestArgs) -> Result<ExitCode> {
    let mut steps = without_kernel(|_| true);
    if args.all
        && let Some(accuracy) = checks::accuracy::cached()
    {
        steps.push(timed("accuracy", accuracy));
    }
    steps.push(timed("package", || dist::check().map(|()| true)));
    for name in expand(&args.kernels) {
        let kernel = KernelArgs { kernel: name.clone(), machine: args.machine.clone() };
        let is_main = Named::parse(&name).is_none_or(|named| named.is_main());
        let extent = if is_main || args.all { Extent::Whole } else { Extent::OfKernel };
        let mut of_kernel = vec![timed(&format!("fixtures, {name}"), || checks::fixtures(&kernel))];
        if Named::parse(&name).is_some() {
            of_kernel.push(modules(&name, args.all));
        }
        if args.all {
            of_kernel.push(timed(&format!("values against gdb's, {name}"), || checks::gdb::check(&kernel)));
            of_kernel.push(timed(&format!("crashes against gdb's, {name}"), || {
                checks::crashes::check_if_cached(&kernel)
            }));
        }
        of_kernel.push(scenarios(&format!("scenarios, {name}"), &kernel, extent, args.all));
        steps.extend(of_kernel.into_iter().map(|step| Step { is_optional: !is_main, ..step }));
    }
    let of_processors = if args.all { processors::KERNELS } else { &[] };
    for name in expand(&args.core).into_iter().chain(of_processors.iter().map(|name| (*name).to_owned())) {
        let kernel = KernelArgs { kernel: name.clone(), machine: args.machine.clone() };
        let step = scenarios(&format!("core scenarios, {name}"), &kernel, Extent::Core, false);
        steps.push(Step { is_optional: true, ..step });
        if args.all {
            steps.push(Step { is_optional: true, ..modules(&name, true) });
        }
    }
    for name in if args.all { kernel::OTHERS } else { &[] } {
        let kernel = KernelArgs { kernel: (*name).to_owned(), machine: args.machine.clone() };
        let step = scenarios(&format!("scenarios, {name}"), &kernel, Extent::Extended, false);
        steps.push(Step { is_optional: true, ..step });
    }
    if args.all {
        steps.push(Step { is_optional: true, ..timed("canary", matrix::canary::check) });
    }
    Ok(summary(&steps))
}

/// Reads the modules of a kernel of a distribution, and makes images of them; of a sample unless `all`.
fn modules(name: &str, all: bool) -> Step {
    /// Every so many modules are a sample.
    const SAMPLE: usize = 80;

    timed(&format!("modules, {name}"), || images::check(name, if all { 1 } else { SAMPLE }))
}

/// Runs scenarios in a kernel.
fn scenarios(name: &str, kernel: &KernelArgs, extent: Extent, with_long: bool) -> Step {
    let mut report = None;
    let mut step = timed(name, || {
        let vm = vm::prepare_for(kernel, extent)?;
        let finished = report.insert(vm::run_scenarios(&vm, &vm::scenarios_for(&vm, extent, with_long))?);
        finished.print_failures();
        Ok(finished.is_good())
    });
    step.report = report;
    step
}

/// `cargo xtask check`: runs all steps that need no kernel, or those that are named.
pub fn run_some(args: &CheckArgs) -> Result<ExitCode> {
    let own = OWN_CHECKS.iter().map(|check| check.name);
    let all: Vec<String> =
        CHECKS.iter().map(|check| check.name).chain(own).map(|name| name.replace(' ', "-")).collect();
    if let Some(unknown) = args.steps.iter().find(|name| !all.contains(name)) {
        bail!("there is no step {unknown}; the steps are {}", all.join(", "));
    }
    let is_wanted = |name: &str| args.steps.is_empty() || args.steps.contains(&name.replace(' ', "-"));
    Ok(summary(&without_kernel(is_wanted)))
}

/// Runs the steps that need no kernel.
fn without_kernel(is_wanted: impl Fn(&str) -> bool) -> Vec<Step> {
    let cargos = CHECKS.iter().filter(|check| is_wanted(check.name));
    let mut steps: Vec<Step> = cargos.map(|check| timed(check.name, || cargo(check))).collect();
    let own = OWN_CHECKS.iter().filter(|check| is_wanted(check.name));
    steps.extend(own.map(|check| timed(check.name, check.run)));
    steps
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
    Step { name: name.to_owned(), result, took: start.elapsed(), report: None, is_optional: false }
}

/// Prints a line for each step, and the counts last. Scenarios are counted one by one; if they could not be
/// run, they count as one step.
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
                skipped |= !step.is_optional;
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
        (0, true) => ExitCode::from(EXIT_SKIPPED),
        _ => ExitCode::FAILURE,
    }
}
