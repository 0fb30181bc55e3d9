// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a reload writes down before each of its steps, so that it can be taken up again if it is killed.
//!
//! What is loaded the kernel knows. The file has what it does not know: what belongs together, and from which
//! files, with which parameters.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use libmodfmt::module_name::is_module_name;
use libmodsys::lock::{self, LockError};
use libmodsys::{Errno, InitState, Kernel, files};
use modcli::{os_bytes, os_text};
use modrecord::Paths;
use serde::{Deserialize, Serialize};

use super::dependents::Dependent;
use super::version::Version;

/// Limit for the file, in bytes. It has the parameters of all modules, and a command line has a few MiB.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A reload that is under way, or was interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReloadState {
    boot_id: String,
    /// The module that is reloaded.
    pub(crate) owner: String,
    /// What is done now: `unloading a`. Empty if it has ended, but not all modules are loaded again.
    pub(crate) step: String,
    /// The version that takes its place.
    new: SavedVersion,
    /// The version before.
    old: Option<SavedVersion>,
    /// In the order in which they are unloaded.
    dependents: Vec<SavedDependent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SavedVersion {
    path: String,
    params: String,
    /// In hexadecimal: the file may be another one later.
    build_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SavedDependent {
    name: String,
    path: String,
    params: String,
    build_id: Option<String>,
}

impl SavedVersion {
    fn of(version: &Version) -> Self {
        let params = OsStr::from_bytes(version.params.to_bytes());
        let build_id = version.build_id();
        Self { path: os_text(&version.path), params: os_text(params), build_id }
    }

    /// The version, if its file is the one that it was.
    fn unchanged(&self) -> Option<Version> {
        self.version().filter(|version| version.build_id() == self.build_id)
    }

    fn version(&self) -> Option<Version> {
        let path = PathBuf::from(OsString::from_vec(os_bytes(&self.path).into_owned()));
        Some(Version { path, params: CString::new(os_bytes(&self.params).into_owned()).ok()? })
    }
}

impl ReloadState {
    /// A reload that begins.
    pub(super) fn new(
        boot_id: String,
        owner: &str,
        new: &Version,
        old: Option<&Version>,
        dependents: &[Dependent],
    ) -> Self {
        let mut state = Self {
            boot_id,
            owner: owner.to_owned(),
            step: String::new(),
            new: SavedVersion::of(new),
            old: old.map(SavedVersion::of),
            dependents: Vec::new(),
        };
        state.set_dependents(dependents);
        state
    }

    pub(super) fn set_dependents(&mut self, dependents: &[Dependent]) {
        let saved = dependents.iter().map(|dependent| {
            let SavedVersion { path, params, build_id } = SavedVersion::of(&dependent.version);
            SavedDependent { name: dependent.name.clone(), path, params, build_id }
        });
        self.dependents = saved.collect();
    }

    /// The version before; `None` if its file is another one by now.
    pub(super) fn old(&self) -> Option<Version> {
        self.old.as_ref()?.unchanged()
    }

    /// The file of the version before, if it is another one by now.
    pub(super) fn changed_file(&self) -> Option<&str> {
        let old = self.old.as_ref()?;
        old.unchanged().is_none().then_some(&old.path)
    }

    /// The version that was to take its place.
    pub(super) fn new_version(&self) -> Option<Version> {
        self.new.version()
    }

    /// The modules on top, in the order in which they are unloaded.
    pub(super) fn dependents(&self) -> Vec<Dependent> {
        let dependent = |saved: &SavedDependent| {
            let SavedDependent { path, params, build_id, .. } = saved.clone();
            let version = SavedVersion { path, params, build_id };
            Some(Dependent { name: saved.name.clone(), version: version.version()?, lost: Vec::new() })
        };
        self.dependents.iter().filter_map(dependent).collect()
    }

    /// The modules of it that are not loaded.
    pub(crate) fn missing(&self, kernel: &dyn Kernel) -> Vec<String> {
        let all = std::iter::once(&self.owner).chain(self.dependents.iter().map(|saved| &saved.name));
        let is_missing =
            |name: &&String| matches!(kernel.init_state(name), Ok(None | Some(InitState::DirectoryOnly)));
        all.filter(is_missing).cloned().collect()
    }

    /// What it has left, in words.
    pub(crate) fn describe(&self, kernel: &dyn Kernel) -> String {
        self.with_missing(&self.missing(kernel))
    }

    /// The same; `None` if all of its modules are loaded, and so nothing is left to do.
    pub(super) fn describe_left(&self, kernel: &dyn Kernel) -> Option<String> {
        let missing = self.missing(kernel);
        (!missing.is_empty()).then(|| self.with_missing(&missing))
    }

    fn with_missing(&self, missing: &[String]) -> String {
        let missing = match missing {
            [] => "all its modules are loaded".to_owned(),
            _ => format!("not loaded: {}", missing.join(", ")),
        };
        let Self { owner, step, .. } = self;
        if step.is_empty() {
            return format!("a reload of {owner} could not load all modules again; {missing}");
        }
        format!("a reload of {owner} was interrupted while {step}; {missing}")
    }

    /// Whether a process is busy with it now.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(lock::acquire(&self.owner, Duration::ZERO), Err(LockError::Busy { .. }))
    }

    /// Writes it down and syncs it.
    ///
    /// # Errors
    /// The system's; `EFBIG` if it could not be read again; that others may write to the directory.
    pub(super) fn write(&self, paths: &Paths) -> io::Result<()> {
        let Some(path) = file_of(&self.owner, paths) else { return Ok(()) };
        files::create_directory(&paths.reloads, 0o700)?;
        if !files::is_own_directory(&paths.reloads) {
            return Err(Errno::EPERM.into());
        }
        let bytes = serde_json::to_vec(self)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(Errno::EFBIG.into());
        }
        files::replace(&path, &bytes)
    }

    /// The reload of a module that has not ended in this boot.
    pub(super) fn read(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Option<Self> {
        if !files::is_own_directory(&paths.reloads) {
            return None;
        }
        let bytes = files::read_regular(&file_of(owner, paths)?, MAX_FILE_BYTES).ok()?;
        let state: Self = serde_json::from_slice(&bytes).ok()?;
        (state.owner == owner && kernel.boot_id().ok()? == state.boot_id).then_some(state)
    }

    /// All reloads that have not ended and that have left a module unloaded. Those that were killed when all was
    /// loaded again are forgotten: nothing is left to do, and what is unloaded later is so on purpose.
    pub(crate) fn interrupted(kernel: &dyn Kernel, paths: &Paths) -> Vec<Self> {
        let entries = fs::read_dir(&paths.reloads).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        let read = names.iter().filter_map(|name| Self::read(kernel, name, paths));
        let (left, done): (Vec<Self>, Vec<Self>) = read.partition(|state| !state.missing(kernel).is_empty());
        for state in done.iter().filter(|state| !state.is_under_way()) {
            Self::forget(&state.owner, paths);
        }
        left
    }

    /// Forgets the reload of a module.
    pub(super) fn forget(owner: &str, paths: &Paths) {
        if let Some(path) = file_of(owner, paths) {
            // There may be none.
            let _ = fs::remove_file(path);
        }
    }
}

/// The file of a module; `None` for what cannot be a module's name, such as a path.
fn file_of(owner: &str, paths: &Paths) -> Option<PathBuf> {
    let is_name = is_module_name(owner) && !owner.contains('.');
    is_name.then(|| paths.reloads.join(owner))
}
