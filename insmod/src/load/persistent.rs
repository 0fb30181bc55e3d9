// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading a module that has persistent data, or for which some is kept.
//!
//! `modkeep` plans what becomes of the data. This carries the plan out, under the module's lock, and says
//! what happened.

use std::io;

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Account, Fate, Header, Inventory, Stay};
use libmodsys::lock::{self, Lock};
use libmodsys::{Errno, Kernel};
use modcli::{Level, Output, Status, os_text};
use modkeep::{
    KeepError, KeeperLoad, LOCK_LIMIT, LoadOutcome, Plan, PointerInto, Region, RegionUse, drop_unfinished,
    plan,
};
use modrecord::journal::ModuleDetails;
use modrecord::loaded_images::{JustLoaded, LoadedImage};
use modrecord::owner_sections::OwnerSections;
use modrecord::removed_pointers::{self, listed};

use super::{extended, keeper, plain};
use crate::load_request::LoadRequest;
use crate::preflight::explain;
use crate::report::{self, LoadFailure, StillKept};

/// Loads the module. `None`: nothing was done, as a plain load is all that is needed.
///
/// # Errors
/// The error number, if the message is that of a plain load.
pub(super) fn load(
    request: &LoadRequest<'_>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Option<Status>, Errno> {
    let module_file = match request.module.decompressed() {
        Ok(module_file) => module_file,
        Err(error) => {
            let text = error.to_string();
            return Ok(Some(report::refused(request, &text, &[], None, kernel, output)));
        }
    };
    // A file without a readable name fails in the plan, so it needs no lock.
    let lock = match request.module.module_name().map(|name| lock::acquire(name, LOCK_LIMIT)) {
        Some(Ok(Lock::Unlocked { reason })) => {
            output.warning(format_args!("continuing without a lock: {reason}"));
            None
        }
        Some(Ok(held)) => Some(held),
        Some(Err(error)) => {
            kernel.load_permission()?;
            let text = error.to_string();
            return Ok(Some(report::refused(request, &text, &[], None, kernel, output)));
        }
        None => None,
    };
    // Before the load: an oops in the module's init ends this process.
    request.journal.prepare();
    report::journal(request.journal, output);
    let load =
        PersistentLoad { request, module_file, kernel, lock: lock.as_ref(), live: &|| (), is_reload: false };
    load.run(None, &mut Vec::new(), output).or_else(|failure| {
        if !failure.is_by_kernel() {
            // Whoever may not load modules learns just that, as from kmod.
            kernel.load_permission()?;
        }
        let status = report::load_failure(request, &failure, kernel, output)?;
        if request.explain
            && let Some(errno) = failure.errno()
        {
            explain::explain(request.module, errno, kernel, output);
        }
        Ok(Some(status))
    })
}

/// Loads the module as a part of a reload. `planned` was planned while it was loaded; `live` is called as
/// soon as it is loaded again. `said` are notes that need not be said again; what is said now is added to it.
/// `None`: nothing was done, as a plain load is all that is needed.
///
/// # Errors
/// Why it was not loaded.
pub(crate) fn load_again(
    request: &LoadRequest<'_>,
    (planned, said): (Option<Plan>, &mut Vec<String>),
    kernel: &dyn Kernel,
    lock: Option<&Lock>,
    live: &dyn Fn(),
    output: &mut Output,
) -> Result<Option<Status>, LoadFailure> {
    let module_file = request.module.decompressed().map_err(|error| LoadFailure::Errno(error.errno()))?;
    let load = PersistentLoad { request, module_file, kernel, lock, live, is_reload: true };
    load.run(planned, said, output)
}

/// The form in which a loaded file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ImageForm {
    /// Without debug information.
    WithoutDebugInfo,
    /// The same, but a signed file whole: the kernel itself keeps its data and may want the signature.
    SignedAsItIs,
}

/// One load, with all that its plan needs.
struct PersistentLoad<'a> {
    request: &'a LoadRequest<'a>,
    module_file: &'a ModuleFile,
    kernel: &'a dyn Kernel,
    lock: Option<&'a Lock>,
    /// Called as soon as the module is loaded.
    live: &'a dyn Fn(),
    /// The caller has said what kept data points into the module, or does so when it is back.
    is_reload: bool,
}

