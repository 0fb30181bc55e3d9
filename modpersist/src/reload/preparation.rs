// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that is found out before a reload changes anything: can the new version be loaded, can what is
//! loaded go, and from which files does it come back.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use insmod::{LoadOptions, ParameterWord, PreparedLoad, join_params};
use libmodfmt::module::Module;
use libmodsys::{Errno, InitState, Kernel};
use modcli::{Output, load_error_text, os_text, strerror};
use modrecord::Paths;

use super::dependents::{self, Dependent};
use super::locks::Locks;
use super::note::Note;
use super::parameters::LoadedParameters;
use super::refusal::Refusal;
use super::state::ReloadState;
use super::version::{FileSearch, Version, read};

/// What the user asks for.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub kernel: &'a dyn Kernel,
    pub paths: &'a Paths,
    /// The file as typed.
    pub file: &'a Path,
    pub params: &'a [OsString],
    pub options: &'a LoadOptions,
    /// `--with`
    pub with: &'a [PathBuf],
    pub no_way_back: bool,
}

/// A reload that can begin.
pub(super) struct Preparation<'a> {
    pub owner: String,
    pub new: PreparedLoad<'a>,
    /// The new version's.
    pub build_id: Option<Vec<u8>>,
    /// Whether the module is loaded now.
    pub is_loaded: bool,
    /// The version to come back to.
    pub old: Option<Version>,
    /// In the order in which they are unloaded.
    pub dependents: Vec<Dependent>,
    pub state: ReloadState,
    /// What the user should know.
    pub notes: Vec<Note>,
    /// The lock of the module, and those of the modules on top.
    pub locks: Locks,
}

/// The modules on top of `owner`, and those that an interrupted reload of it has unloaded.
pub(super) fn on_top(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Result<BTreeSet<String>, Refusal> {
    let interrupted = ReloadState::read(kernel, owner, paths);
    let missing = interrupted.iter().flat_map(ReloadState::dependents).map(|dependent| dependent.name);
    let mut names: BTreeSet<String> = missing.collect();
    if is_loaded(kernel, owner) {
        names.extend(dependents::in_order(kernel, owner)?);
    }
    Ok(names)
}

/// The module's name, from its file.
pub(super) fn open<'a>(request: &Request<'a>) -> Result<(PreparedLoad<'a>, String), Refusal> {
    let path = std::path::absolute(request.file).map_err(|error| Refusal::new(error.to_string()))?;
    let failed = |errno: Errno| Refusal::new(format!("{}: {}", os_text(request.file), strerror(errno)));
    let load =
        PreparedLoad::open(&path, c"", request.options, request.kernel, request.paths).map_err(failed)?;
    let name = load.input().module().map(|module| module.name.clone());
    let name = name.map_err(|error| Refusal::new(format!("{}: {error}", os_text(request.file))))?;
    Ok((load, name))
}

impl<'a> Preparation<'a> {
    /// Checks everything.
    ///
    /// # Errors
    /// Why the reload does not begin.
    pub fn new(request: &Request<'a>, mut new: PreparedLoad<'a>, owner: String) -> Result<Self, Refusal> {
        let Request { kernel, paths, .. } = *request;
        let locks = Locks::of(&owner, &|| on_top(kernel, &owner, paths))?;
        let interrupted = ReloadState::read(kernel, &owner, paths);
        let is_loaded = is_loaded(kernel, &owner);
        let mut notes: Vec<Note> = Vec::new();
        let left = interrupted.as_ref().and_then(|interrupted| interrupted.describe_left(kernel));
        notes.extend(left.map(Note::from));
        let path = new.input().path().to_owned();
        let search = FileSearch { kernel, paths, beside: &path, named: request.with };
        let mut dependents: Vec<Dependent> = Vec::new();
        if is_loaded {
            for name in dependents::in_order(kernel, &owner)? {
                dependents.push(Dependent::of_loaded(&name, &search)?);
            }
        }
        // What an interrupted reload has unloaded comes back now.
        let missing = interrupted.iter().flat_map(ReloadState::dependents);
        let missing: Vec<Dependent> =
            missing.filter(|missing| !dependents.iter().any(|known| known.name == missing.name)).collect();
        let dependents: Vec<Dependent> = missing.into_iter().chain(dependents).collect();
        for dependent in dependents.iter().filter(|dependent| !dependent.lost.is_empty()) {
            notes.push(lost(&dependent.name, &dependent.lost).into());
        }
        let given = ParameterWord::all(&join_params(request.params));
        let old = if is_loaded {
            let (old, parameters) =
                way_back(request, &owner, new.input().module().ok(), &search, &mut notes)?;
            set_parameters(&mut new, &owner, old.as_ref(), parameters, &given, &mut notes);
            old
        } else {
            // What was to be loaded when the reload was interrupted had the parameters already.
            let (old, meant) = match &interrupted {
                Some(interrupted) => (interrupted.old(), interrupted.new_version()),
                None => (None, None),
            };
            let parameters = meant.map(|meant| LoadedParameters::of_line(&meant.params)).unwrap_or_default();
            set_parameters(&mut new, &owner, old.as_ref(), parameters, &given, &mut notes);
            old
        };
        check(&new, &mut notes)?;
        match new.plan() {
            Ok(plan) => notes.extend(plan.into_iter().flat_map(Note::of_plan)),
            Err(error) if is_loaded && old.is_some() && error.may_end_with_exit() => {
                notes.push(Note::SeenLater);
            }
            Err(error) => return Err(error.into()),
        }
        let build_id = new.input().module().ok().and_then(|module| module.build_id.clone());
        let boot_id = kernel.boot_id().unwrap_or_default();
        let version = Version { path: new.input().path().to_owned(), params: new.params().to_owned() };
        let state = ReloadState::new(boot_id, &owner, &version, old.as_ref(), &dependents);
        Ok(Self { owner, new, build_id, is_loaded, old, dependents, state, notes, locks })
    }
}

