// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reload itself: what is on top goes, the old version goes, the new one comes, and what was on top comes
//! back. If the new one does not come, the old one does.

use std::cell::Cell;
use std::time::{Duration, Instant};

use insmod::{NotLoaded, PreparedLoad};
use libmodsys::{Errno, HeldSignals, InitState, Kernel};
use modcli::{Level, Output, escape, os_text, strerror};
use modkeep::{OwnerState, Region, loaded_build_id};
use modrecord::Paths;
use modrecord::removed_pointers::listed;
use rmmod::Leaving;

use super::bring_back::{self, MAX_ATTEMPTS, is_there_after_init};
use super::dependents::{self, Dependent};
use super::note::Note;
use super::outcome::{DependentOutcome, Ending, Outcome, Runs};
use super::preparation::{Preparation, is_loaded};
use super::progress::Progress;
use super::refusal::Refusal;
use super::state::ReloadState;
use super::version::{FileSearch, Version, options_again};

/// Letters of a line for the kernel's log, which takes about 960 bytes.
const MAX_LOG_LETTERS: usize = 200;

/// One reload.
pub(super) struct Exchange<'p, 'a> {
    prepared: &'p mut Preparation<'a>,
    kernel: &'a dyn Kernel,
    paths: &'a Paths,
    search: FileSearch<'p>,
    progress: &'p Progress,
    /// Of the modules on top, in their order.
    leaving: Vec<Leaving>,
    errors: Vec<String>,
    away: Option<Duration>,
}

/// What a load in place of the old version came to.
enum Came {
    Loaded,
    /// Another program was faster, with the same build.
    LoadedByOther,
    /// It is not loaded, and nothing else is.
    Not(NotLoaded),
    /// Its file is gone.
    NoFile(String),
    /// Something else is loaded.
    Other(String),
}

impl<'p, 'a> Exchange<'p, 'a> {
    pub fn new(
        prepared: &'p mut Preparation<'a>,
        kernel: &'a dyn Kernel,
        paths: &'a Paths,
        search: FileSearch<'p>,
        progress: &'p Progress,
    ) -> Self {
        Self {
            prepared,
            kernel,
            paths,
            search,
            progress,
            leaving: Vec::new(),
            errors: Vec::new(),
            away: None,
        }
    }

    /// Carries it out. `ending` is what it comes to if all goes well. From the first step on signals are
    /// `held`, for as long as the caller wants.
    pub fn run(mut self, ending: Ending, held: &mut Option<HeldSignals>, output: &mut Output) -> Outcome {
        let owner = self.prepared.owner.clone();
        // What takes time comes before anything is unloaded.
        let departing = match self.begin() {
            Ok(departing) => departing,
            Err(refusal) => return self.refused(refusal, Vec::new()),
        };
        *held = Some(HeldSignals::new());
        let start = match &departing {
            Some(leaving) => match self.unload(leaving) {
                Ok(start) => start,
                Err(refusal) => {
                    let dependents = self.load_dependents(output);
                    self.ended(is_loaded(self.kernel, &owner), &dependents);
                    return self.refused(refusal, dependents);
                }
            },
            None => {
                self.step(format!("loading {owner}"));
                Instant::now()
            }
        };
        if let Some(leaving) = &departing {
            warn_of_links(leaving, self.kernel, output);
        }
        let (ending, runs) = self.replace(start, ending, output);
        let dependents = if runs == Runs::Nothing { self.not_tried() } else { self.load_dependents(output) };
        self.ended(runs != Runs::Nothing, &dependents);
        self.progress.step("looking for pointers to what is gone");
        for leaving in departing.into_iter().chain(std::mem::take(&mut self.leaving)) {
            if is_loaded(self.kernel, leaving.name()) {
                leaving.is_back(self.kernel, self.paths, output);
            } else {
                leaving.is_gone(self.kernel, self.paths, output);
            }
        }
        self.outcome(ending, runs, dependents)
    }

    /// Forgets the reload, or writes down that it has ended without all modules.
    fn ended(&mut self, owner_is_loaded: bool, dependents: &[DependentOutcome]) {
        if owner_is_loaded && dependents.iter().all(|dependent| dependent.is_loaded) {
            ReloadState::forget(&self.prepared.owner, self.paths);
        } else {
            self.prepared.state.step = String::new();
            let _ = self.prepared.state.write(self.paths);
        }
    }

