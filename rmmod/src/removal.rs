// SPDX-License-Identifier: MIT OR Apache-2.0
//! The removal of one module.

use std::ffi::CString;

use libmodsys::{Errno, Kernel, RemoveFlags};
use modcli::{LogExcerpt, Output, Status, os_bytes, os_text};
use modrecord::Paths;
use modrecord::journal::Recorder;
use modrecord::parameters::SaveLocation;
use modrecord::removed_pointers::Departure;

use crate::persistent_data::{self, Next};
use crate::wait::{Limit, Wait};
use crate::{Args, Target, checks, dependencies, explain, save_params};

/// What all removals of a command line have in common.
pub(crate) struct Removal<'a> {
    /// The options.
    pub args: &'a Args,
    /// `--wait`
    pub limit: Option<Limit>,
    /// Where records are kept.
    pub paths: &'a Paths,
    /// Where removals are recorded.
    pub journal: &'a Recorder<'a>,
    /// The kernel.
    pub kernel: &'a dyn Kernel,
}

/// What is left to do after the kernel has removed a module.
struct Removed {
    /// Modules that it used.
    dependencies: Vec<String>,
    /// Whether its parameters were saved.
    saved: Status,
    /// Where it was, if something is kept for it.
    departure: Option<Departure>,
}

impl Removal<'_> {
    /// Removes a module.
    pub fn run(&self, target: &Target, output: &mut Output) -> Status {
        let log = LogExcerpt::begin(self.args.common.show_log, self.kernel, output);
        let status = self.remove(target, output);
        if status == Status::Failure {
            if self.args.common.explain {
                explain::explain(&target.name, self.kernel, output);
            }
            log.show(self.kernel, output);
        }
        status
    }

    fn remove(&self, target: &Target, output: &mut Output) -> Status {
        let (args, kernel) = (self.args, self.kernel);
        let _lock = match persistent_data::before_removal(target, args, self.paths, kernel, output) {
            Next::Remove(lock) => lock,
            Next::Finished(status) => {
                if status == Status::Success {
                    self.journal.update(None);
                }
                return status;
            }
        };
        if args.common.idempotent && self.is_absent(target) {
            output.info(format_args!("Module {} is not loaded", target.name));
            return Status::Success;
        }
        let Some(removed) = self.check_and_delete(target, output) else {
            persistent_data::explain_stuck_owner(target, kernel, output);
            return Status::Failure;
        };
        SaveLocation::forget(&target.name, self.paths);
        self.journal.removed(&target.name);
        let departure = removed.departure;
        let status = persistent_data::after_removal(target, departure, args, self.paths, kernel, output);
        let below =
            dependencies::remove_unused(removed.dependencies, kernel, self.paths, self.journal, output);
        self.journal.update(None);
        removed.saved.and(status).and(below)
    }

    /// `None`: the module was not removed, and the reason has been written.
    fn check_and_delete(&self, target: &Target, output: &mut Output) -> Option<Removed> {
        let (args, kernel) = (self.args, self.kernel);
        let mut wait = self.limit.map(Wait::begin);
        let mut departure =
            if args.discard { None } else { Departure::begin(kernel, &target.name, self.paths) };
        loop {
            if let Some(wait) = &mut wait {
                wait.until_unused(&target.name, kernel, output);
            }
            if !args.force && !checks::is_removable(target, kernel, output) {
                return None;
            }
            // Both can be read only while the module is loaded.
            let dependencies = if args.stacks { dependencies::of(&target.name, kernel) } else { Vec::new() };
            let saved = save_params::before_removal(&target.name, kernel, self.paths, output);
            match (delete(&target.name, args.force, kernel), &mut wait) {
                (Ok(()), _) => {
                    return Some(Removed { dependencies, saved, departure: departure.take() });
                }
                // Somebody has begun to use it since the check.
                (Err(Errno::EWOULDBLOCK), Some(wait)) if !wait.is_over() => {
                    wait.pause(&target.name, output);
                }
                (Err(errno), _) => {
                    let text = output.strerror(errno);
                    // Two lines, as from kmod's library and from its tool: scripts match either.
                    output.error(format_args!("could not remove '{}': {text}", target.name));
                    let argument = os_text(&target.argument);
                    output.error(format_args!("could not remove module {argument}: {text}"));
                    return None;
                }
            }
        }
    }

    /// Whether there is nothing to remove. A built-in module is not absent: it cannot be removed.
    fn is_absent(&self, target: &Target) -> bool {
        let is_builtin = !target.from_path && self.kernel.is_builtin(&target.name).unwrap_or(false);
        !is_builtin && matches!(self.kernel.init_state(&target.name), Ok(None))
    }
}

/// Asks the kernel to remove a module.
///
/// # Errors
/// The kernel's error number.
pub(crate) fn delete(name: &str, force: bool, kernel: &dyn Kernel) -> Result<(), Errno> {
    let name = CString::new(&*os_bytes(name)).map_err(|_| Errno::EINVAL)?;
    kernel.delete_module(&name, RemoveFlags { force })
}
