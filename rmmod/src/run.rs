// SPDX-License-Identifier: MIT OR Apache-2.0
//! rmmod step by step.

use std::ffi::OsStr;
use std::rc::Rc;

use clap::FromArgMatches;
use libmodsys::{Errno, Kernel};
use modcli::{Invocation, Level, Output, Status, os_text, parse};
use modrecord::Paths;
use modrecord::journal::Recorder;
use modrecord::policy::LazyPolicy;
use modrecord::snapshot::{self, Snapshot};

use crate::removal::Removal;
use crate::wait::Limit;
use crate::{Args, Target, args, save_params};

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
    if args.modules.is_empty() && !args.persist {
        output.error("missing module name.");
        return Status::Failure;
    }
    let limit = match args.wait.as_deref().map(|text| (text, Limit::parse(text))) {
        None => None,
        Some((_, Some(limit))) => Some(limit),
        Some((text, None)) => {
            output.error(format_args!("--wait takes a number of seconds, not '{}'", os_text(text)));
            return Status::Failure;
        }
    };
    let paths = Paths::default();
    let policy = Rc::new(LazyPolicy::new(paths.config.clone()));
    let journal = Recorder::new(kernel, &paths.logs).by_policy(&policy);
    let status = if args.persist {
        save(&args, &paths, kernel, output)
    } else {
        remove_all(&Removal { args: &args, limit, paths: &paths, journal: &journal, kernel }, output)
    };
    for warning in [journal.take_warning(), policy.take_warning()].into_iter().flatten() {
        output.always(Level::Warning, warning);
    }
    if args.common.snapshot {
        take_snapshot(kernel, &paths, output);
    }
    status
}

/// `--snapshot`
fn take_snapshot(kernel: &dyn Kernel, paths: &Paths, output: &mut Output) {
    match snapshot::take(kernel, paths) {
        Ok(Snapshot::Taken) => {}
        Ok(Snapshot::AlreadyTaken) => output.info("this boot has a snapshot already"),
        Err(error) => output.always(Level::Warning, format_args!("no snapshot is taken: {error}")),
    }
}

/// Removes the modules in the order given. One that cannot be removed does not stop the others, but an
/// argument that cannot be a module does.
fn remove_all(removal: &Removal<'_>, output: &mut Output) -> Status {
    let mut status = Status::Success;
    for argument in &removal.args.modules {
        match Target::new(argument) {
            Ok(target) => status = status.and(removal.run(&target, output)),
            Err(errno) => return unusable(argument, errno, output),
        }
    }
    status
}

/// `--persist`: saves parameters and removes nothing.
fn save(args: &Args, paths: &Paths, kernel: &dyn Kernel, output: &mut Output) -> Status {
    let mut targets = Vec::new();
    for argument in &args.modules {
        match Target::new(argument) {
            Ok(target) => targets.push(target),
            Err(errno) => return unusable(argument, errno, output),
        }
    }
    save_params::save_only(&targets, kernel, paths, output)
}

fn unusable(argument: &OsStr, errno: Errno, output: &mut Output) -> Status {
    output.error(format_args!("could not use module {}: {}", os_text(argument), output.strerror(errno)));
    Status::Failure
}
