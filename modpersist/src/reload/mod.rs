// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist reload FILE`: a loaded module is exchanged for another version of it, with a way back.
//!
//! - `preparation.rs`: everything that is found out before anything changes.
//! - `dependents.rs`: the modules on top, which have to go and come back.
//! - `version.rs`, `parameters.rs`: the files that loaded modules come back from, and with which parameters.
//! - `exchange.rs`: the reload itself; `bring_back.rs`: what was on top is loaded again.
//! - `locks.rs`: nobody else loads or removes these modules meanwhile.
//! - `watch.rs`: does it each time the file changes.
//! - `resume.rs`: finishes one that was interrupted.
//! - `state.rs`: what is written down in case that it is killed.
//! - `outcome.rs`, `note.rs`, `progress.rs`, `refusal.rs`: what the user is told.
//!
//! The loads are insmod's, the removals rmmod's: what they keep, convert and refuse holds here.

mod bring_back;
mod dependents;
mod exchange;
mod locks;
mod note;
mod outcome;
mod parameters;
mod preparation;
mod progress;
mod refusal;
mod resume;
mod state;
mod version;
mod watch;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use insmod::LoadOptions;
use libmodsys::{HeldSignals, Kernel};
use modcli::{Output, os_text};
use modrecord::Paths;
use modrecord::removed_pointers::{self, listed};

use crate::args::ReloadArgs;
use exchange::Exchange;
use note::Note;
use outcome::{DependentOutcome, Ending, Outcome, Runs};
use preparation::{Preparation, Request};
use progress::Progress;
use version::FileSearch;

pub(crate) use state::ReloadState;

/// Runs the command.
///
/// # Errors
/// The result cannot be printed.
pub(crate) fn run(
    args: &ReloadArgs,
    kernel: &dyn Kernel,
    paths: &Paths,
    out: &mut dyn Write,
    output: &mut Output,
) -> Result<ExitCode> {
    let progress = Progress::new(args.json);
    if let Some(file) = args.file.as_deref().filter(|_| args.watch) {
        let mut reload = |out: &mut dyn Write, output: &mut Output| {
            reload(args, file, kernel, paths, (&progress, &mut None), output).print(args.json, out, output)
        };
        watch::run(file, kernel, out, output, &mut reload)?;
    }
    // Ctrl-C waits until the user is told what it came to.
    let mut held = None;
    let outcome = match (&args.resume, &args.file) {
        (Some(owner), _) => resume::run(owner, kernel, paths, (&progress, &mut held), output),
        (None, Some(file)) => reload(args, file, kernel, paths, (&progress, &mut held), output),
        (None, None) => anyhow::bail!("a FILE, or --resume OWNER, is needed"),
    };
    outcome.print(args.json, out, output)?;
    Ok(if outcome.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn reload(
    args: &ReloadArgs,
    file: &Path,
    kernel: &dyn Kernel,
    paths: &Paths,
    (progress, held): (&Progress, &mut Option<HeldSignals>),
    output: &mut Output,
) -> Outcome {
    let (all, some): (Vec<&String>, Vec<&String>) = args.fresh.iter().partition(|text| text.is_empty());
    let options = LoadOptions {
        fresh: !all.is_empty(),
        fresh_variables: some.into_iter().cloned().collect(),
        renamed: args.renamed.clone(),
        drops: args.drop.clone(),
    };
    let request = Request {
        kernel,
        paths,
        file,
        params: &args.params,
        options: &options,
        with: &args.with,
        no_way_back: args.no_way_back,
    };
    progress.step(&format!("checking {}", os_text(file)));
    let typed = os_text(file);
    let (new, owner) = match preparation::open(&request) {
        Ok(opened) => opened,
        Err(refusal) => return Outcome::refused("", &typed, Runs::Old, refusal),
    };
    let runs = if preparation::is_loaded(kernel, &owner) { Runs::Old } else { Runs::Nothing };
    let mut prepared = match Preparation::new(&request, new, owner.clone()) {
        Ok(prepared) => prepared,
        Err(refusal) => {
            let mut outcome = Outcome::refused(&owner, &typed, runs, refusal);
            // What an earlier one has left is still as it was.
            let left = ReloadState::read(kernel, &owner, paths);
            let left = left.filter(|left| !left.missing(kernel).is_empty() && !left.is_under_way());
            outcome.notes.extend(left.map(|left| left.describe(kernel)));
            return outcome;
        }
    };
    if args.dry_run {
        return would_reload(prepared, kernel, paths, &typed);
    }
    let path = prepared.new.input().path().to_owned();
    let search = FileSearch { kernel, paths, beside: &path, named: &args.with };
    let ending =
        if prepared.is_loaded || !prepared.dependents.is_empty() { Ending::Reloaded } else { Ending::Loaded };
    let mut outcome = Exchange::new(&mut prepared, kernel, paths, search, progress).run(ending, held, output);
    outcome.file = typed;
    outcome
}

/// `--dry-run`
fn would_reload(mut prepared: Preparation<'_>, kernel: &dyn Kernel, paths: &Paths, file: &str) -> Outcome {
    if let Ok(Some(pointers)) = removed_pointers::into_loaded(kernel, &prepared.owner, paths) {
        let lines = listed(&pointers.lines);
        prepared.notes.extend(lines.map(|line| format!("its exit function has to clear: {line}").into()));
    }
    let dependents = prepared.dependents.iter().map(|dependent| DependentOutcome::new(dependent, None));
    Outcome {
        result: Ending::WouldReload,
        runs: if prepared.is_loaded { Runs::Old } else { Runs::Nothing },
        owner: prepared.owner.clone(),
        file: file.to_owned(),
        away_ms: None,
        parameters: String::from_utf8_lossy(prepared.new.params().to_bytes()).into_owned(),
        way_back: prepared.old.as_ref().map(|old| os_text(&old.path)),
        dependents: dependents.collect(),
        errors: Vec::new(),
        notes: Note::texts(&prepared.notes),
        is_kept: false,
    }
}
