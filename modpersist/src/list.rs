// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist list`

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Result;
use libmodsys::Kernel;
use modcli::escape;
use modkeep::{Generation, Region, UnreadableRegion};
use modrecord::Paths;
use modrecord::removed_pointers::{self, Pointers};

use crate::aligned_table::{Align, AlignedTable};
use crate::reload::ReloadState;
use crate::{address, hex, json, owner_state};

/// How the table is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListForm {
    /// As JSON.
    pub json: bool,
    /// With users and build ids, and a line a row.
    pub wide: bool,
    /// It goes to a terminal, which has this many columns. Programs get whole names.
    pub columns: Option<usize>,
}

impl ListForm {
    /// Columns of any terminal.
    const COLUMNS: usize = 80;

    /// For standard output.
    pub(crate) fn for_stdout(json: bool, wide: bool) -> Self {
        Self { json, wide, columns: io::stdout().is_terminal().then_some(Self::COLUMNS) }
    }
}

pub(crate) fn run(
    kernel: &dyn Kernel,
    paths: &Paths,
    form: ListForm,
    out: &mut dyn Write,
) -> Result<ExitCode> {
    let entries = Region::entries(kernel)?;
    let code = if entries.iter().any(Result::is_err) { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    let interrupted = ReloadState::interrupted(kernel, paths);
    if form.json {
        json::print(&json_entries(kernel, paths, &entries, &interrupted), out)?;
        return Ok(code);
    }
    let pointers = pointers(kernel, paths, &entries);
    if entries.is_empty() {
        escape::write_line(out, "Nothing is kept.")?;
        interrupted_reloads(kernel, &interrupted, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut columns = vec![
        ("OWNER", Align::Left),
        ("STATE", Align::Left),
        ("VARIABLES", Align::Right),
        ("SIZE", Align::Right),
        ("ADDRESS", Align::Left),
        ("KEEPER", Align::Left),
    ];
    if form.wide {
        columns.extend([("USED BY", Align::Left), ("BUILD ID", Align::Left)]);
    }
    let mut table = AlignedTable::new(&columns);
    for region in entries.iter().flatten() {
        let state = owner_state::text(region.owner_state);
        for (generation, is_stale) in of_region(region) {
            let mut row = vec![
                region.owner.clone(),
                if is_stale { "not in force" } else { state }.to_owned(),
                variables(generation),
                generation.header.size().to_string(),
                generation.addresses.first().map_or_else(String::new, |first| address::text(*first)),
                generation.kept_by.to_string(),
            ];
            if form.wide {
                let users: Vec<&str> =
                    generation.users.iter().chain(&generation.hold).map(String::as_str).collect();
                let users = users.join(",");
                let build_id = hex::encode(&generation.header.build_id);
                row.extend([users, build_id].map(|cell| if cell.is_empty() { "-".to_owned() } else { cell }));
            }
            table.row(row);
        }
    }
    if entries.iter().any(Result::is_ok) {
        table.print_within(form.columns.filter(|_| !form.wide).unwrap_or(usize::MAX), out)?;
    }
    for (region, pointers) in entries.iter().flatten().zip(&pointers) {
        let owner = &region.owner;
        if !pointers.lines.is_empty() || !pointers.not_searched.is_empty() {
            out.write_all(b"\n")?;
        }
        if !pointers.lines.is_empty() {
            escape::write_line(
                out,
                format_args!("Kept data points into {owner} as it was before its removal:"),
            )?;
        }
        for line in &pointers.lines {
            escape::write_line(out, format_args!("  {line}"))?;
        }
        if let Some(line) = pointers.unknown(owner) {
            escape::write_line(out, format_args!("note: {line}"))?;
        }
    }
    interrupted_reloads(kernel, &interrupted, out)?;
    for unreadable in entries.iter().filter_map(|entry| entry.as_ref().err()) {
        escape::write_line(out, format_args!("{}: {}", unreadable.kept_by, unreadable.error))?;
        for line in unreadable.error.details() {
            escape::write_line(out, format_args!("  {line}"))?;
        }
    }
    Ok(code)
}

/// The regions, and behind them the modules of which nothing is kept and whose reload was interrupted.
fn json_entries(
    kernel: &dyn Kernel,
    paths: &Paths,
    entries: &[Result<Region, UnreadableRegion>],
    interrupted: &[ReloadState],
) -> Vec<json::Entry> {
    let left: Vec<&ReloadState> = interrupted.iter().filter(|state| !state.is_under_way()).collect();
    let reload_of = |owner: &str| left.iter().find(|state| state.owner == owner);
    let mut pointers = pointers(kernel, paths, entries).into_iter();
    let regions = entries.iter().map(|entry| match entry {
        Ok(region) => json::Entry::of(entry)
            .with_pointers(pointers.next().unwrap_or_default())
            .with_interrupted_reload(reload_of(&region.owner).map(|state| state.describe(kernel))),
        Err(_) => json::Entry::of(entry),
    });
    let is_kept = |owner: &str| entries.iter().flatten().any(|region| region.owner == owner);
    let others = left.iter().filter(|state| !is_kept(&state.owner));
    regions
        .chain(others.map(|state| json::Entry::interrupted(&state.owner, state.describe(kernel))))
        .collect()
}

/// Reloads that have left modules unloaded.
fn interrupted_reloads(kernel: &dyn Kernel, interrupted: &[ReloadState], out: &mut dyn Write) -> Result<()> {
    for state in interrupted {
        let owner = &state.owner;
        out.write_all(b"\n")?;
        if state.is_under_way() {
            escape::write_line(out, format_args!("note: {owner} is being reloaded now"))?;
            continue;
        }
        escape::write_line(out, format_args!("note: {}", state.describe(kernel)))?;
        escape::write_line(out, format_args!("  modpersist reload --resume {owner} finishes it"))?;
    }
    Ok(())
}

/// The pointers that the owner of each region has left behind, in the order of the regions.
fn pointers(
    kernel: &dyn Kernel,
    paths: &Paths,
    entries: &[Result<Region, UnreadableRegion>],
) -> Vec<Pointers> {
    let owners: Vec<&str> = entries.iter().flatten().map(|region| region.owner.as_str()).collect();
    removed_pointers::into_each_removed(kernel, &owners, paths)
        .unwrap_or_else(|_| vec![Pointers::default(); owners.len()])
}

/// Every generation, and whether it is no longer in force.
fn of_region(region: &Region) -> impl Iterator<Item = (&Generation, bool)> {
    let in_force = region.generations.iter().map(|generation| (generation, false));
    in_force.chain(region.stale.iter().map(|generation| (generation, true)))
}

fn variables(generation: &Generation) -> String {
    let header = &generation.header;
    if header.named { header.variables().count().to_string() } else { "stripped".to_owned() }
}
