// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeping persistent data: what is done instead of a plain load.

mod direct;
mod peek;

use std::cell::RefCell;

use libmodfmt::persist::Header;
use libmodsys::lock::{self, Lock};
use libmodsys::{Errno, Kernel};
use modcli::{Level, Output, Status, modname, shown};
use modkeep::{
    Images, KeepError, KeepMode, KeeperLoad, LOCK_LIMIT, LoadOutcome, LoadStep, Plan, Region, RegionUse,
    Request, plan,
};
use modrecord::journal::{self, ModuleDetails};

use crate::{Job, force, plain};

/// What is to become of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Nothing is to be kept: load the file as it is.
    Plain,
    /// Everything is done and said.
    Finished(Status),
}

/// Decides on a load, and does it if there is something to keep.
///
/// Called with the file open and nothing said or done yet.
///
/// # Errors
/// The kernel's number for a plain load that was the best that could be done.
pub fn decide(job: &Job<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<Decision, Errno> {
    if !is_ours(job, kernel) {
        return Ok(Decision::Plain);
    }
    let file = match job.module.image() {
        Ok(file) => file,
        Err(error) => return Ok(fail(job, &error.to_string(), &[], None, output)),
    };
    // The lock's name is the module's; a file that hides it fails in the plan below.
    let name = modkeep::module_name(file);
    let lock = match name.as_deref().map(|name| lock::acquire(name, LOCK_LIMIT)) {
        Some(Ok(Lock::Unlocked { reason })) => {
            output.warning(format_args!("going on without a lock: {reason}"));
            None
        }
        Some(Ok(held)) => Some(held),
        Some(Err(error)) => return Ok(fail(job, &error.to_string(), &[], None, output)),
        None => None,
    };
    let request = Request { assume_unloaded: false, ..looking(job, file) };
    let load = Load { job, kernel, lock: lock.as_ref() };
    match load.planned(request, output) {
        // Somebody who does not know the lock was faster: what holds now is looked at once more.
        Err(failed) if matches!(*failed.error, KeepError::Appeared { .. }) => {}
        Ok(decision) => return decision,
        Err(failed) => return report(job, &failed, output),
    }
    load.planned(request, output).unwrap_or_else(|failed| report(job, &failed, output))
}

/// What a load would make of persistent data, were the module not loaded: `Success`, with warnings as a load has them, or the words of the error.
///
/// # Errors
/// The kernel's number, where that says it all.
pub(crate) fn foresee(job: &Job<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<Status, Errno> {
    if !is_ours(job, kernel) {
        return Ok(Status::Success);
    }
    let file = job.module.image().map_err(|error| error.errno())?;
    let notes = match plan(kernel, looking(job, file)) {
        Ok(Plan::Plain { warning }) => warning.into_iter().collect(),
        Ok(Plan::Keeper { notes, .. }) => notes,
        Ok(Plan::Extended { .. } | Plan::Drop { .. }) => Vec::new(),
        Err(error) => {
            return match report(job, &error.into(), output)? {
                Decision::Finished(status) => Ok(status),
                Decision::Plain => Ok(Status::Success),
            };
        }
    };
    for note in notes {
        output.always(Level::Warning, format_args!("{}: {note}", shown(job.module.argument())));
    }
    Ok(Status::Success)
}

/// What is wanted of a file, as a look at it.
fn looking<'a>(job: &Job<'_>, file: &'a [u8]) -> Request<'a> {
    Request { file, keep: job.keep, fresh: job.fresh, assume_unloaded: true }
}

/// Whether there is something to keep, or to lose.
fn is_ours(job: &Job<'_>, kernel: &dyn Kernel) -> bool {
    let name = || modname::from_path(job.module.argument());
    match peek::has_persistent_data(job.module) {
        Ok(true) => true,
        // A version of the module that has none any more.
        Ok(false) => name().is_some_and(|name| Region::may_exist(kernel, &name)),
        // The kernel or kmod's words decide, unless it may have data that matter.
        Err(_) => match job.keep {
            KeepMode::Require => true,
            KeepMode::Auto => name().is_some_and(|name| Region::may_exist(kernel, &name)),
            KeepMode::Off => false,
        },
    }
}

/// A load that failed, with what its words depend on.
struct Failed {
    error: Box<KeepError>,
    /// What is kept for the module all the same: its name and a size in bytes.
    kept: Option<(String, u64)>,
}

impl From<KeepError> for Failed {
    fn from(error: KeepError) -> Self {
        Self { error: Box::new(error), kept: None }
    }
}

/// One load, with everything that its plan needs.
struct Load<'a> {
    job: &'a Job<'a>,
    kernel: &'a dyn Kernel,
    lock: Option<&'a Lock>,
}

impl Load<'_> {
    /// What the journal is told of the module.
    fn known<'a>(&'a self, owner: &'a str, header: &'a Header) -> ModuleDetails<'a> {
        let file = Some(self.job.module.path());
        ModuleDetails { name: owner, file, header: Some(header), build_id: &header.build_id, region: None }
    }

    fn planned(&self, request: Request<'_>, output: &mut Output) -> Result<Result<Decision, Errno>, Failed> {
        let (job, kernel) = (self.job, self.kernel);
        match plan(kernel, request)? {
            Plan::Plain { warning: None } => Ok(Ok(Decision::Plain)),
            Plan::Plain { warning: Some(warning) } => Ok(plain_with_warning(job, &warning, kernel, output)),
            Plan::Drop { region } => {
                let owner = &region.header.owner;
                modkeep::discard(kernel, owner)?;
                Ok(plain_after_drop(job, owner, region.header.size(), kernel, output))
            }
            Plan::Extended { region_use, owner, region, inventory } => {
                let kept = region.as_ref().map_or(0, |region| region.header.size());
                let mut known = self.known(&owner, &inventory.header);
                known.region = region.as_deref().filter(|_| region_use == RegionUse::Bind);
                // An oops in the module's init ends this process.
                journal::record_quietly(kernel, Some(known), true);
                direct::load(job, region_use, &owner, region.as_deref(), kernel, output).map_err(
                    |error| Failed { error: Box::new(error), kept: still_kept(region_use, &owner, kept) },
                )?;
                journal::record_quietly(kernel, Some(known), false);
                said(region_use, &owner, kept, output);
                Ok(Ok(Decision::Finished(Status::Success)))
            }
            Plan::Keeper { region_use, owner, images, notes, may_fall_back, region, inventory } => {
                let images = match forced(job, *images) {
                    Ok(images) => images,
                    Err(errno) => return Ok(Err(errno)),
                };
                for note in notes {
                    output.always(Level::Warning, format_args!("{}: {note}", shown(job.module.argument())));
                }
                let kept = region.map_or(0, |region| region.header.size());
                let load = KeeperLoad {
                    region_use,
                    owner: &owner,
                    images: &images,
                    may_fall_back,
                    kept_bytes: kept,
                };
                let known = self.known(&owner, &inventory.header);
                match self.carry_out(&load, known) {
                    Ok(LoadOutcome::Kept) => {
                        journal::record_quietly(kernel, Some(known), false);
                        said(region_use, &owner, kept, output);
                        Ok(Ok(Decision::Finished(Status::Success)))
                    }
                    Ok(LoadOutcome::FallBack { warning }) => {
                        Ok(plain_with_warning(job, &warning, kernel, output))
                    }
                    Err(error) => {
                        Err(Failed { error: Box::new(error), kept: still_kept(region_use, &owner, kept) })
                    }
                }
            }
        }
    }

    /// A keeper that is made here goes again if this process is killed before the module is loaded.
    fn carry_out(&self, load: &KeeperLoad<'_>, known: ModuleDetails<'_>) -> Result<LoadOutcome, KeepError> {
        let guard = RefCell::new(None);
        let before = |step: LoadStep<'_>| match step {
            LoadStep::Keeper(keeper) => *guard.borrow_mut() = self.kernel.guard(keeper, self.lock),
            LoadStep::Owner => journal::record_quietly(self.kernel, Some(known), true),
        };
        let outcome = load.run(self.kernel, self.job.params, &before);
        if let Some(guard) = guard.into_inner() {
            guard.dismiss();
        }
        outcome
    }
}

