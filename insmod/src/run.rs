// SPDX-License-Identifier: MIT OR Apache-2.0
//! insmod step by step.

use std::env;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use clap::FromArgMatches;
use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::{Invocation, Output, Status, load_error_text, modname, parse, strerror};
use modkeep::journal::{self, Known};

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
    let path = absolute(file);
    if let Err(errno) = look(file, &path) {
        output.error(format_args!("could not load module {}: {}", file.display(), strerror(errno)));
        return Status::Failure;
    }
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
        Decision::Plain => {
            plain::insert(&job, kernel, output)?;
            // Its name is the kernel's matter here; a file's name serves for nearly all.
            let name = modname::from_path(file);
            let known = name.as_deref().map(|name| Known {
                name,
                file: Some(job.module.path()),
                header: None,
                build_id: &[],
            });
            journal::note(kernel, known, false);
            Ok(Status::Success)
        }
        Decision::Finished(status) => Ok(status),
    }
}

/// Looks for the file, and that its name can be one of a module.
fn look(file: &OsStr, path: &Path) -> Result<(), Errno> {
    fs::metadata(path).map_err(|error| input::errno(&error))?;
    modname::from_path(file).map(|_| ()).ok_or(Errno::ENOENT)
}

/// The path from the root on, for messages. Nothing in it is resolved.
fn absolute(file: &OsStr) -> PathBuf {
    match env::current_dir() {
        Ok(directory) => directory.join(file),
        Err(_) => PathBuf::from(file),
    }
}
