// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data of the module to be removed.
//!
//! [`begin`] is called for each argument before anything else is looked at, [`after`] when the module
//! is gone, [`explain`] when the kernel did not let it go.

use libmodsys::lock::{self, Lock};
use libmodsys::{InitState, Kernel};
use modcli::{Output, Status};
use modkeep::{KeepError, LOCK_LIMIT, Region};

use crate::{Args, Target};

/// How the names of keepers end.
const KEEPER_ENDING: &str = "__persist";

/// How to go on with a module.
#[derive(Debug)]
#[must_use]
pub enum Next {
    /// Check and remove it, with this lock held until that is done.
    Remove(Option<Lock>),
    /// It is dealt with, and everything is said.
    Finished(Status),
}

/// Before a module is checked and removed.
pub fn begin(target: &Target, args: &Args, kernel: &dyn Kernel, output: &mut Output) -> Next {
    match Region::of_keeper(kernel, &target.name) {
        Ok(None) => {}
        Ok(Some(region)) => return Next::Finished(is_keeper(&region, output)),
        // Not known, and not a keeper by its name: the checks that follow have kmod's words for it.
        Err(KeepError::Sys(_)) if !target.name.ends_with(KEEPER_ENDING) => return Next::Remove(None),
        Err(error) => return Next::Finished(failed(&error, output)),
    }
    // With --discard always: a load that is under way may be about to keep something.
    if !args.discard && !Region::exists(kernel, &target.name) {
        return Next::Remove(None);
    }
    let lock = match lock::acquire(&target.name, LOCK_LIMIT) {
        Ok(Lock::Unlocked { reason }) => {
            output.warning(format_args!("going on without a lock: {reason}"));
            None
        }
        Ok(lock) => Some(lock),
        Err(error) => {
            output.error(error);
            return Next::Finished(Status::Failure);
        }
    };
    let absent = matches!(kernel.init_state(&target.name), Ok(None));
    if args.discard && absent && Region::exists(kernel, &target.name) {
        return Next::Finished(discard(target, kernel, output));
    }
    Next::Remove(lock)
}

/// After a module was removed.
pub fn after(target: &Target, args: &Args, kernel: &dyn Kernel, output: &mut Output) -> Status {
    if !args.discard {
        if let Ok(Some(region)) = Region::find(kernel, &target.name) {
            let size = region.header.size();
            output.info(format_args!("{size} bytes of data of {} stay in the kernel", target.name));
        }
        return Status::Success;
    }
    if Region::exists(kernel, &target.name) { discard(target, kernel, output) } else { Status::Success }
}

/// After the kernel refused to remove a module: what holds it, where persistent data tell more.
pub fn explain(target: &Target, kernel: &dyn Kernel, output: &mut Output) {
    let coming = matches!(kernel.init_state(&target.name), Ok(Some(InitState::Coming)));
    if coming && matches!(Region::find(kernel, &target.name), Ok(Some(_))) {
        report(&KeepError::Stuck { owner: target.name.clone(), kept: true }, output);
    }
}

fn discard(target: &Target, kernel: &dyn Kernel, output: &mut Output) -> Status {
    match modkeep::discard(kernel, &target.name) {
        Ok(discarded) => {
            let size = discarded.header.size();
            output.info(format_args!("{size} bytes of data of {} dropped", target.name));
            modrecord::journal::record_quietly(kernel, None, false);
            Status::Success
        }
        Err(KeepError::NothingKept { .. }) => Status::Success,
        Err(error) => failed(&error, output),
    }
}

/// Removing a keeper would drop the data without a word. That is what `--discard` is for.
fn is_keeper(region: &Region, output: &mut Output) -> Status {
    let (keeper, owner, size) = (&region.kept_by, &region.header.owner, region.header.size());
    output.error(format_args!("Module {keeper} keeps {size} bytes of data of {owner}"));
    output.error(format_args!("rmmod --discard {owner} drops them"));
    Status::Failure
}

fn failed(error: &KeepError, output: &mut Output) -> Status {
    report(error, output);
    Status::Failure
}

fn report(error: &KeepError, output: &mut Output) {
    output.error(error);
    output.under_error(&error.details(), error.remedy().as_deref());
}
