// SPDX-License-Identifier: MIT OR Apache-2.0
//! Appending to the journal of this boot.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use libmodfmt::journal::{Entry, LoadedModule, Recorded, Stage, file_name};
use libmodsys::{Flaw, Kernel, PrivateDirectory, PrivateFileError, io_errno};
use modkeep::{Generation, Region};

use super::entries::{self, Change};
use super::error::JournalError;
use super::module_details::ModuleDetails;
use crate::policy::LazyPolicy;

/// A journal that has grown beyond this is left alone, in bytes.
const MAX_JOURNAL_BYTES: u64 = 64 << 20;

/// So much of the end of a journal is read at first, in bytes: it has an index nearly always.
const TAIL_BYTES: u64 = 12 << 10;

/// What one command records.
///
/// Nothing is opened or read before the first entry is due. A journal that cannot be written is no reason
/// not to load or remove a module, so the methods return nothing; [`Recorder::take_warning`] tells of the
/// one thing that an administrator must know.
pub struct Recorder<'k> {
    kernel: &'k dyn Kernel,
    directory: PathBuf,
    policy: Option<Rc<LazyPolicy>>,
    journal: OnceCell<Option<BootJournal>>,
    warning: RefCell<Option<PrivateFileError>>,
    removed: RefCell<HashSet<String>>,
}

/// The journal of this boot.
struct BootJournal {
    boot: String,
    directory: PrivateDirectory,
    /// Its file; `None` before the first entry.
    file: RefCell<Option<File>>,
}

impl fmt::Debug for Recorder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl<'k> Recorder<'k> {
    /// Records in this directory, if it exists.
    #[must_use]
    pub fn new(kernel: &'k dyn Kernel, directory: &Path) -> Self {
        let directory = directory.to_owned();
        Self {
            kernel,
            directory,
            policy: None,
            journal: OnceCell::new(),
            warning: RefCell::default(),
            removed: RefCell::default(),
        }
    }

    /// Records only if the site wants a journal. It is asked if the directory exists.
    #[must_use]
    pub fn by_policy(self, policy: &Rc<LazyPolicy>) -> Self {
        Self { policy: Some(Rc::clone(policy)), ..self }
    }

    /// Opens the journal, if there is one or may be one. Entries do so themselves; this is for a caller that
    /// wants to print the warning before it does what may kill it.
    pub fn prepare(&self) {
        let _ = self.journal();
    }

    /// Records a module that is loaded next. What is written is synced: the load may kill this process or the
    /// kernel.
    pub fn about_to_load(&self, details: ModuleDetails<'_>) {
        self.record(Some(details), true);
    }

    /// Records what was loaded and removed; `details` is about the module that was just loaded.
    pub fn update(&self, details: Option<ModuleDetails<'_>>) {
        self.record(details, false);
    }

    /// Notes that this process has just removed a module. [`Recorder::update`] records it.
    pub fn removed(&self, name: &str) {
        self.removed.borrow_mut().insert(name.to_owned());
    }

    /// Why there is no journal although its directory exists: somebody else may have made it, or may read or
    /// write it. Returned once.
    #[must_use]
    pub fn take_warning(&self) -> Option<String> {
        let error = self.warning.borrow_mut().take()?;
        Some(format!("no journal is written: {error}"))
    }

    fn record(&self, details: Option<ModuleDetails<'_>>, about_to_load: bool) {
        let Some(journal) = self.journal() else { return };
        let change = Change { about_to_load, removed: self.removed.take() };
        match journal.append(self.kernel, details, &change) {
            Err(JournalError::File(error)) => {
                let _: Option<()> = self.failed(error);
            }
            Err(JournalError::Sys(_)) | Ok(()) => {}
        }
    }

    fn journal(&self) -> Option<&BootJournal> {
        self.journal.get_or_init(|| self.open().unwrap_or_else(|error| self.failed(error))).as_ref()
    }

