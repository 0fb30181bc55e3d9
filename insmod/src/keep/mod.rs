// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeping persistent data: what is done instead of a plain load.

mod peek;

use std::time::Duration;

use libmodsys::lock::{self, Lock};
use libmodsys::{Errno, Kernel};
use modcli::{Level, Output, Status};
use modkeep::{Action, Done, Images, KeepError, Plan, Request, Way, plan};

use crate::{Job, Keep, force, plain};

/// How long to wait for another insmod or rmmod that is busy with the same module.
const LOCK_LIMIT: Duration = Duration::from_secs(30);

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
    if !peek::has_persistent_data(job.module) {
        return Ok(Decision::Plain);
    }
    let file = match job.module.image() {
        Ok(file) => file,
        Err(error) => return Ok(fail(job, &error.to_string(), &[], None, output)),
    };
    // The lock's name is the module's; a file that hides it fails in the plan below.
    let name = modkeep::module_name(file);
    let _lock = match name.as_deref().map(|name| lock::acquire(name, LOCK_LIMIT)) {
        Some(Ok(Lock::Unlocked { reason })) => {
            output.warning(format_args!("going on without a lock: {reason}"));
            None
        }
        Some(Ok(held)) => Some(held),
        Some(Err(error)) => return Ok(fail(job, &error.to_string(), &[], None, output)),
        None => None,
    };
    let keep = match job.keep {
        Keep::Auto => modkeep::Keep::Auto,
        Keep::Require => modkeep::Keep::Require,
        Keep::Off => modkeep::Keep::Off,
    };
    let request = Request { file, keep, fresh: job.fresh, assume_unloaded: false };
    match plan(kernel, request) {
        Ok(Plan::Plain { warning: None }) => Ok(Decision::Plain),
        Ok(Plan::Plain { warning: Some(warning) }) => plain_with_warning(job, &warning, kernel, output),
        Ok(Plan::Keep { way, owner, images, notes, may_fall_back, region, .. }) => {
            for note in notes {
                output.always(Level::Warning, format_args!("{}: {note}", job.module.argument().display()));
            }
            let images = forced(job, *images)?;
            let action = Action { way, owner: &owner, images: &images, may_fall_back };
            match action.carry_out(kernel, job.params) {
                Ok(Done::Kept) => {
                    let kept = region.map_or(0, |region| region.header.size());
                    said(way, &owner, kept, output);
                    Ok(Decision::Finished(Status::Success))
                }
                Ok(Done::FallBack { warning }) => plain_with_warning(job, &warning, kernel, output),
                Err(error) => report(job, &error, output),
            }
        }
        Err(error) => report(job, &error, output),
    }
}

/// A plain load in place of a kept one. Where it fails too, the kernel's reason is enough.
fn plain_with_warning(
    job: &Job<'_>,
    warning: &str,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Decision, Errno> {
    plain::insert(job, kernel, output)?;
    output.always(Level::Warning, format_args!("{}: {warning}", job.module.argument().display()));
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

fn said(way: Way, owner: &str, kept: u64, output: &mut Output) {
    match way {
        Way::First => output.info(format_args!("{owner}: its persistent data are kept from now on")),
        Way::Bind => output.info(format_args!("{owner}: uses its {kept} bytes of kept data")),
        Way::Fresh => output.info(format_args!("{owner}: {kept} bytes of kept data dropped, starts afresh")),
    }
}

fn report(job: &Job<'_>, error: &KeepError, output: &mut Output) -> Result<Decision, Errno> {
    match error {
        // On these the words are exactly those of a plain load.
        KeepError::Loaded { .. } => Err(Errno::EEXIST),
        KeepError::Owner { errno, .. } if error.details().is_empty() => Err(*errno),
        KeepError::Owner { errno, .. } => {
            let text = output.load_error_text(*errno);
            Ok(fail(job, &text, &error.details(), None, output))
        }
        _ => Ok(fail(job, &error.to_string(), &error.details(), error.remedy(), output)),
    }
}

fn fail(
    job: &Job<'_>,
    text: &str,
    details: &[String],
    remedy: Option<String>,
    output: &mut Output,
) -> Decision {
    output.error(format_args!("could not insert module {}: {text}", job.module.argument().display()));
    for line in details {
        output.error(format_args!("  {line}"));
    }
    if let Some(remedy) = remedy {
        for line in remedy.lines() {
            output.error(line);
        }
    }
    Decision::Finished(Status::Failure)
}