impl PersistentLoad<'_> {
    fn run(
        &self,
        planned: Option<Plan>,
        said: &mut Vec<String>,
        output: &mut Output,
    ) -> Result<Option<Status>, LoadFailure> {
        match self.attempt(planned, said, output) {
            // A program that does not take the lock has loaded a keeper meanwhile: plan again with that one.
            Err(LoadFailure::Keep { error, .. }) if matches!(*error, KeepError::KeeperAppeared { .. }) => {
                self.attempt(None, said, output)
            }
            result => result,
        }
    }

    fn attempt(
        &self,
        planned: Option<Plan>,
        said: &mut Vec<String>,
        output: &mut Output,
    ) -> Result<Option<Status>, LoadFailure> {
        let (request, kernel) = (self.request, self.kernel);
        let planned = planned.filter(|planned| planned.still_holds(kernel));
        let plan = match planned {
            Some(planned) => planned,
            None => plan(kernel, request.plan_request(self.module_file, false))?,
        };
        let unsaid: Vec<String> = plan.notes().iter().filter(|note| !said.contains(note)).cloned().collect();
        said.extend(unsaid.iter().cloned());
        match plan {
            Plan::Plain { warning: None } => return Ok(None),
            Plan::Plain { warning: Some(_) } => {
                self.load_plainly(unsaid.first().map(String::as_str), output)?;
            }
            Plan::Drop { region } => {
                self.load_without_data(&region, output)?;
            }
            Plan::Bound { owner, region } => {
                self.check_pointers(&owner, RegionUse::Bind, output)?;
                drop_unfinished(kernel, &region)?;
                let sizes = request.module.section_sizes();
                let file = Some(request.module.path());
                let known = ModuleDetails {
                    name: &owner,
                    file,
                    header: None,
                    build_id: &[],
                    sizes: &sizes,
                    region: None,
                };
                // Another program may have loaded the keepers, and an oops in the module's init ends this
                // one.
                request.journal.about_to_load(known);
                self.load_plainly(None, output)?;
                self.record_sections(&owner);
                // modpersist reload comes back to the file that is installed.
                LoadedImage::forget(&owner, request.paths);
                announce(RegionUse::Bind, &owner, region.size(), output);
                request.journal.update(Some(known));
            }
            Plan::Extended { region_use, owner, region, inventory, account, .. } => {
                self.check_pointers(&owner, region_use, output)?;
                for note in &unsaid {
                    self.warn(note, output);
                }
                let kept = region.as_ref().map_or(0, |region| region.size());
                let sizes = request.module.section_sizes();
                let mut known = self.journal_entry(&owner, &inventory.header, &sizes);
                let bound = region.as_deref().zip(account.as_deref());
                let bound = bound.map(|(region, account)| region.as_seen_by(&inventory.header, account));
                known.region = bound.as_ref().filter(|_| region_use == RegionUse::Bind);
                // Before the load: an oops in the module's init ends this process.
                request.journal.about_to_load(known);
                let header = &inventory.header;
                let not_left = extended::load(request, region_use, header, region.as_deref(), kernel, output)
                    .map_err(|error| failed(error, region_use, &owner, kept))?;
                (self.live)();
                request.journal.update(Some(known));
                self.record_sections(&owner);
                self.record_image(&inventory, ImageForm::SignedAsItIs, output);
                if let Some(why) = not_left {
                    let what = "the kernel did not take the types of its persistent data";
                    self.warn(&format!("{what}: {why}; later versions are not compared with them"), output);
                }
                announce(region_use, &owner, kept, output);
                if let Some(account) = account {
                    announce_variables(&account, &owner, output);
                }
            }
            Plan::Keeper { region_use, owner, images, may_fall_back, region, inventory, account, .. } => {
                let images = keeper::forced(request, *images).map_err(LoadFailure::Errno)?;
                self.check_pointers(&owner, region_use, output)?;
                for note in &unsaid {
                    self.warn(note, output);
                }
                let kept = region.as_ref().map_or(0, |region| region.size());
                let region = region.as_deref();
                let keeper_load =
                    KeeperLoad { region_use, owner: &owner, region, images: &images, may_fall_back };
                let sizes = request.module.section_sizes();
                let known = self.journal_entry(&owner, &inventory.header, &sizes);
                let done = keeper::load(&keeper_load, request, known, kernel, self.lock)
                    .map_err(|error| failed(error, region_use, &owner, kept))?;
                match done {
                    LoadOutcome::Kept => {
                        (self.live)();
                        request.journal.update(Some(known));
                        self.record_sections(&owner);
                        self.record_image(&inventory, ImageForm::WithoutDebugInfo, output);
                        announce(region_use, &owner, kept, output);
                        announce_variables(&account, &owner, output);
                        if let Some(region) = region {
                            self.announce_moves(region, &account, output);
                        }
                    }
                    LoadOutcome::FallBack { warning } => self.load_plainly(Some(&warning), output)?,
                }
            }
        }
        Ok(Some(Status::Success))
    }

    /// A plain load although there is persistent data. If it fails too, the kernel's reason is enough.
    fn load_plainly(&self, warning: Option<&str>, output: &mut Output) -> Result<(), LoadFailure> {
        plain::load(self.request, self.kernel, output).map_err(LoadFailure::Errno)?;
        (self.live)();
        if let Some(warning) = warning {
            self.warn(warning, output);
        }
        Ok(())
    }

    /// A plain load of a file without persistent data. At `--fresh`, what an earlier version kept is dropped
    /// after that.
    fn load_without_data(&self, region: &Region, output: &mut Output) -> Result<(), LoadFailure> {
        plain::load(self.request, self.kernel, output).map_err(LoadFailure::Errno)?;
        (self.live)();
        modkeep::discard(self.kernel, &region.owner)?;
        OwnerSections::forget(&region.owner, self.request.paths);
        LoadedImage::forget(&region.owner, self.request.paths);
        let (owner, dropped) = (&region.owner, region.size());
        output.info(format_args!(
            "{owner}: {dropped} bytes of kept data dropped; it has no persistent data any more"
        ));
        Ok(())
    }

    /// Says what in kept data points into the module as it was loaded before, or refuses because of it. What
    /// starts afresh does not matter.
    fn check_pointers(
        &self,
        owner: &str,
        region_use: RegionUse,
        output: &mut Output,
    ) -> Result<(), LoadFailure> {
        let request = self.request;
        if self.is_reload {
            return Ok(());
        }
        let is_fresh = |pointer: &PointerInto| {
            let named =
                |name: &String| pointer.variable == *name || pointer.variable.ends_with(&format!(":{name}"));
            pointer.owner == owner
                && (region_use == RegionUse::Replace || request.fresh_variables.iter().any(named))
        };
        let is_wanted = |pointer: &PointerInto| !is_fresh(pointer);
        let pointers = match removed_pointers::into_removed(self.kernel, owner, request.paths, &is_wanted) {
            Ok(pointers) => pointers,
            Err(error) if request.strict => return Err(error.into()),
            // It only warns: the data can be used all the same.
            Err(error) => {
                output.warning(format_args!("cannot tell whether kept data points into {owner}: {error}"));
                return Ok(());
            }
        };
        let owner = owner.to_owned();
        if request.strict && pointers.certain > 0 {
            return Err(KeepError::PointsToRemoved { owner, pointers: pointers.lines }.into());
        }
        if request.strict && !pointers.not_searched.is_empty() {
            return Err(KeepError::CannotSearch { owner, not_searched: pointers.not_searched }.into());
        }
        if let Some(line) = pointers.unknown(&owner) {
            output.warning(line);
        }
        if pointers.lines.is_empty() {
            return Ok(());
        }
        self.warn("kept data points into the module as it was loaded before:", output);
        for line in listed(&pointers.lines) {
            self.warn(&format!("  {line}"), output);
        }
        Ok(())
    }

    /// Writes down where the module is: rmmod needs it.
    fn record_sections(&self, owner: &str) {
        let module = self.module_file.module().ok();
        let sections = module.and_then(|module| OwnerSections::of_loaded(self.kernel, module));
        let written = sections.map(|sections| sections.write(owner, self.request.paths));
        // What an earlier load has left must not be taken for this one's. The data is kept in any case.
        if !matches!(written, Some(Ok(()))) {
            OwnerSections::forget(owner, self.request.paths);
        }
    }

    /// Leaves what `modpersist reload` needs to come back to this version.
    fn record_image(&self, inventory: &Inventory, form: ImageForm, output: &mut Output) {
        let request = self.request;
        let owner = &inventory.header.owner;
        let image = || -> io::Result<Vec<u8>> {
            let module = self.module_file.module().map_err(io::Error::other)?;
            match form {
                ImageForm::SignedAsItIs
                    if self.module_file.signature().is_ok_and(|signature| signature.is_some()) =>
                {
                    Ok(self.module_file.image().map_err(io::Error::other)?.to_vec())
                }
                _ => inventory.without_debug_info(module).map_err(io::Error::other),
            }
        };
        let written = request.module.metadata().map_err(io::Error::other).and_then(|metadata| {
            let (path, params, renamed) = (request.module.path(), request.params, request.renamed);
            let loaded = JustLoaded { owner, path, metadata, params, renamed };
            LoadedImage::write(self.kernel, loaded, request.paths, &image)
        });
        if let Err(error) = written {
            output.warning(format_args!("modpersist reload will have no way back to this {owner}: {error}"));
        }
    }

    /// What the journal records of the module.
    fn journal_entry<'a>(
        &'a self,
        owner: &'a str,
        header: &'a Header,
        sizes: &'a [(String, u64)],
    ) -> ModuleDetails<'a> {
        let file = Some(self.request.module.path());
        ModuleDetails {
            name: owner,
            file,
            header: Some(header),
            build_id: &header.build_id,
            sizes,
            region: None,
        }
    }

    /// Says which variables have another address now: what was not seen to point there still points to the
    /// old one.
    fn announce_moves(&self, region: &Region, account: &Account, output: &mut Output) {
        let text =
            |address: Option<u64>| address.map_or_else(|| "?".to_owned(), |address| format!("{address:#x}"));
        for moved in modkeep::moved_variables(self.kernel, region, account) {
            let how = if moved.by_hand { "converted by the module" } else { "converted" };
            let (variable, old, new) = (moved.variable, text(moved.old_address), text(moved.new_address));
            self.warn(&format!("{variable}: {how}, moved from {old} to {new}"), output);
        }
    }

    fn warn(&self, text: &str, output: &mut Output) {
        let file = os_text(self.request.module.argument());
        output.always(Level::Warning, format_args!("{file}: {text}"));
    }
}