    /// Prepares what is to be unloaded. `None` if the module is not loaded.
    fn begin(&mut self) -> Result<Option<Leaving>, Refusal> {
        let (kernel, paths) = (self.kernel, self.paths);
        if !self.prepared.is_loaded {
            return Ok(None);
        }
        for dependent in &self.prepared.dependents {
            self.leaving.push(Leaving::begin(&dependent.name, kernel, paths)?);
        }
        let leaving = Leaving::begin(&self.prepared.owner, kernel, paths)?;
        // That may have taken away what an earlier load had left. An error is the same as before.
        if let Ok(plan) = self.prepared.new.plan() {
            self.prepared.notes.retain(|note| !matches!(note, Note::OfPlan(_)));
            self.prepared.notes.extend(plan.into_iter().flat_map(Note::of_plan));
        }
        Ok(Some(leaving))
    }

    /// Unloads the modules on top and then the module. Returns the time at which its removal began.
    fn unload(&mut self, owner: &Leaving) -> Result<Instant, Refusal> {
        for _ in 0..MAX_ATTEMPTS {
            for index in 0..self.leaving.len() {
                let Some(leaving) = self.leaving.get(index) else { break };
                if is_loaded(self.kernel, leaving.name()) {
                    let name = leaving.name().to_owned();
                    self.step(format!("unloading {name}"));
                    self.remove(index)?;
                }
            }
            // udev may have loaded one again, or another one.
            let holders = self.kernel.holders(owner.name()).unwrap_or_default();
            if holders.is_empty() {
                self.step(format!("exchanging {}", owner.name()));
                let start = Instant::now();
                let mut output = Output::captured("");
                return match owner.remove(self.kernel, &mut output) {
                    Ok(()) => Ok(start),
                    Err(_) if is_gone(self.kernel, owner.name()) => Ok(start),
                    Err(errno) => Err(not_removed(owner.name(), errno, &output)),
                };
            }
            self.add_dependents()?;
        }
        Err(Refusal::new(format!("other programs keep loading modules that use {}", owner.name())))
    }

    fn remove(&self, index: usize) -> Result<(), Refusal> {
        let Some(leaving) = self.leaving.get(index) else { return Ok(()) };
        let mut output = Output::captured("");
        match leaving.remove(self.kernel, &mut output) {
            Err(errno) if !is_gone(self.kernel, leaving.name()) => {
                Err(not_removed(leaving.name(), errno, &output))
            }
            _ => Ok(()),
        }
    }

    /// Adds modules that have begun to use the module meanwhile, each before those that it uses.
    fn add_dependents(&mut self) -> Result<(), Refusal> {
        let order = dependents::in_order(self.kernel, &self.prepared.owner)?;
        let mut before = self.prepared.dependents.len();
        for name in order.into_iter().rev() {
            if let Some(at) = self.prepared.dependents.iter().position(|known| known.name == name) {
                before = before.min(at);
                continue;
            }
            let dependent = Dependent::of_loaded(&name, &self.search)?;
            self.prepared.locks.add(&dependent.name)?;
            self.leaving.insert(before, Leaving::begin(&name, self.kernel, self.paths)?);
            self.prepared.dependents.insert(before, dependent);
        }
        self.prepared.state.set_dependents(&self.prepared.dependents);
        Ok(())
    }

    /// Loads the new version, or else the old one.
    fn replace(&mut self, start: Instant, ending: Ending, output: &mut Output) -> (Ending, Runs) {
        let file = os_text(self.prepared.new.input().path());
        match self.load_new(start, output) {
            Came::Loaded => return (ending, Runs::New),
            Came::LoadedByOther => {
                let what = "another program loaded the new version meanwhile".to_owned();
                self.prepared.notes.push(what.into());
                return (ending, Runs::New);
            }
            Came::Other(what) => {
                self.errors.push(what);
                return (Ending::Failed, Runs::Other);
            }
            Came::NoFile(why) => self.errors.push(format!("could not load {file}: {why}")),
            Came::Not(error) => {
                self.errors.push(format!("could not load {file}: {error}"));
                self.errors.extend(error.details.iter().map(|line| format!("  {line}")));
                if error.init_may_have_run() {
                    self.errors.push(
                        "if its init function has run, what kept pointers lead to is as it left it"
                            .to_owned(),
                    );
                }
            }
        }
        // Without an old version there was none before, or the user does without a way back.
        let Some(old) = self.prepared.old.clone() else { return self.nothing_runs() };
        self.step(format!("going back to the version of {} before", self.prepared.owner));
        match self.load_old(&old, start, output) {
            Came::Loaded | Came::LoadedByOther => (Ending::WentBack, Runs::Old),
            Came::Other(what) => {
                self.errors.push(what);
                (Ending::Failed, Runs::Other)
            }
            Came::NoFile(why) => {
                self.errors.push(format!("could not load the version before, {}: {why}", os_text(&old.path)));
                self.nothing_runs()
            }
            Came::Not(error) => {
                let path = os_text(&old.path);
                self.errors.push(format!("could not load the version before, {path}: {error}"));
                self.errors.extend(error.details.iter().map(|line| format!("  {line}")));
                // No module of this name is loaded: if something exists, its init function has found it.
                if error.errno == Some(Errno::EEXIST) || error.init_may_have_run() {
                    self.errors.push(
                        "if the init function that failed has left something registered, it stays until the \
                         next boot: init has to undo what it did"
                            .to_owned(),
                    );
                }
                self.nothing_runs()
            }
        }
    }

