// SPDX-License-Identifier: MIT OR Apache-2.0
//! From arguments to output and exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use libmodsys::Kernel;

use crate::{Args, Command, check, list, modprobe_conf, show};

/// Runs one command. The code is 0, or 1 where `check` says no.
///
/// # Errors
/// The kernel or a file cannot be read.
pub fn run(args: &Args, kernel: &dyn Kernel, out: &mut dyn Write) -> Result<ExitCode> {
    match &args.command {
        Command::List { json } => list::run(kernel, *json, out),
        Command::Show { owner, json } => show::run(kernel, owner, *json, out),
        Command::ModprobeConf { owner } => modprobe_conf::run(owner, out),
        Command::Check { file, json } => check::run(kernel, file, *json, out),
    }
}

/// The exit code for a result; an error is printed with its causes. A reader that went away
/// (`modpersist list | head -1`) is no error.
#[must_use]
pub fn report(result: Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            let broken = error
                .chain()
                .filter_map(|cause| cause.downcast_ref::<io::Error>())
                .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
            if broken {
                return ExitCode::SUCCESS;
            }
            // Standard error may be closed; there is nobody left to tell.
            let _ = writeln!(io::stderr(), "modpersist: {error:#}");
            ExitCode::from(2)
        }
    }
}