fn failed(error: KeepError, region_use: RegionUse, owner: &str, kept: u64) -> LoadFailure {
    let still_kept =
        (region_use == RegionUse::Bind).then(|| StillKept { owner: owner.to_owned(), bytes: kept });
    LoadFailure::Keep { error: Box::new(error), still_kept }
}

/// Says what is new beside kept variables and what the file does not have, at `-vvv`.
fn announce_variables(account: &Account, owner: &str, output: &mut Output) {
    let (bound, _) = account.bound();
    let (new, unused) = (account.new_variables(), account.unused.len());
    if bound > 0 && new.saturating_add(unused) > 0 {
        output.info(format_args!("{owner}: {bound} variables kept, {new} new, {unused} not in the file"));
    }
    for own in &account.variables {
        let what = match &own.fate {
            Fate::InPlace { stay: Stay::Grows, .. } => "grows in place",
            Fate::InPlace { stay: Stay::Shrinks, .. } => "is shorter; its end stays in memory",
            Fate::InPlace { .. } => "has another type that reads the same",
            _ => continue,
        };
        output.info(format_args!("{owner}: {} {what}", own.variable));
    }
    for own in &account.variables {
        for change in own.fate.changes() {
            output.info(format_args!(
                "{owner}: {}{} {}",
                own.variable.qualifiers(),
                change.path,
                change.what
            ));
        }
    }
}

/// Says what became of the data, at `-vvv`.
fn announce(region_use: RegionUse, owner: &str, kept: u64, output: &mut Output) {
    match region_use {
        RegionUse::Create => output.info(format_args!("{owner}: its persistent data is kept from now on")),
        RegionUse::Bind => output.info(format_args!("{owner}: uses its {kept} bytes of kept data")),
        RegionUse::Replace => {
            output.info(format_args!("{owner}: {kept} bytes of kept data dropped, starts afresh"))
        }
    }
}
