// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask matrix`: runs in each kernel what may come out differently there, and writes the results to
//! docs/kernels.md.

pub mod canary;
mod document;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Error, Result};
use vmguest::protocol::Status;

use crate::args::{KernelArgs, MatrixArgs};
use crate::kernel::{self, expand};
use crate::setup::Missing;
use crate::vm::{self, Extent, Outcome};
use crate::{process, processors, ui, workspace};
use canary::Facts;
use document::{Document, Entry};

/// The document, from the root of the checkout.
const DOCUMENT: &str = "docs/kernels.md";

/// Runs them, one kernel after the other. The document is written after each.
pub fn run(args: &MatrixArgs) -> Result<ExitCode> {
    let path = workspace::root().join(DOCUMENT);
    let mut all = vec!["all".to_owned()];
    all.extend(processors::KERNELS.iter().map(|name| (*name).to_owned()));
    let mut is_good = true;
    for name in expand(if args.kernels.is_empty() { &all } else { &args.kernels }) {
        ui::line(&format!("== {name}"));
        let kernel = KernelArgs { kernel: name.clone(), machine: args.machine.clone() };
        let extent = if args.core { Extent::Core } else { Extent::OfKernel };
        let result = one(&name, &kernel, extent, args.all);
        // Another run may have written to it meanwhile.
        let mut document = Document::parse(&fs::read_to_string(&path).unwrap_or_default());
        match result {
            Ok((entry, is_passed)) => {
                is_good &= is_passed;
                document.set(entry);
            }
            Err(error) if error.is::<Missing>() => skip(&mut document, &name, &error)?,
            Err(error) => {
                is_good = false;
                ui::line(&format!("error: {error:#}"));
            }
        }
        fs::write(&path, document.to_string()).with_context(|| format!("cannot write {DOCUMENT}"))?;
    }
    ui::line(&format!("{DOCUMENT} is written"));
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A kernel that cannot be had here. What an earlier run has found out about it stays.
fn skip(document: &mut Document, name: &str, why: &Error) -> Result<()> {
    ui::line(&format!("skipped: {why:#}"));
    if !document.has(name) {
        let cells = [name, "", "", &process::today()?, "", "", "", ""];
        document.set(Entry::new(name, &cells, vec![format!("Not tried: {why:#}.")]));
    }
    Ok(())
}

/// Runs one kernel. True if no scenario has failed.
fn one(name: &str, args: &KernelArgs, extent: Extent, with_long: bool) -> Result<(Entry, bool)> {
    let kernel = kernel::find(args)?;
    let facts = Facts::of(&kernel)?;
    let vm = vm::prepare_for(args, extent)?;
    let report = vm::run_scenarios(&vm, &vm::scenarios_for(&vm, extent, with_long))?;
    report.print_summary();
    let outcomes = report.all();
    let count = |status| outcomes.iter().filter(|outcome| outcome.status == status).count().to_string();
    let cells = [
        name,
        &kernel.release,
        &kernel.compiler_version()?,
        &process::today()?,
        if extent == Extent::Core { "core" } else { "all" },
        &count(Status::Pass),
        &count(Status::Fail),
        &count(Status::Skip),
    ];
    let mut lines = vec![sentence(&facts.known)];
    lines.extend(facts.problems.iter().map(|problem| format!("- wrong: {problem}")));
    lines.extend(outcomes.iter().filter(|outcome| outcome.status != Status::Pass).map(line));
    Ok((Entry::new(name, &cells, lines), report.is_good() && facts.problems.is_empty()))
}

/// A scenario that did not pass, with the reason.
fn line(outcome: &Outcome) -> String {
    let word = if outcome.status == Status::Fail { "failed" } else { "skipped" };
    let why = outcome.detail.lines().next().unwrap_or_default();
    // The file with more about it is gone tomorrow.
    let why = why.split("; see /").next().unwrap_or(why);
    format!("- {word}: `{}`: {why}", outcome.name)
}

fn sentence(known: &[String]) -> String {
    let text = known.join(", ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
