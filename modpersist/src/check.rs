// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist check FILE`

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Account, Fate, Header, Stay, Variable, VariableAccount};
use libmodsys::{Kernel, files};
use modcli::{escape, os_text};
use modkeep::{KeepError, KeepMode, Plan, Region, RegionUse, Request, plan};
use serde::Serialize;

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

#[derive(Debug, Serialize)]
struct VariableVerdict {
    variable: String,
    /// `bound`, `grown`, `shrunk`, `retyped` (in place, with another type that reads the same), `converted`,
    /// `by-hand`, `new` or `refused`.
    fate: &'static str,
    /// The generation that holds it or will hold it; none if it is refused.
    generation: Option<u32>,
    /// What changes about it, or why it is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
}

impl Verdict {
    fn add_account(&mut self, account: &Account) {
        self.variables = account
            .variables
            .iter()
            .map(|own| {
                let Described { fate, generation, .. } = describe(account, &own.fate);
                let changes = changes(own);
                VariableVerdict { variable: own.variable.to_string(), fate, generation, changes }
            })
            .collect();
        self.unused = account.unused.iter().map(|(_, variable)| variable.to_string()).collect();
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
    let mut verdict = verdict(file, outcome, header.as_ref());
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

/// What becomes of a variable, in words.
struct Described {
    /// For JSON.
    fate: &'static str,
    text: String,
    /// The generation that holds it then.
    generation: Option<u32>,
}

fn describe(account: &Account, fate: &Fate) -> Described {
    let (word, text, generation) = match fate {
        Fate::Bound { at, .. } => ("bound", "bound".to_owned(), Some(at.generation)),
        Fate::InPlace { at, stay, .. } => {
            let (word, text) = match stay {
                Stay::Grows => ("grown", "grows in place"),
                Stay::Shrinks => ("shrunk", "shorter, in place"),
                Stay::ReadsTheSame => ("retyped", "reads the same"),
            };
            (word, text.to_owned(), Some(at.generation))
        }
        Fate::Converted { at, .. } => {
            let text = format!("converted, from generation {}", at.generation);
            return Described { fate: "converted", text, generation: Some(account.generation) };
        }
        Fate::ByHand { at } => {
            let text = format!("by its init, from generation {}", at.generation);
            return Described { fate: "by-hand", text, generation: Some(account.generation) };
        }
        Fate::Differs(_) => ("refused", "refused".to_owned(), None),
        // Fate::New, and what a later version may know.
        _ => {
            let text = "new".to_owned();
            return Described { fate: "new", text, generation: Some(account.generation) };
        }
    };
    let text = match generation {
        Some(generation) => format!("{text}, generation {generation}"),
        None => text,
    };
    Described { fate: word, text, generation }
}

/// What changes about a variable, field by field, or why it is refused.
fn changes(own: &VariableAccount) -> Vec<String> {
    if let Fate::Differs(difference) = &own.fate {
        return vec![difference.to_string()];
    }
    let qualifiers = own.variable.qualifiers();
    own.fate.changes().iter().map(|change| format!("{qualifiers}{} {}", change.path, change.what)).collect()
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