    fn open(&self) -> Result<Option<BootJournal>, PrivateFileError> {
        let Some(directory) = PrivateDirectory::open(&self.directory)? else { return Ok(None) };
        if self.policy.as_ref().is_some_and(|policy| !policy.get().journal().value) {
            return Ok(None);
        }
        let Ok(boot) = self.kernel.boot_id() else { return Ok(None) };
        let file = directory.append_existing(&file_name(&boot))?;
        Ok(Some(BootJournal { boot, directory, file: RefCell::new(file) }))
    }

    /// Keeps an error for the warning, unless it only means that this user is not root, or that the disk is
    /// full or read-only.
    fn failed<T>(&self, error: PrivateFileError) -> Option<T> {
        if matches!(error, PrivateFileError::Unsafe { flaw, .. } if flaw != Flaw::Owner(0)) {
            *self.warning.borrow_mut() = Some(error);
        }
        None
    }
}

impl BootJournal {
    fn append(
        &self,
        kernel: &dyn Kernel,
        details: Option<ModuleDetails<'_>>,
        change: &Change,
    ) -> Result<(), JournalError> {
        let name = file_name(&self.boot);
        let mut file = self.file.borrow_mut();
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(self.directory.append(&name)?),
        };
        let failed = |error: std::io::Error| PrivateFileError::System {
            path: self.directory.path().join(&name),
            errno: io_errno(&error),
        };
        let Some(End { mut recorded, cut }) = self.read_end(file).map_err(failed)? else { return Ok(()) };
        let at = kernel.uptime()?;
        let mut new = entries::new_entries(kernel, &recorded, &self.boot, at, details, change)?;
        new.extend(details.filter(|_| change.about_to_load).map(|details| self.loading(details, at)));
        if new.is_empty() {
            return Ok(());
        }
        // A line that was cut short by a crash must not spoil the next one.
        let mut lines = if cut { vec![b'\n'] } else { Vec::new() };
        for entry in &new {
            let line = entry.to_short_line(|id| recorded.has_header(id));
            recorded.append(&line);
            lines.extend(line);
        }
        if recorded.wants_index() {
            lines.extend(recorded.to_index(at));
        }
        file.write_all(&lines).map_err(failed)?;
        if change.about_to_load {
            file.sync_all().map_err(failed)?;
        }
        Ok(())
    }

    /// The entry of a module that is loaded next.
    fn loading(&self, details: ModuleDetails<'_>, at: u64) -> Entry {
        Entry::Module(LoadedModule {
            boot: self.boot.clone(),
            name: details.name.to_owned(),
            stage: Stage::Loading,
            build_id: details.build_id.to_vec(),
            file: details.file.map(|file| file.to_string_lossy().into_owned()),
            persistent: details.header.cloned().map(Arc::new),
            // Data that an extended kernel keeps stays where it is.
            sections: details.region.map(section_addresses).unwrap_or_default(),
            at,
            ..LoadedModule::default()
        })
    }

    /// What the file says so far: from its last index on, if it has one. `None` if it is too large to go on
    /// with.
    fn read_end(&self, file: &mut File) -> std::io::Result<Option<End>> {
        let length = file.seek(SeekFrom::End(0))?;
        if length >= MAX_JOURNAL_BYTES {
            return Ok(None);
        }
        let mut tail = TAIL_BYTES;
        loop {
            let start = length.saturating_sub(tail);
            file.seek(SeekFrom::Start(start))?;
            let mut text = Vec::with_capacity(usize::try_from(length - start).unwrap_or_default());
            file.take(length - start).read_to_end(&mut text)?;
            if let Some(recorded) = Recorded::read(&self.boot, &text, start == 0) {
                let cut = text.last().is_some_and(|&last| last != b'\n');
                return Ok(Some(End { recorded, cut }));
            }
            tail = tail.saturating_mul(8);
        }
    }
}

/// The end of a journal.
struct End {
    recorded: Recorded,
    /// The last line was cut.
    cut: bool,
}

fn section_addresses(region: &Region) -> Vec<(String, u64)> {
    let units = region.generations.iter().flat_map(Generation::units);
    units.filter_map(|(unit, address)| Some((unit.section.clone(), address.known()?))).collect()
}
