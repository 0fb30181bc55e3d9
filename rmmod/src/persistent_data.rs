// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens to the persistent data of a module that is removed. It stays, or is dropped at `--discard`.

use libmodsys::lock::{self, Lock};
use libmodsys::{InitState, Kernel};
use modcli::{Level, Output, Status};
use modkeep::{Generation, KeepError, LOCK_LIMIT, Region};
use modrecord::Paths;
use modrecord::loaded_images::LoadedImage;
use modrecord::owner_sections::OwnerSections;
use modrecord::removed_pointers::{Departure, Pointers, listed};

use crate::{Args, Target};

/// What comes after [`before_removal`].
#[must_use]
pub(crate) enum Next {
    /// Check and remove the module, holding this lock.
    Remove(Option<Lock>),
    /// Nothing: there was no module to remove, or it must not be. Messages have been written.
    Finished(Status),
}

/// Called before a module is checked and removed. Refuses to remove a keeper by its own name, takes the lock
/// if there is data, and drops the data at once if its owner is not loaded.
pub(crate) fn before_removal(
    target: &Target,
    args: &Args,
    paths: &Paths,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Next {
    match Region::of_keeper(kernel, &target.name) {
        Ok(None) => warn_of_foreign_header(target, kernel, output),
        Ok(Some(generation)) => return Next::Finished(refuse_keeper(&generation, output)),
        Err(error) => return Next::Finished(failure(&error, output)),
    }
    // At --discard even if nothing is kept: a load that has begun may be about to keep something.
    if !args.discard && !Region::exists(kernel, &target.name) {
        return Next::Remove(None);
    }
    let lock = match lock::acquire(&target.name, LOCK_LIMIT) {
        Ok(Lock::Unlocked { reason }) => {
            output.warning(format_args!("continuing without a lock: {reason}"));
            None
        }
        Ok(lock) => Some(lock),
        Err(error) => {
            output.error(error);
            return Next::Finished(Status::Failure);
        }
    };
    let is_absent = matches!(kernel.init_state(&target.name), Ok(None));
    if args.discard && is_absent && Region::exists(kernel, &target.name) {
        forget(&target.name, paths);
        return Next::Finished(discard(target, kernel, output));
    }
    // A load may have been killed after the module's init had succeeded.
    if let Ok(Some(region)) = Region::find(kernel, &target.name)
        && let Err(error) = modkeep::settle(kernel, &region)
    {
        return Next::Finished(failure(&error, output));
    }
    Next::Remove(lock)
}

/// Called after a module was removed: drops its data at `--discard`, or says what in it points nowhere now.
pub(crate) fn after_removal(
    target: &Target,
    departure: Option<Departure>,
    args: &Args,
    paths: &Paths,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Status {
    if args.discard {
        forget(&target.name, paths);
        let is_kept = Region::exists(kernel, &target.name);
        return if is_kept { discard(target, kernel, output) } else { Status::Success };
    }
    if let Some(departure) = departure {
        warn_of_pointers(&target.name, departure, kernel, paths, output);
    }
    if let Ok(Some(region)) = Region::find(kernel, &target.name) {
        let size = region.size();
        output.info(format_args!("{size} bytes of data of {} stay in the kernel", target.name));
    }
    Status::Success
}

/// Forgets what is recorded of an owner whose data is dropped.
fn forget(owner: &str, paths: &Paths) {
    OwnerSections::forget(owner, paths);
    LoadedImage::forget(owner, paths);
}

/// Says which kept data points into a module that is gone: its exit function should have cleared it.
pub(crate) fn warn_of_pointers(
    owner: &str,
    departure: Departure,
    kernel: &dyn Kernel,
    paths: &Paths,
    output: &mut Output,
) {
    say_pointers(owner, "which is gone", departure.end(kernel, paths), output);
}

/// Says which kept data points to where a module was; `what` says what has become of that.
pub(crate) fn say_pointers(owner: &str, what: &str, found: Result<Pointers, KeepError>, output: &mut Output) {
    let pointers = match found {
        Ok(pointers) => pointers,
        Err(error) => {
            output.warning(format_args!("cannot tell whether kept data points into {owner}: {error}"));
            return;
        }
    };
    if let Some(line) = pointers.unknown(owner) {
        output.warning(line);
    }
    if pointers.lines.is_empty() {
        return;
    }
    output.always(
        Level::Warning,
        format_args!("kept data points into {owner}, {what}; its exit function should have cleared:"),
    );
    for line in listed(&pointers.lines) {
        output.always(Level::Warning, format_args!("  {line}"));
    }
}

/// Called after a module was not removed: says so if its init function has never returned, which pins its
/// data.
pub(crate) fn explain_stuck_owner(target: &Target, kernel: &dyn Kernel, output: &mut Output) {
    let is_coming = matches!(kernel.init_state(&target.name), Ok(Some(InitState::Coming)));
    if is_coming && matches!(Region::find(kernel, &target.name), Ok(Some(_))) {
        report(&KeepError::StuckInInit { owner: target.name.clone(), kept: true }, output);
    }
}

fn discard(target: &Target, kernel: &dyn Kernel, output: &mut Output) -> Status {
    match modkeep::discard(kernel, &target.name) {
        Ok(discarded) => {
            let size = discarded.size();
            output.info(format_args!("{size} bytes of data of {} dropped", target.name));
            Status::Success
        }
        Err(KeepError::NothingKept { .. }) => Status::Success,
        Err(error) => failure(&error, output),
    }
}

/// Says, at `-v`, that a module carries a copy of a keeper's note. It is removed like any other: no data is
/// in it.
fn warn_of_foreign_header(target: &Target, kernel: &dyn Kernel, output: &mut Output) {
    if output.level() >= Level::Warning
        && let Ok(Some(owner)) = Region::foreign_header(kernel, &target.name)
    {
        let name = &target.name;
        output.warning(format_args!("{name} carries a header of {owner}'s data, but is not its keeper"));
    }
}

/// Removing a keeper drops the data in it, so it takes `--discard`.
fn refuse_keeper(generation: &Generation, output: &mut Output) -> Status {
    let (keeper, owner, size) = (&generation.kept_by, &generation.header.owner, generation.header.size());
    output.error(format_args!("Module {keeper} keeps {size} bytes of data of {owner} and was not removed"));
    output.error(format_args!("to drop the data: rmmod --discard {owner}"));
    Status::Failure
}

fn failure(error: &KeepError, output: &mut Output) -> Status {
    report(error, output);
    Status::Failure
}

fn report(error: &KeepError, output: &mut Output) {
    output.error(error);
    output.under_error(&error.details(), error.remedy().as_deref());
}
