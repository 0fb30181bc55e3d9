// SPDX-License-Identifier: MIT OR Apache-2.0
//! insmod step by step.

use std::env;
use std::ffi::{CString, OsStr};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::FromArgMatches;
use libmodsys::{Errno, Kernel, lock};
use modcli::{Invocation, Level, LogExcerpt, Output, Status, module_name, os_text, parse};
use modkeep::KeepMode;
use modrecord::Paths;
use modrecord::journal::Recorder;
use modrecord::policy::LazyPolicy;
use modrecord::snapshot::{self, Snapshot};

use crate::load_request::{LoadRequest, SitePolicy};
use crate::module_input::{self, ModuleInput};
use crate::params::{self, SavedParams};
use crate::preflight::{dry_run, explain};
use crate::{Args, args, load, report, restore};

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
    args.modutils.warn_of_ignored(output);
    let Some(file) = &args.file else {
        output.error("missing filename.");
        return Status::Failure;
    };
    if file == "-" {
        output.error("this tool does not support loading from stdin!");
        return Status::Failure;
    }
    if !args.fresh.is_empty() && args.keep == Some(KeepMode::Off) {
        output.error("--fresh cannot be used with --keep=off");
        return Status::Failure;
    }
    if args.restore.is_some() && (args.keep == Some(KeepMode::Off) || args.fresh.iter().any(String::is_empty))
    {
        let other = if args.keep == Some(KeepMode::Off) { "--keep=off" } else { "--fresh" };
        output.error(format_args!("--restore cannot be used with {other}"));
        return Status::Failure;
    }
    if args.modutils.is_quiet() {
        output.silence();
    }
    let paths = Paths::default();
    let policy = Rc::new(LazyPolicy::new(paths.config.clone()));
    let journal = Recorder::new(kernel, &paths.logs).by_policy(&policy);
    let is_unattended = invocation.is_unattended && !args.modutils.is_dry_run();
    let insmod = Insmod {
        args: &args,
        file,
        is_unattended,
        paths: &paths,
        policy: &policy,
        journal: &journal,
        kernel,
    };
    let status = insmod.run(output);
    report::journal(&journal, output);
    report::policy(&policy, output);
    if args.common.snapshot && !args.modutils.is_dry_run() {
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

/// One call of insmod.
struct Insmod<'a> {
    args: &'a Args,
    /// The file as typed.
    file: &'a OsStr,
    is_unattended: bool,
    paths: &'a Paths,
    policy: &'a LazyPolicy,
    journal: &'a Recorder<'a>,
    kernel: &'a dyn Kernel,
}