fn still_kept(region_use: RegionUse, owner: &str, kept: u64) -> Option<(String, u64)> {
    (region_use == RegionUse::Bind).then(|| (owner.to_owned(), kept))
}

/// A plain load of a file that has no persistent data any more, after `--fresh` dropped those of an earlier one.
fn plain_after_drop(
    job: &Job<'_>,
    owner: &str,
    size: u64,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Decision, Errno> {
    if let Err(errno) = plain::insert(job, kernel, output) {
        let text = output.load_error_text(errno);
        let remedy = modkeep::starts_afresh(owner);
        return Ok(fail(job, &text, &[modkeep::dropped(owner, size)], Some(remedy), output));
    }
    output.info(format_args!("{owner}: {size} bytes of kept data dropped, has none any more"));
    Ok(Decision::Finished(Status::Success))
}

/// A plain load in place of a kept one. Where it fails too, the kernel's reason is enough.
fn plain_with_warning(
    job: &Job<'_>,
    warning: &str,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Decision, Errno> {
    plain::insert(job, kernel, output)?;
    output.always(Level::Warning, format_args!("{}: {warning}", shown(job.module.argument())));
    Ok(Decision::Finished(Status::Success))
}

/// `-f` holds for the images too: what is not to be compared is taken out of them.
fn forced(job: &Job<'_>, images: Images) -> Result<Images, Errno> {
    if job.flags.is_empty() {
        return Ok(images);
    }
    let strip = |image: Vec<u8>| force::strip(&image, job.flags).map_err(|error| error.errno());
    Ok(Images {
        trial: images.trial.map(strip).transpose()?,
        keeper: images.keeper.map(strip).transpose()?,
        owner: strip(images.owner)?,
    })
}

fn said(region_use: RegionUse, owner: &str, kept: u64, output: &mut Output) {
    match region_use {
        RegionUse::Create => output.info(format_args!("{owner}: its persistent data are kept from now on")),
        RegionUse::Bind => output.info(format_args!("{owner}: uses its {kept} bytes of kept data")),
        RegionUse::Replace => {
            output.info(format_args!("{owner}: {kept} bytes of kept data dropped, starts afresh"))
        }
    }
}

fn report(job: &Job<'_>, failed: &Failed, output: &mut Output) -> Result<Decision, Errno> {
    let error = &*failed.error;
    let mut details = error.details();
    if let (KeepError::Owner { errno, .. }, Some((owner, size))) = (error, &failed.kept)
        && is_refusal(*errno)
    {
        details.push(format!("{size} bytes of data of {owner} stay kept and untouched"));
    }
    match error {
        // On these the words are exactly those of a plain load.
        KeepError::Loaded { .. } => Err(Errno::EEXIST),
        KeepError::Owner { errno, .. } if details.is_empty() => Err(*errno),
        _ => Ok(fail(job, &headline(error, output), &details, error.remedy(), output)),
    }
}

/// The kernel did not let the image in at all.
fn is_refusal(errno: Errno) -> bool {
    matches!(errno, Errno::EPERM | Errno::EACCES | Errno::EKEYREJECTED | Errno::ENOKEY | Errno::EBADMSG)
}

fn headline(error: &KeepError, output: &Output) -> String {
    match error {
        KeepError::Owner { errno, .. } => output.load_error_text(*errno),
        KeepError::Dropped { error, .. } => headline(error, output),
        _ => error.to_string(),
    }
}

fn fail(
    job: &Job<'_>,
    text: &str,
    details: &[String],
    remedy: Option<String>,
    output: &mut Output,
) -> Decision {
    output.error(format_args!("could not insert module {}: {text}", shown(job.module.argument())));
    output.under_error(details, remedy.as_deref());
    Decision::Finished(Status::Failure)
}