/// Whether a module is there, in whatever state.
pub(super) fn is_loaded(kernel: &dyn Kernel, module: &str) -> bool {
    matches!(kernel.init_state(module), Ok(Some(InitState::Live | InitState::Coming | InitState::Going)))
}

fn lost(module: &str, names: &[String]) -> String {
    format!("parameters of {module} that are not known, and not given again: {}", names.join(", "))
}

/// The version that runs, as it can be loaded again, and its parameters.
fn way_back(
    request: &Request<'_>,
    owner: &str,
    new: Option<&Module<'_>>,
    search: &FileSearch<'_>,
    notes: &mut Vec<Note>,
) -> Result<(Option<Version>, LoadedParameters), Refusal> {
    let found = match search.find(owner) {
        Ok(found) => found,
        Err(why) if request.no_way_back => {
            notes.push(format!("there is no way back to the version that runs: {why}").into());
            let parameters = LoadedParameters::read(request.kernel, request.paths, owner, new);
            return Ok((None, parameters));
        }
        Err(why) => {
            let reason = format!("there is no way back to the version that runs: {why}");
            let remedy = "--with FILE names the file that it was loaded from; --no-way-back does without";
            return Err(Refusal::new(reason).with_remedy(remedy));
        }
    };
    let file = read(&found).map_err(Refusal::new)?;
    let module = file.module().ok();
    let parameters = LoadedParameters::read(request.kernel, request.paths, owner, module);
    let of_old = match module {
        Some(module) => parameters.clone().given_to(module, Some(module)),
        None => parameters.clone(),
    };
    Ok((Some(Version { path: found, params: of_old.line(&[]) }), parameters))
}

/// Gives the new version the parameters of the old one, as far as it has them.
fn set_parameters(
    new: &mut PreparedLoad<'_>,
    owner: &str,
    old: Option<&Version>,
    parameters: LoadedParameters,
    given: &[ParameterWord],
    notes: &mut Vec<Note>,
) {
    let old = old.and_then(|old| read(&old.path).ok());
    let old = old.as_ref().and_then(|old| old.module().ok());
    let mut parameters = match new.input().module() {
        Ok(module) => parameters.given_to(module, old),
        Err(_) => parameters,
    };
    new.set_params(parameters.line(&[]));
    let unknown = new.unknown_parameters();
    let is_given = |name: &String| given.iter().any(|word| word.name == name.replace('-', "_"));
    for word in parameters.words.iter().filter(|word| unknown.contains(&word.name)) {
        if !is_given(&word.name) {
            let text = String::from_utf8_lossy(&word.text);
            notes.push(format!("the new version has no parameter {}; it had {text}", word.name).into());
        }
    }
    parameters.words.retain(|word| !unknown.contains(&word.name));
    parameters.lost.retain(|name| !is_given(name));
    if !parameters.lost.is_empty() {
        notes.push(lost(owner, &parameters.lost).into());
    }
    new.set_params(parameters.line(given));
}

/// The checks that are not about persistent data.
fn check(new: &PreparedLoad<'_>, notes: &mut Vec<Note>) -> Result<(), Refusal> {
    let mut output = Output::captured("");
    let done = new.check(&mut output);
    let written = output.stderr();
    let lines = written.lines().map(|line| {
        let line = line.strip_prefix(": ERROR: ").or_else(|| line.strip_prefix(": WARNING: "));
        line.unwrap_or_default().to_owned()
    });
    match done {
        Ok(()) => {
            notes.extend(lines.map(Note::from));
            Ok(())
        }
        Err(errno) => Err(Refusal::new(load_error_text(errno)).with_details(lines.collect())),
    }
}
