// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist check FILE`

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Account, Fate, Header, Variable};
use libmodsys::{Kernel, files};
use modcli::{escape, os_text};
use modkeep::{KeepError, KeepMode, LoadRestriction, Plan, Region, RegionUse, Request, plan};
use serde::Serialize;

use crate::account_text::{VariableVerdict, changes, describe, unused, verdicts};
use crate::aligned_table::{Align, AlignedTable};
use crate::{json, owner_state};

/// Limit for a module, as it is and decompressed, in bytes.
const MAX_MODULE_BYTES: u64 = 512 << 20;

#[derive(Debug, Serialize)]
struct Verdict {
    file: String,
    /// `first`, `bind`, `none` (no persistent data), `plain` (there is an obstacle and nothing is kept: it
    /// would be loaded, but nothing kept) or `no`.
    verdict: &'static str,
    message: String,
    details: Vec<String>,
    remedy: Option<String>,
    notes: Vec<String>,
    data: Option<json::Region>,
    /// What becomes of each variable; none if nothing is kept and the kernel itself would keep the data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variables: Vec<VariableVerdict>,
    /// Variables that are kept and that the file does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unused: Vec<String>,
}

impl Verdict {
    fn add_account(&mut self, account: &Account) {
        self.variables = verdicts(account);
        self.unused = unused(account);
    }

    /// Whatever would become of its data: the kernel does not load it.
    fn no_load_at_all(&mut self, restriction: LoadRestriction) {
        self.verdict = "no";
        self.message = format!("would not be loaded: {restriction}");
        (self.details, self.remedy) = (Vec::new(), None);
    }

    fn keeps(&mut self, region_use: RegionUse, owner: &str, region: Option<&Region>) {
        (self.verdict, self.message) = match (region_use, region) {
            (RegionUse::Bind, Some(region)) => (
                "bind",
                format!(
                    "would use the kept data of {owner} (now: {})",
                    owner_state::text(region.owner_state)
                ),
            ),
            _ => {
                ("first", format!("nothing is kept for {owner} yet; loading it would start keeping its data"))
            }
        };
    }
}

pub(crate) fn run(kernel: &dyn Kernel, file: &Path, as_json: bool, out: &mut dyn Write) -> Result<ExitCode> {
    let name = || os_text(file);
    let module_file =
        ModuleFile::new(files::read_regular(file, MAX_MODULE_BYTES).with_context(name)?, MAX_MODULE_BYTES);
    // An error in the file's compression is about the file, not about keeping: it gets the file's name.
    module_file.image().with_context(name)?;
    let request = Request { keep: KeepMode::Require, assume_unloaded: true, ..Request::new(&module_file) };
    let outcome = plan(kernel, request);
    let code = match &outcome {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    };
    let header = match &outcome {
        Ok(Plan::Keeper { inventory, .. } | Plan::Extended { inventory, .. }) => {
            Some(inventory.header.clone())
        }
        _ => None,
    };
    let account = match &outcome {
        Ok(Plan::Keeper { account, .. }) | Err(KeepError::LayoutDiffers { account: Some(account), .. }) => {
            Some(account.clone())
        }
        Ok(Plan::Extended { account, .. }) => account.clone(),
        _ => None,
    };
    // A damaged signature is for the kernel to judge.
    let is_signed = module_file.signature().map_or(true, |signature| signature.is_some());
    let restriction = LoadRestriction::of(kernel, is_signed).filter(|restriction| match &outcome {
        Ok(_) | Err(KeepError::Impossible { .. }) => true,
        Err(_) => *restriction == LoadRestriction::ModulesDisabled,
    });
    let code = if restriction.is_some() { ExitCode::FAILURE } else { code };
    let owner = module_file.module().map(|module| module.name.clone()).unwrap_or_default();
    let may_end_with_exit = owner_state::is_loaded(kernel, &owner)
        && outcome.as_ref().is_err_and(|error| error.may_end_with_exit());
    let mut verdict = verdict(file, outcome, header.as_ref());
    if may_end_with_exit {
        verdict.notes.push(format!(
            "{owner} is loaded and uses its data; once its exit function has run, this load may be possible: \
             modpersist reload tries it, and has a way back"
        ));
    }
    if let Some(restriction) = restriction {
        verdict.no_load_at_all(restriction);
    }
    if let Some(account) = &account {
        verdict.add_account(account);
    }
    if as_json {
        json::print(&verdict, out)?;
        return Ok(code);
    }
    match (&header, &account) {
        (_, Some(account)) => variables(account, out)?,
        (Some(header), None) => without_account(header, out)?,
        (None, None) => {}
    }
    escape::write_line(out, format_args!("{}: {}", os_text(file), verdict.message))?;
    for line in &verdict.details {
        escape::write_line(out, format_args!("  {line}"))?;
    }
    for note in &verdict.notes {
        escape::write_line(out, format_args!("note: {note}"))?;
    }
    if let Some(remedy) = &verdict.remedy {
        for line in remedy.lines() {
            escape::write_line(out, line)?;
        }
    }
    Ok(code)
}

