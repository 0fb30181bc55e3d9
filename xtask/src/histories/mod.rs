// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask histories`: replays the versions of real modules, with data in use; docs/histories.md says
//! how, and what came of it.
//!
//! `tests/histories/modules.json` says which variables of a module are marked. The sources are a git
//! repository that the user names. Nothing of theirs is in ours.
//!
//! ```text
//! $ cargo xtask histories vwifi --git vwifi=~/src/vwifi
//! ```
//!
//! 1. [`select`] finds the commits that change what is kept ([`text`] before they are built, the debug
//!    information afterwards), [`build`]s them with their variables [`mark`]ed.
//! 2. [`mod@replay`] boots a machine that loads one after the other, writes into the variables ([`fill`])
//!    and reports what was in memory.
//! 3. [`judge`] says what became of each variable. It knows types from the compiler's debug information
//!    alone, and takes nothing from what libmodfmt knows about types and their conversion.

mod agree;
mod build;
mod described;
mod dwarf;
mod fill;
mod git;
mod initial;
mod judge;
mod mark;
mod replay;
mod report;
mod select;
mod table;
mod text;
mod types;
mod values;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::args::HistoriesArgs;
use crate::kernel::Kernel;
use crate::vm::{self, Vm};
use crate::{setup, ui};
use git::Repository;
use report::Outcome;
use table::Entry;

/// Runs it.
pub fn run(args: &HistoriesArgs) -> Result<ExitCode> {
    let entries = table::choose(&args.names)?;
    let named: Vec<String> = args.repositories.iter().map(|(name, _)| name.clone()).collect();
    table::choose(&named).context("--git")?;
    let kernel = setup::ready(&args.kernel)?.kernel;
    let vm = vm::prepare(&args.kernel)?;
    let mut outcomes = Vec::new();
    for entry in &entries {
        match args.repositories.iter().find(|(name, _)| *name == entry.name) {
            Some((_, path)) => {
                let repository = Repository::open(path)?;
                outcomes.push(replay(&kernel, &vm, entry, &repository, args.versions)?);
            }
            None => ui::line(&format!(
                "left out: {} ({}); --git {}=DIR names a copy of its repository",
                entry.name, entry.about, entry.name
            )),
        }
    }
    report::print(&outcomes);
    let is_good = outcomes.iter().all(Outcome::is_good);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn replay(kernel: &Kernel, vm: &Vm, entry: &Entry, repository: &Repository, limit: usize) -> Result<Outcome> {
    let selection = ui::step(&format!("building the versions of {}", entry.name), || {
        select::select(kernel, entry, repository, limit)
    })?;
    let (versions, described): (Vec<_>, Vec<_>) = selection.versions.into_iter().unzip();
    let what = format!("replaying {} versions of {}", versions.len(), entry.name);
    let (steps, error) = ui::step(&what, || replay::run(kernel, vm, entry, &versions, &described))?;
    let outcome = Outcome {
        name: entry.name.clone(),
        commits: selection.commits,
        failed: selection.failed,
        versions: versions.into_iter().map(|version| version.name).collect(),
        verdicts: judge::judge(&described, &steps),
        steps,
        error,
    };
    report::print_steps(&outcome);
    Ok(outcome)
}
