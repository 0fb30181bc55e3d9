// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist restore FILE SAVED`: what a load with `insmod --restore` would do, and that load.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Account, Fate, VariableAccount};
use libmodsys::{Kernel, files};
use modcli::{Invocation, Output, Status, escape, os_text};
use modkeep::{KeepError, Plan, Request, Restore, plan};
use modrecord::saved_values::{Prepared, SavedFile, SavedFileError};
use serde::Serialize;

use crate::args::RestoreArgs;
use crate::{json, module_path};

/// Limit for a module, as it is and decompressed, in bytes.
const MAX_MODULE_BYTES: u64 = 512 << 20;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    owner: String,
    /// The module's file.
    file: String,
    /// The kernel on which the values were saved.
    saved_on: String,
    /// Whether the module was loaded.
    loaded: bool,
    /// Why it cannot be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variables: Vec<VariableReport>,
    /// Variables and fields that take the file's initial value instead of the saved one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    initial: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Refused {
    message: String,
    details: Vec<String>,
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct VariableReport {
    variable: String,
    /// `restored`, or `initial`: nothing was saved of it that can be restored.
    fate: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
}

pub(crate) fn run(kernel: &dyn Kernel, args: &RestoreArgs, out: &mut dyn Write) -> Result<ExitCode> {
    let file = module_path::of(kernel, &args.module)?;
    let name = || os_text(&file);
    let content = files::read_regular(&file, MAX_MODULE_BYTES).with_context(name)?;
    let module_file = ModuleFile::new(content, MAX_MODULE_BYTES);
    let order = module_file.module().with_context(name)?.object.ident.order;
    let saved_name = || os_text(&args.saved);
    let saved = SavedFile::read(&args.saved).with_context(saved_name)?;
    let mut report = Report {
        schema: 1,
        owner: saved.owner().to_owned(),
        file: name(),
        saved_on: saved.kernel().to_owned(),
        loaded: false,
        refused: None,
        variables: Vec::new(),
        initial: Vec::new(),
    };
    match saved.prepare(order, &args.drop) {
        Ok(prepared) => {
            let restore = Restore { values: &prepared.values, unused: &prepared.unused };
            let request = Request { restore: Some(restore), drops: &args.drop, ..Request::new(&module_file) };
            match plan(kernel, request) {
                Ok(Plan::Keeper { account, .. }) => report.add(&account, &prepared),
                Ok(_) => bail!("{}: it would not be loaded with a keeper", name()),
                Err(error) => report.refused = Some(Refused::of(&error)),
            }
        }
        Err(SavedFileError::Refused { refusals }) => {
            let remedy = refusals
                .iter()
                .map(|refusal| format!("--drop={} starts it from the file's initial value", refusal.drop));
            report.refused = Some(Refused {
                message: format!("values in {} cannot be restored", saved_name()),
                details: refusals.iter().map(ToString::to_string).collect(),
                remedy: Some(remedy.collect::<Vec<_>>().join("\n")),
            });
        }
        Err(error) => return Err(error).with_context(saved_name),
    }
    if report.refused.is_none() && !args.dry_run {
        report.loaded = load(kernel, &file, args);
    }
    let is_done = report.loaded || (args.dry_run && report.refused.is_none());
    if args.json {
        json::print(&report, out)?;
    } else {
        report.print(args.dry_run, out)?;
    }
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Loads the module as insmod does, with its messages.
fn load(kernel: &dyn Kernel, file: &Path, args: &RestoreArgs) -> bool {
    let mut restore = OsString::from("--restore=");
    restore.push(&args.saved);
    let mut words = vec![OsString::from("modpersist"), restore];
    words.extend(args.drop.iter().map(|field| OsString::from(format!("--drop={field}"))));
    words.extend([OsString::from("--"), file.as_os_str().to_owned()]);
    words.extend(args.params.iter().cloned());
    let invocation = Invocation::new(words);
    let mut output = Output::new(invocation.program());
    insmod::run(&invocation, kernel, &mut output) == Status::Success
}

impl Refused {
    fn of(error: &KeepError) -> Self {
        Self { message: error.to_string(), details: error.details(), remedy: error.remedy_without_keep() }
    }
}

impl Report {
    fn add(&mut self, account: &Account, prepared: &Prepared) {
        self.variables = account.variables.iter().map(|own| variable(own, prepared)).collect();
        self.initial = prepared.initial.iter().map(|(path, why)| format!("{path}: {why}")).collect();
    }

    fn print(&self, is_dry_run: bool, out: &mut dyn Write) -> Result<()> {
        if let Some(refused) = &self.refused {
            escape::write_line(out, format_args!("{}: {}", self.file, refused.message))?;
            for line in &refused.details {
                escape::write_line(out, format_args!("  {line}"))?;
            }
            escape::write_line(out, "nothing was loaded")?;
            for line in refused.remedy.iter().flat_map(|remedy| remedy.lines()) {
                if line != "nothing was loaded" {
                    escape::write_line(out, line)?;
                }
            }
            return Ok(());
        }
        if !is_dry_run && !self.loaded {
            return Ok(());
        }
        for own in &self.variables {
            escape::write_line(out, format_args!("{}: {}", own.variable, own.fate))?;
            for change in &own.changes {
                escape::write_line(out, format_args!("  {change}"))?;
            }
        }
        for line in &self.initial {
            escape::write_line(out, format_args!("from the file: {line}"))?;
        }
        let restored = self.variables.iter().filter(|own| own.fate == "restored").count();
        let (owner, saved_on) = (&self.owner, &self.saved_on);
        let what = if is_dry_run { "would be restored" } else { "restored" };
        escape::write_line(out, format_args!("{owner}: {restored} variables {what}, saved on {saved_on}"))?;
        Ok(())
    }
}

fn variable(own: &VariableAccount, prepared: &Prepared) -> VariableReport {
    let is_restored = matches!(own.fate, Fate::Converted { .. });
    let qualifiers = own.variable.qualifiers();
    // To the conversion, a field that is not restored looks as if it were new.
    let is_left_out = |path: &str| {
        prepared.initial.iter().any(|(initial, _)| {
            initial.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    let changes = own.fate.changes().iter().filter_map(|change| {
        let path = format!("{qualifiers}{}", change.path);
        (change.what != "is new" || !is_left_out(&path)).then(|| format!("{path} {}", change.what))
    });
    VariableReport {
        variable: own.variable.to_string(),
        fate: if is_restored { "restored" } else { "initial" },
        changes: changes.collect(),
    }
}