fn verdict(file: &Path, outcome: Result<Plan, KeepError>, header: Option<&Header>) -> Verdict {
    let mut verdict = Verdict {
        file: file.display().to_string(),
        verdict: "no",
        message: String::new(),
        details: Vec::new(),
        remedy: None,
        notes: Vec::new(),
        data: header.map(json::Region::of_header),
        variables: Vec::new(),
        unused: Vec::new(),
    };
    match outcome {
        Ok(Plan::Plain { .. }) => {
            verdict.verdict = "none";
            verdict.message = "has no persistent data".to_owned();
        }
        Ok(Plan::Bound { owner, region }) => verdict.keeps(RegionUse::Bind, &owner, Some(&region)),
        // Happens only with --fresh.
        Ok(Plan::Drop { .. }) => {}
        // With --keep=auto, the default, this is a plain load.
        Err(error @ KeepError::Impossible { .. }) => {
            verdict.verdict = "plain";
            verdict.message = format!("would be loaded plainly: {error}");
            verdict.remedy = Some("--keep=require would load nothing".to_owned());
        }
        Ok(Plan::Keeper { region_use, owner, region, notes, .. }) => {
            verdict.notes = notes;
            verdict.keeps(region_use, &owner, region.as_deref());
        }
        Ok(Plan::Extended { region_use, owner, region, notes, .. }) => {
            verdict.notes = notes;
            verdict.keeps(region_use, &owner, region.as_deref())
        }
        Err(error) => {
            verdict.message = format!("would not be loaded: {error}");
            verdict.details = error.details();
            verdict.remedy = error.remedy();
        }
    }
    verdict
}

fn new_table() -> AlignedTable {
    AlignedTable::new(&[
        ("VARIABLE", Align::Left),
        ("SIZE", Align::Right),
        ("TYPE", Align::Left),
        ("KEPT", Align::Left),
    ])
}

fn row(variable: &Variable, kept: String) -> Vec<String> {
    vec![
        variable.to_string(),
        variable.size.to_string(),
        variable.type_name.clone().unwrap_or_else(|| "-".to_owned()),
        kept,
    ]
}

/// What becomes of each variable; what changes about them stands below the table.
fn variables(account: &Account, out: &mut dyn Write) -> Result<()> {
    let mut table = new_table();
    for own in &account.variables {
        table.row(row(&own.variable, describe(account, &own.fate).text));
    }
    for (place, variable) in &account.unused {
        table.row(row(variable, format!("unused, generation {}", place.generation)));
    }
    table.print("", out)?;
    out.write_all(b"\n")?;
    let not_refused = account.variables.iter().filter(|own| !matches!(own.fate, Fate::Differs(_)));
    let lines: Vec<String> = not_refused.flat_map(changes).collect();
    for line in &lines {
        escape::write_line(out, line)?;
    }
    if !lines.is_empty() {
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The variables, where they are kept as a whole.
fn without_account(header: &Header, out: &mut dyn Write) -> Result<()> {
    let mut table = new_table();
    for (_, variable) in header.variables() {
        table.row(row(variable, "-".to_owned()));
    }
    table.print("", out)?;
    out.write_all(b"\n")?;
    Ok(())
}