    fn nothing_runs(&mut self) -> (Ending, Runs) {
        let owner = &self.prepared.owner;
        if Region::exists(self.kernel, owner) {
            self.errors.push(format!("the data of {owner} is still kept in the kernel, as it was left"));
        }
        (Ending::Failed, Runs::Nothing)
    }

    fn load_new(&mut self, start: Instant, output: &mut Output) -> Came {
        let build_id = self.prepared.build_id.clone();
        for _ in 0..MAX_ATTEMPTS {
            let live = Cell::new(None);
            let is_live = || live.set(Some(start.elapsed()));
            let done = self.prepared.new.run(self.prepared.locks.get(&self.prepared.owner), &is_live, output);
            if let Some(came) = self.came(done, live.get(), build_id.as_deref(), start) {
                return came;
            }
        }
        Came::Other(format!("another program keeps loading {}", self.prepared.owner))
    }

    fn load_old(&mut self, old: &Version, start: Instant, output: &mut Output) -> Came {
        let options = options_again(self.kernel, &self.prepared.owner, &old.path, self.paths);
        for _ in 0..MAX_ATTEMPTS {
            let mut load = match PreparedLoad::open(&old.path, &old.params, &options, self.kernel, self.paths)
            {
                Ok(load) => load,
                Err(errno) => return Came::NoFile(strerror(errno).to_owned()),
            };
            let build_id = load.input().module().ok().and_then(|module| module.build_id.clone());
            let live = Cell::new(None);
            let is_live = || live.set(Some(start.elapsed()));
            let done = load.run(self.prepared.locks.get(&self.prepared.owner), &is_live, output);
            if let Some(came) = self.came(done, live.get(), build_id.as_deref(), start) {
                return came;
            }
        }
        Came::Other(format!("another program keeps loading {}", self.prepared.owner))
    }

    /// What a load has come to. `None`: it is to be tried again.
    fn came(
        &mut self,
        done: Result<(), NotLoaded>,
        live: Option<Duration>,
        build_id: Option<&[u8]>,
        start: Instant,
    ) -> Option<Came> {
        match done {
            Ok(()) => {
                self.away = live;
                Some(Came::Loaded)
            }
            Err(error) => self.look(error, build_id, start),
        }
    }

    /// After a load that failed: whether another program has loaded the module. What it must not stay is
    /// unloaded; `None` then, and the load is to be tried again.
    fn look(&mut self, error: NotLoaded, wanted: Option<&[u8]>, start: Instant) -> Option<Came> {
        let owner = self.prepared.owner.clone();
        if !is_there_after_init(self.kernel, &owner) {
            return Some(Came::Not(error));
        }
        let is_wanted = wanted.is_some() && loaded_build_id(self.kernel, &owner).as_deref() == wanted;
        let region = Region::find(self.kernel, &owner).ok().flatten();
        let is_bound = region
            .as_ref()
            .filter(|region| !region.generations.is_empty())
            .is_none_or(|region| region.owner_state == OwnerState::Bound);
        if is_wanted && is_bound {
            self.away = Some(start.elapsed());
            return Some(Came::LoadedByOther);
        }
        let what = if is_bound { "another build of it" } else { "it without its kept data" };
        let leaving = Leaving::begin(&owner, self.kernel, self.paths);
        let mut output = Output::captured("");
        let removed = leaving.map(|leaving| leaving.remove(self.kernel, &mut output));
        if matches!(removed, Ok(Ok(()))) {
            self.prepared
                .notes
                .push(format!("another program loaded {what} meanwhile; it was unloaded again").into());
            return None;
        }
        Some(Came::Other(format!("another program loaded {what} meanwhile, and it cannot be unloaded")))
    }

