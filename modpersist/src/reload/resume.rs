// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--resume OWNER`: finishes a reload that was interrupted. The version before comes back, unless one is
//! loaded, and so does what was on top.

use std::path::Path;

use insmod::PreparedLoad;
use libmodsys::{HeldSignals, Kernel};
use modcli::{Output, os_text, strerror};
use modkeep::{Region, loaded_build_id};
use modrecord::Paths;

use super::bring_back;
use super::dependents::Dependent;
use super::exchange::Exchange;
use super::locks::Locks;
use super::note::Note;
use super::outcome::{Ending, Outcome, Runs};
use super::preparation::{Preparation, is_loaded, on_top};
use super::progress::Progress;
use super::refusal::Refusal;
use super::state::ReloadState;
use super::version::{FileSearch, Version, options_again, read};

pub(super) fn run(
    owner: &str,
    kernel: &dyn Kernel,
    paths: &Paths,
    (progress, held): (&Progress, &mut Option<HeldSignals>),
    output: &mut Output,
) -> Outcome {
    let owner = owner.replace('-', "_");
    let runs = if is_loaded(kernel, &owner) { Runs::Other } else { Runs::Nothing };
    let finished = finish(&owner, kernel, paths, (progress, held), output);
    finished.unwrap_or_else(|refusal| Outcome::refused(&owner, "", runs, refusal))
}

fn finish(
    owner: &str,
    kernel: &dyn Kernel,
    paths: &Paths,
    (progress, held): (&Progress, &mut Option<HeldSignals>),
    output: &mut Output,
) -> Result<Outcome, Refusal> {
    let locks = Locks::of(owner, &|| on_top(kernel, owner, paths))?;
    let Some(state) = ReloadState::read(kernel, owner, paths) else {
        return Err(Refusal::new("no reload of it was interrupted"));
    };
    let dependents = state.dependents();
    let mut notes = vec![Note::Always(state.describe(kernel))];
    let (old, new) = (state.old(), state.new_version());
    if is_loaded(kernel, owner) {
        // Only what was on top is missing.
        *held = Some(HeldSignals::new());
        let mut before = |dependent: &Dependent| progress.step(&format!("loading {}", dependent.name));
        let dependents = bring_back::load_missing(kernel, paths, (&dependents, &locks), &mut before, output);
        if dependents.iter().all(|dependent| dependent.is_loaded) {
            ReloadState::forget(owner, paths);
        }
        return Ok(Outcome {
            owner: owner.to_owned(),
            file: String::new(),
            result: Ending::Resumed,
            runs: which(kernel, owner, old.as_ref(), new.as_ref()),
            away_ms: None,
            parameters: String::new(),
            way_back: None,
            dependents,
            errors: Vec::new(),
            notes: Note::texts(&notes),
            is_kept: Region::exists(kernel, owner),
        });
    }
    if let Some(path) = state.changed_file() {
        return Err(Refusal::new(format!("{path} is not the version any more that was loaded before"))
            .with_remedy("modpersist reload FILE loads another one, and what was on top"));
    }
    let (runs, version) = match (old, new) {
        (Some(old), _) => (Runs::Old, old),
        (None, Some(new)) => (Runs::New, new),
        (None, None) => return Err(Refusal::new("neither version is known")),
    };
    let options = options_again(kernel, owner, &version.path, paths);
    let mut load = PreparedLoad::open(&version.path, &version.params, &options, kernel, paths)
        .map_err(|errno| Refusal::new(format!("{}: {}", os_text(&version.path), strerror(errno))))?;
    notes.extend(load.plan()?.into_iter().flat_map(Note::of_plan));
    let build_id = load.input().module().ok().and_then(|module| module.build_id.clone());
    let mut prepared = Preparation {
        owner: owner.to_owned(),
        new: load,
        build_id,
        is_loaded: false,
        old: None,
        dependents,
        state,
        notes,
        locks,
    };
    let search = FileSearch { kernel, paths, beside: Path::new("/"), named: &[] };
    let mut outcome =
        Exchange::new(&mut prepared, kernel, paths, search, progress).run(Ending::Resumed, held, output);
    if outcome.runs == Runs::New {
        outcome.runs = runs;
    }
    Ok(outcome)
}

/// Which version is loaded.
fn which(kernel: &dyn Kernel, owner: &str, old: Option<&Version>, new: Option<&Version>) -> Runs {
    let loaded = loaded_build_id(kernel, owner);
    let is_loaded = |version: &Version| {
        let file = read(&version.path).ok();
        let module = file.as_ref().and_then(|file| file.module().ok());
        loaded.is_some() && module.is_some_and(|module| module.build_id == loaded)
    };
    match (new.is_some_and(is_loaded), old.is_some_and(is_loaded)) {
        (true, _) => Runs::New,
        (false, true) => Runs::Old,
        (false, false) => Runs::Other,
    }
}