impl Insmod<'_> {
    fn run(&self, output: &mut Output) -> Status {
        let path = match existing_path(self.file) {
            Ok(path) => path,
            Err(errno) => return report::not_found(self.file, errno, output),
        };
        let module = match ModuleInput::open(self.file, path) {
            Ok(module) => module,
            Err(errno) => return report::not_inserted(self.file, errno, output),
        };
        // The file that is open, as another one may have its name by now.
        if self.args.modutils.root && !module.file().metadata().is_ok_and(|found| found.uid() == 0) {
            output.error(format_args!("{} is not owned by root", os_text(module.path())));
            return Status::Failure;
        }
        let log = LogExcerpt::begin(self.args.common.show_log, self.kernel, output);
        let status = self.insert(&module, output).unwrap_or_else(|errno| self.failed(&module, errno, output));
        if status == Status::Failure {
            log.show(self.kernel, output);
        } else if self.args.modutils.map {
            load::map::print(&module, self.kernel, output);
        }
        status
    }

    fn insert(&self, module: &ModuleInput, output: &mut Output) -> Result<Status, Errno> {
        let args = self.args;
        let _lock = if args.modutils.lock { Some(lock::module_file(module.file())?) } else { None };
        let saved = match &args.modutils.persist {
            None => None,
            Some(data) => match SavedParams::read(data, module, self.kernel, self.paths, output) {
                Ok(saved) => saved,
                Err(error) => {
                    let text = error.to_string();
                    return Ok(report::not_inserted_because(self.file, &text, &[], None, output));
                }
            },
        };
        // Of a parameter given twice the kernel takes the last: the command line wins.
        let mut words = saved.as_ref().map_or(Vec::new(), |saved| saved.words.clone());
        if !args.params.is_empty() {
            words.push(params::join(&args.params));
        }
        let params = CString::new(words.join(&b' ')).map_err(|_| Errno::EINVAL)?;
        let (all, some): (Vec<&String>, Vec<&String>) = args.fresh.iter().partition(|text| text.is_empty());
        let fresh_variables: Vec<String> = some.into_iter().cloned().collect();
        let restored = match args.restore.as_deref().map(|saved| restore::prepare(saved, module, &args.drop))
        {
            None => None,
            Some(Ok(prepared)) => Some(prepared),
            Some(Err(error)) => {
                let restore::RestoreError { text, details, remedy } = error;
                return Ok(report::not_inserted_because(self.file, &text, &details, Some(&remedy), output));
            }
        };
        let request = LoadRequest {
            module,
            params: &params,
            flags: args.load_flags(),
            keep: args.keep.unwrap_or_default(),
            fresh: !all.is_empty(),
            fresh_variables: &fresh_variables,
            renamed: &args.renamed,
            drops: &args.drop,
            restore: restored.as_ref(),
            strict: args.strict.unwrap_or_default(),
            policy: Some(SitePolicy {
                policy: self.policy,
                decides_keep: args.keep.is_none(),
                decides_strict: args.strict.is_none(),
            }),
            is_unattended: self.is_unattended,
            explain: args.common.explain,
            paths: self.paths,
            journal: self.journal,
        };
        if args.modutils.is_dry_run() {
            return dry_run::check(&request.by_policy(), self.kernel, output);
        }
        let status = load::load(&request, self.kernel, output)?;
        if let Some(saved) = saved.filter(|_| status == Status::Success) {
            saved.remember(self.kernel, self.paths, output);
        }
        Ok(status)
    }

    /// Reports an error number, unless it only means that the module is loaded and the options allow that.
    fn failed(&self, module: &ModuleInput, errno: Errno, output: &mut Output) -> Status {
        let args = self.args;
        if errno == Errno::EEXIST && self.may_be_loaded() && self.is_loaded(module) {
            output.info(format_args!("{} is already loaded", os_text(self.file)));
            return Status::Success;
        }
        let status = report::not_inserted(self.file, errno, output);
        if errno == Errno::EINVAL
            && !args.modutils.is_dry_run()
            && let Some(data) = &args.modutils.persist
        {
            let data = if data.is_empty() { "persistdir".to_owned() } else { os_text(data) };
            output.error(format_args!("  the saved parameters in {data} were passed as well"));
        }
        if args.common.explain {
            explain::explain(module, errno, self.kernel, output);
        }
        status
    }

    /// The user is content with a module that is already loaded.
    fn may_be_loaded(&self) -> bool {
        self.args.common.idempotent || self.args.modutils.lock
    }

    /// Asks the kernel: an init function may return `EEXIST`, too.
    fn is_loaded(&self, module: &ModuleInput) -> bool {
        module.module_name().is_some_and(|name| matches!(self.kernel.init_state(name), Ok(Some(_))))
    }
}

/// The absolute path of a file that exists and whose name can be a module's. Links in it are not resolved:
/// messages show it.
fn existing_path(file: &OsStr) -> Result<PathBuf, Errno> {
    let path = absolute(file)?;
    fs::metadata(&path).map_err(|error| module_input::errno(&error))?;
    module_name::from_path(file).map(|_| path).ok_or(Errno::ENOENT)
}

fn absolute(file: &OsStr) -> Result<PathBuf, Errno> {
    let file = Path::new(file);
    if file.is_absolute() {
        return Ok(file.to_owned());
    }
    // kmod returns this if the current directory is gone, whatever the cause.
    env::current_dir().map(|directory| directory.join(file)).map_err(|_| Errno::ENOMEM)
}
