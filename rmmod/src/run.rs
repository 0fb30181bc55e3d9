// SPDX-License-Identifier: MIT OR Apache-2.0
//! rmmod step by step.

use std::ffi::{CString, OsStr};

use clap::FromArgMatches;
use libmodsys::{Errno, Kernel, RemoveFlags};
use modcli::{Invocation, KernelLog, Output, Status, bytes, parse, shown};
use modrecord::parameters::SaveLocation;
use modrecord::{Paths, snapshot};

use crate::discard::{self, Next};
use crate::wait::{Limit, Wait};
use crate::{Args, Target, args, checks, explain, saving, stacks};

/// Runs rmmod.
pub fn run(invocation: &Invocation, kernel: &dyn Kernel, output: &mut Output) -> Status {
    let matches = match parse(args::command(), invocation, output) {
        Ok(matches) => matches,
        Err(status) => return status,
    };
    let args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => {
            output.error(error);
            return Status::Failure;
        }
    };
    output.configure(&args.common);
    let places = Paths::default();
    if args.modules.is_empty() && !args.persist {
        output.error("missing module name.");
        return Status::Failure;
    }
    let limit = match args.wait.as_deref().map(|text| (text, Limit::parse(text))) {
        None => None,
        Some((_, Some(limit))) => Some(limit),
        Some((text, None)) => {
            output.error(format_args!("--wait takes a number of seconds, not '{}'", shown(text)));
            return Status::Failure;
        }
    };
    let before = snapshot::before(kernel, &places);
    let run = Run { args: &args, limit, places: &places, kernel };
    let status = if args.persist { run.save(output) } else { run.all(output) };
    if let Err(error) = snapshot::take_if_changed(kernel, &places, before.as_deref()) {
        output.warning(error);
    }
    status
}

/// Everything that holds for all modules of a command line.
struct Run<'a> {
    args: &'a Args,
    limit: Option<Limit>,
    places: &'a Paths,
    kernel: &'a dyn Kernel,
}

impl Run<'_> {
    fn all(&self, output: &mut Output) -> Status {
        let mut status = Status::Success;
        for argument in &self.args.modules {
            match Target::new(argument) {
                Ok(target) => status = status.and(self.one(&target, output)),
                // The only error that ends it: any other module is tried although one before it failed.
                Err(errno) => return unusable(argument, errno, output),
            }
        }
        status
    }

    fn save(&self, output: &mut Output) -> Status {
        let mut targets = Vec::new();
        for argument in &self.args.modules {
            match Target::new(argument) {
                Ok(target) => targets.push(target),
                Err(errno) => return unusable(argument, errno, output),
            }
        }
        saving::only_save(&targets, self.kernel, self.places, output)
    }

    fn one(&self, target: &Target, output: &mut Output) -> Status {
        let log = KernelLog::begin(self.args.common.show_log, self.kernel, output);
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
        let _lock = match discard::begin(target, args, kernel, output) {
            Next::Remove(lock) => lock,
            Next::Finished(status) => return status,
        };
        if args.common.idempotent && self.is_absent(target) {
            output.info(format_args!("Module {} is not loaded", target.name));
            return Status::Success;
        }
        let mut wait = self.limit.map(Wait::begin);
        let (used, saved, deleted) = loop {
            if let Some(wait) = &mut wait {
                wait.until_unused(&target.name, kernel, output);
            }
            if !args.force && !checks::removable(target, kernel, output) {
                discard::explain(target, kernel, output);
                return Status::Failure;
            }
            let used = if args.stacks { stacks::used_by(&target.name, kernel) } else { Vec::new() };
            let saved = saving::before_removal(&target.name, kernel, self.places, output);
            let deleted = delete(&target.name, args.force, kernel);
            match &mut wait {
                // Somebody took it between the look and the removal.
                Some(wait) if deleted == Err(Errno::EWOULDBLOCK) && !wait.is_over() => {
                    wait.pause(&target.name, output);
                }
                _ => break (used, saved, deleted),
            }
        };
        if let Err(errno) = deleted {
            let text = output.strerror(errno);
            // Two lines, one from kmod's library and one from its tool: scripts match either.
            output.error(format_args!("could not remove '{}': {text}", target.name));
            output.error(format_args!("could not remove module {}: {text}", shown(&target.argument)));
            discard::explain(target, kernel, output);
            return Status::Failure;
        }
        SaveLocation::forget(&target.name, self.places);
        let status = discard::after(target, args, kernel, output);
        let below = stacks::remove_unused(used, kernel, self.places, output);
        modrecord::journal::record_quietly(kernel, None, false);
        saved.and(status).and(below)
    }

    /// Whether there is nothing to remove. A built-in module is there, and cannot be removed.
    fn is_absent(&self, target: &Target) -> bool {
        let builtin = !target.from_path && self.kernel.is_builtin(&target.name).unwrap_or(false);
        !builtin && matches!(self.kernel.init_state(&target.name), Ok(None))
    }
}

fn unusable(argument: &OsStr, errno: Errno, output: &mut Output) -> Status {
    output.error(format_args!("could not use module {}: {}", shown(argument), output.strerror(errno)));
    Status::Failure
}

fn delete(name: &str, force: bool, kernel: &dyn Kernel) -> Result<(), Errno> {
    let name = CString::new(&*bytes(name)).map_err(|_| Errno::EINVAL)?;
    kernel.delete_module(&name, RemoveFlags { force })
}