    /// Loads again what is not loaded of the modules on top.
    fn load_dependents(&mut self, output: &mut Output) -> Vec<DependentOutcome> {
        let (progress, paths) = (self.progress, self.paths);
        let Preparation { dependents, state, locks, .. } = &mut *self.prepared;
        let mut before =
            |dependent: &Dependent| write_step(format!("loading {}", dependent.name), state, progress, paths);
        bring_back::load_missing(self.kernel, paths, (dependents, locks), &mut before, output)
    }

    fn not_tried(&self) -> Vec<DependentOutcome> {
        let why = format!("{} is not loaded", self.prepared.owner);
        let outcome = |dependent: &Dependent| DependentOutcome::new(dependent, Some(why.clone()));
        self.prepared.dependents.iter().map(outcome).collect()
    }

    fn step(&mut self, what: String) {
        write_step(what, &mut self.prepared.state, self.progress, self.paths);
    }

    /// The module could not be unloaded. What had been unloaded before is loaded again.
    fn refused(self, refusal: Refusal, dependents: Vec<DependentOutcome>) -> Outcome {
        let runs = if is_loaded(self.kernel, &self.prepared.owner) { Runs::Old } else { Runs::Nothing };
        let file = os_text(self.prepared.new.input().path());
        let mut outcome = Outcome::refused(&self.prepared.owner, &file, runs, refusal);
        outcome.notes = Note::texts(&self.prepared.notes);
        outcome.dependents = dependents;
        outcome
    }

    fn outcome(self, result: Ending, runs: Runs, dependents: Vec<DependentOutcome>) -> Outcome {
        let Preparation { owner, new, old, notes, is_loaded, .. } = self.prepared;
        // It has been seen.
        notes.retain(|note| *note != Note::SeenLater);
        let mut outcome = Outcome {
            owner: owner.clone(),
            file: os_text(new.input().path()),
            result,
            runs,
            away_ms: None,
            parameters: String::from_utf8_lossy(new.params().to_bytes()).into_owned(),
            way_back: old.as_ref().map(|old| os_text(&old.path)),
            dependents,
            errors: self.errors,
            notes: Note::texts(notes),
            is_kept: Region::exists(self.kernel, owner),
        };
        // What was not loaded before has been away for longer.
        if let Some(away) = self.away.filter(|_| *is_loaded) {
            outcome.set_away(away);
        }
        outcome
    }
}

/// Whether another program has unloaded the module, or is just done with that.
fn is_gone(kernel: &dyn Kernel, module: &str) -> bool {
    !is_there_after_init(kernel, module)
        && matches!(kernel.init_state(module), Ok(None | Some(InitState::DirectoryOnly)))
}

/// Says what may bring the kernel down in the next init, before it does: on standard error, and in the
/// kernel's log, which may be all that is seen of it.
fn warn_of_links(leaving: &Leaving, kernel: &dyn Kernel, output: &mut Output) {
    let lines = leaving.still_linked(kernel);
    let Some(first) = lines.first() else { return };
    let name = leaving.name();
    let what = "kept lists or timers lead into the version that is gone";
    output.always(
        Level::Warning,
        format_args!("{name}: {what}; an init that follows them brings the kernel down:"),
    );
    for line in listed(&lines) {
        output.always(Level::Warning, format_args!("{name}:   {line}"));
    }
    let line = format!("modpersist: {name}: {what}: {first}");
    let short: String = line.chars().take(MAX_LOG_LETTERS).collect();
    kernel.add_to_log(&escape::line(&short));
}

/// Writes down what comes next.
fn write_step(what: String, state: &mut ReloadState, progress: &Progress, paths: &Paths) {
    progress.step(&what);
    state.step = what;
    // Without it a reload that is killed is not taken up again; that is no reason not to do it.
    let _ = state.write(paths);
}

fn not_removed(module: &str, errno: Errno, output: &Output) -> Refusal {
    let written = output.stderr();
    let lines = written.lines().map(|line| line.trim_start_matches(": ERROR: ").to_owned());
    Refusal::new(format!("{module} could not be unloaded: {}", strerror(errno))).with_details(lines.collect())
}
