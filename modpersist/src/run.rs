// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which command runs.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use libmodsys::Kernel;
use modcli::Output;
use modrecord::Paths;

use crate::args::{Args, Command, ReloadArgs};
use crate::list::ListForm;
use crate::{
    check, check_owner, compat, config, embed, list, modprobe_conf, reload, restore, save, show, split,
    tokens,
};

/// Runs `reload` with records in other places than usual.
///
/// # Errors
/// The result cannot be printed.
pub fn run_reload(
    args: &ReloadArgs,
    kernel: &dyn Kernel,
    paths: &Paths,
    out: &mut dyn Write,
    output: &mut Output,
) -> Result<ExitCode> {
    reload::run(args, kernel, paths, out, output)
}

/// Runs `list` with records in other places than usual.
///
/// # Errors
/// The kernel cannot be read; the result cannot be printed.
pub fn run_list(kernel: &dyn Kernel, paths: &Paths, form: ListForm, out: &mut dyn Write) -> Result<ExitCode> {
    list::run(kernel, paths, form, out)
}

/// Runs one command. The code is 0, or 1 if `check`, `compat`, `restore` or `split` says no or `list` could
/// not read something.
///
/// # Errors
/// The kernel or a file cannot be read.
pub fn run(args: &Args, kernel: &dyn Kernel, out: &mut dyn Write) -> Result<ExitCode> {
    match &args.command {
        Command::List { json, wide } => {
            run_list(kernel, &Paths::default(), ListForm::for_stdout(*json, *wide), out)
        }
        Command::Show(args) => show::run(kernel, args, out),
        Command::Save { owner, file } => save::run(kernel, owner, file, out),
        Command::Restore(args) => restore::run(kernel, args, out),
        Command::ModprobeConf { owner } => modprobe_conf::run(owner, out),
        Command::Embed { file } => embed::run(file, out),
        Command::Check { file, json } => match check_owner::owner(kernel, file) {
            Some(owner) => check_owner::run(kernel, &owner, *json, out),
            None => check::run(kernel, file, *json, out),
        },
        Command::Config { owner, json } => {
            let mut output = Output::new("modpersist".as_ref());
            config::run(&Paths::default(), owner.as_deref(), *json, out, &mut output)
        }
        Command::Tokens { json } => tokens::run(kernel, *json, out),
        Command::Split(args) => split::run(kernel, args, out),
        Command::Compat(args) => compat::run(args, out),
        Command::Reload(args) => {
            let mut output = Output::new("modpersist".as_ref());
            run_reload(args, kernel, &Paths::default(), out, &mut output)
        }
    }
}
