// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist list`

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use libmodfmt::persist::SectionHeader;
use libmodsys::Kernel;
use modcli::escape;
use modkeep::Region;

use crate::aligned_table::{Align, AlignedTable};
use crate::{address, json, owner_state};

pub(crate) fn run(kernel: &dyn Kernel, as_json: bool, out: &mut dyn Write) -> Result<ExitCode> {
    let entries = Region::entries(kernel)?;
    let code = if entries.iter().any(Result::is_err) { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if as_json {
        json::print(&entries.iter().map(json::Entry::of).collect::<Vec<_>>(), out)?;
        return Ok(code);
    }
    if entries.is_empty() {
        escape::write_line(out, "Nothing is kept.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = AlignedTable::new(&[
        ("OWNER", Align::Left),
        ("STATE", Align::Left),
        ("SECTION", Align::Left),
        ("ADDRESS", Align::Left),
        ("SIZE", Align::Right),
        ("ALIGN", Align::Right),
        ("VARIABLES", Align::Right),
        ("LAYOUT", Align::Left),
        ("KEEPER", Align::Left),
    ]);
    for region in entries.iter().flatten() {
        for section in &region.header.sections {
            table.row(vec![
                region.header.owner.clone(),
                owner_state::text(region.owner_state).to_owned(),
                section.role.section_name().to_owned(),
                address::text(region, section.role),
                section.size.to_string(),
                section.align.to_string(),
                variables(section, region.header.named),
                format!("{:016x}", section.layout_hash()),
                region.kept_by.to_string(),
            ]);
        }
    }
    if entries.iter().any(Result::is_ok) {
        table.print("", out)?;
    }
    for unreadable in entries.iter().filter_map(|entry| entry.as_ref().err()) {
        escape::write_line(out, format_args!("{}: {}", unreadable.kept_by, unreadable.error))?;
        for line in unreadable.error.details() {
            escape::write_line(out, format_args!("  {line}"))?;
        }
    }
    Ok(code)
}

fn variables(section: &SectionHeader, named: bool) -> String {
    if named { section.variables.len().to_string() } else { "stripped".to_owned() }
}
