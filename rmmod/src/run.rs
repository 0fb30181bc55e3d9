// SPDX-License-Identifier: MIT OR Apache-2.0
//! rmmod step by step.

use std::ffi::CString;

use clap::FromArgMatches;
use libmodsys::{Errno, Kernel, RemoveFlags};
use modcli::{Invocation, Output, Status, parse, strerror};

use crate::discard::{self, Next};
use crate::{Args, Target, args, checks};

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
    if args.modules.is_empty() {
        output.error("missing module name.");
        return Status::Failure;
    }
    let mut status = Status::Success;
    for argument in &args.modules {
        match Target::new(argument) {
            Ok(target) => status = status.and(one(&target, &args, kernel, output)),
            Err(errno) => {
                output.error(format_args!(
                    "could not use module {}: {}",
                    argument.display(),
                    strerror(errno)
                ));
                // The only error that ends it: any other module is tried although one before it failed.
                return Status::Failure;
            }
        }
    }
    status
}

fn one(target: &Target, args: &Args, kernel: &dyn Kernel, output: &mut Output) -> Status {
    let _lock = match discard::begin(target, args, kernel, output) {
        Next::Remove(lock) => lock,
        Next::Finished(status) => return status,
    };
    if !args.force && !checks::removable(target, kernel, output) {
        discard::explain(target, kernel, output);
        return Status::Failure;
    }
    if let Err(errno) = remove(&target.name, args.force, kernel) {
        let text = strerror(errno);
        // Two lines, one from kmod's library and one from its tool: scripts match either.
        output.error(format_args!("could not remove '{}': {text}", target.name));
        output.error(format_args!("could not remove module {}: {text}", target.argument.display()));
        discard::explain(target, kernel, output);
        return Status::Failure;
    }
    let status = discard::after(target, args, kernel, output);
    modkeep::journal::note(kernel, None, false);
    status
}

fn remove(name: &str, force: bool, kernel: &dyn Kernel) -> Result<(), Errno> {
    let name = CString::new(name).map_err(|_| Errno::EINVAL)?;
    kernel.delete_module(&name, RemoveFlags { force })
}
