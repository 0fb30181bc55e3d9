// SPDX-License-Identifier: MIT OR Apache-2.0
//! insmod step by step.

use std::env;
use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::FromArgMatches;
use libmodsys::{Errno, Kernel, LoadFlags, lock};
use modcli::{Invocation, KernelLog, Output, Status, modname, parse, shown};
use modkeep::KeepMode;
use modrecord::journal::{self, ModuleDetails};
use modrecord::{Paths, snapshot};

use crate::keep::{self, Decision};
use crate::saved::Saved;
use crate::{Args, ModuleInput, args, dry, explain, input, map, params, plain};

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
    pub keep: KeepMode,
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
    args.modutils.note_ignored(output);
    let Some(file) = &args.file else {
        output.error("missing filename.");
        return Status::Failure;
    };
    if file == "-" {
        output.error("this tool does not support loading from stdin!");
        return Status::Failure;
    }
    if args.fresh && args.keep == KeepMode::Off {
        output.error("--fresh and --keep=off exclude each other");
        return Status::Failure;
    }
    if args.modutils.is_quiet() {
        output.silence();
    }
    let places = Paths::default();
    let status = load(&args, file, kernel, &places, output);
    if !args.modutils.is_dry()
        && let Err(error) = snapshot::take(kernel, &places)
    {
        output.warning(error);
    }
    status
}

fn load(args: &Args, file: &OsStr, kernel: &dyn Kernel, places: &Paths, output: &mut Output) -> Status {
    // Two stages, two verbs, as with kmod: "load" while it is only a name, "insert" from the opening of the file on.
    let path = match look(file) {
        Ok(path) => path,
        Err(errno) => {
            output.error(format_args!("could not load module {}: {}", shown(file), output.strerror(errno)));
            return Status::Failure;
        }
    };
    let module = match ModuleInput::open(file, path) {
        Ok(module) => module,
        Err(errno) => return refused(file, errno, output),
    };
    // Of the file that is open: another may have the name by now.
    if args.modutils.root && !module.file().metadata().is_ok_and(|found| found.uid() == 0) {
        output.error(format_args!("{} is not owned by root", shown(module.path())));
        return Status::Failure;
    }
    let log = KernelLog::begin(args.common.show_log, kernel, output);
    let status = match insert(args, &module, kernel, places, output) {
        Ok(status) => status,
        Err(Errno::EEXIST) if settled(args, &module, kernel) => {
            output.info(format_args!("{} is loaded already", shown(file)));
            Status::Success
        }
        Err(errno) => {
            let status = refused(file, errno, output);
            if errno == Errno::EINVAL
                && let Some(data) = args.modutils.persist.as_ref().filter(|_| !args.modutils.is_dry())
            {
                let data = if data.is_empty() { "persistdir".to_owned() } else { shown(data) };
                output.error(format_args!("  parameters from {data} were given, too"));
            }
            if args.common.explain {
                explain::explain(&module, errno, kernel, output);
            }
            status
        }
    };
    if status == Status::Failure {
        log.show(kernel, output);
    } else if args.modutils.map {
        map::print(&module, kernel, output);
    }
    status
}

fn refused(file: &OsStr, errno: Errno, output: &mut Output) -> Status {
    let text = output.load_error_text(errno);
    output.error(format_args!("could not insert module {}: {text}", shown(file)));
    Status::Failure
}

/// Whether "exists" is what the user wanted. The number alone does not say so: an init function may give it, too.
fn settled(args: &Args, module: &ModuleInput, kernel: &dyn Kernel) -> bool {
    if !args.common.idempotent && !args.modutils.lock {
        return false;
    }
    let name = module.image().ok().and_then(modkeep::module_name);
    name.is_some_and(|name| matches!(kernel.init_state(&name), Ok(Some(_))))
}

fn insert(
    args: &Args,
    module: &ModuleInput,
    kernel: &dyn Kernel,
    places: &Paths,
    output: &mut Output,
) -> Result<Status, Errno> {
    let _lock = if args.modutils.lock { Some(lock::module_file(module.file())?) } else { None };
    let saved = match &args.modutils.persist {
        Some(name) => match Saved::read(name, module, kernel, places, output) {
            Ok(saved) => saved,
            Err(error) => {
                output.error(format_args!("could not insert module {}: {error}", shown(module.argument())));
                return Ok(Status::Failure);
            }
        },
        None => None,
    };
    let mut words = saved.as_ref().map_or(Vec::new(), |saved| saved.words.clone());
    words.extend(args.params.iter().cloned());
    let params = CString::new(params::join(&words)).map_err(|_| Errno::EINVAL)?;
    let job = Job { module, params: &params, flags: args.load_flags(), keep: args.keep, fresh: args.fresh };
    if args.modutils.is_dry() {
        return dry::check(&job, kernel, output);
    }
    let status = match keep::decide(&job, kernel, output)? {
        Decision::Plain => {
            plain::insert(&job, kernel, output)?;
            // Its name is the kernel's matter here; a file's name serves for nearly all.
            let name = modname::from_path(module.argument());
            let known = name.as_deref().map(|name| ModuleDetails {
                name,
                file: Some(module.path()),
                header: None,
                build_id: &[],
                region: None,
            });
            journal::record_quietly(kernel, known, false);
            Status::Success
        }
        Decision::Finished(status) => status,
    };
    if let Some(saved) = saved.filter(|_| status == Status::Success) {
        saved.remember(kernel, places, output);
    }
    Ok(status)
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
