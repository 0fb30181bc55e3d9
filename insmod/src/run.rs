// SPDX-License-Identifier: MIT OR Apache-2.0
//! insmod step by step.

use std::env;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use clap::FromArgMatches;
use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::{Invocation, Output, Status, load_error_text, modname, parse, strerror};

use crate::keep::{self, Decision};
use crate::{Args, Keep, ModuleInput, args, input, params, plain};

/// Everything there is to know about one load.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The open file.
    pub module: &'a ModuleInput,
    /// The parameters as the kernel gets them.
    pub params: &'a CStr,
    /// The force options.
    pub flags: LoadFlags,
    /// `--keep`
    pub keep: Keep,
    /// `--fresh`
    pub fresh: bool,
}

/// Runs insmod.
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
    let Some(file) = &args.file else {
        output.error("missing filename.");
        return Status::Failure;
    };
    if file == "-" {
        output.error("this tool does not support loading from stdin!");
        return Status::Failure;
    }
    load(&args, file, kernel, output)
}

fn load(args: &Args, file: &OsString, kernel: &dyn Kernel, output: &mut Output) -> Status {
    // Two stages, two verbs, as with kmod: "load" while it is only a name, "insert" from the opening of the file on.
    let path = match look(file) {
        Ok(path) => path,
        Err(errno) => {
            output.error(format_args!("could not load module {}: {}", file.display(), strerror(errno)));
            return Status::Failure;
        }
    };
    match insert(args, file, path, kernel, output) {
        Ok(status) => status,
        Err(errno) => {
            let text = load_error_text(errno);
            output.error(format_args!("could not insert module {}: {text}", file.display()));
            Status::Failure
        }
    }
}

fn insert(
    args: &Args,
    file: &OsStr,
    path: PathBuf,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Status, Errno> {
    let module = ModuleInput::open(file, path)?;
    let params = CString::new(params::join(&args.params)).map_err(|_| Errno::EINVAL)?;
    let job = Job {
        module: &module,
        params: &params,
        flags: args.load_flags(),
        keep: args.keep,
        fresh: args.fresh,
    };
    match keep::decide(&job, kernel, output)? {
        Decision::Plain => plain::insert(&job, kernel, output).map(|()| Status::Success),
        Decision::Finished(status) => Ok(status),
    }
}

/// Looks for the file, and that its name can be one of a module; gives its path from the root on, for messages. Nothing in it is resolved.
fn look(file: &OsStr) -> Result<PathBuf, Errno> {
    let path = absolute(file)?;
    fs::metadata(&path).map_err(|error| input::errno(&error))?;
    modname::from_path(file).map(|_| path).ok_or(Errno::ENOENT)
}

fn absolute(file: &OsStr) -> Result<PathBuf, Errno> {
    let file = Path::new(file);
    if file.is_absolute() {
        return Ok(file.to_owned());
    }
    // kmod has this number for a current directory that is gone, whatever the cause.
    env::current_dir().map(|directory| directory.join(file)).map_err(|_| Errno::ENOMEM)
}
