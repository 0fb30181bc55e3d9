// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prints what was collected from an oops.

use std::io::{self, Write};

use modcli::escape;

use super::entry::{Entry, Group};
use super::names::AddressNames;
use super::options::Options;

/// Points to the line of the program counter.
const EYE_CATCHER: &str = "   <=====";

/// Prints the entries of one oops. Addresses have at least `digits` digits.
///
/// # Errors
/// Those of the output.
pub(super) fn write(
    entries: &[Entry],
    digits: usize,
    options: &Options,
    names: &dyn AddressNames,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    let name = |address: u64| names.name(address & options.address_mask);
    let mut group = None;
    let mut program_counter = 0;
    for (index, entry) in entries.iter().enumerate() {
        if let Entry::Register { value, .. } | Entry::Return { value, .. } = entry
            && !name(*value).is_found()
        {
            continue;
        }
        if group != Some(entry.group()) {
            // A task has its program counter right below it.
            if group.is_none_or(|group| group != Group::Task) && entry.group() != Group::Task {
                writeln!(out)?;
            }
            match (entry.group(), group) {
                (Group::CodeBefore, _) => writeln!(
                    out,
                    "Instructions of this processor have no fixed length: where they begin before\n{} is a guess.\n",
                    label(entries)
                )?,
                (Group::Code, Some(Group::CodeBefore)) => {
                    writeln!(out, "From {} on the instructions are certain.\n", label(entries))?;
                }
                _ => {}
            }
            group = Some(entry.group());
        }
        let mut line = |label: &str, address: u64, mark: &str| {
            let name = name(address).text(options.decimal);
            writeln!(out, "{} {address:0digits$x} {}{mark}", escape::line(label), escape::line(&name))
        };
        match entry {
            Entry::ProgramCounter { label, address } => {
                program_counter = *address;
                let mark = if *address == 0 { "" } else { EYE_CATCHER };
                line(&format!("{:<6}", format!(">>{label};")), *address, mark)?;
            }
            Entry::Return { name, value } => line(&format!("{:<6}", format!(">>{name};")), *value, "")?,
            Entry::Register { name, value } => line(&format!(">>{name};"), *value, "")?,
            Entry::Trace(address) => line("Trace;", *address, "")?,
            Entry::AdHoc(address) => line("Adhoc", *address, "")?,
            Entry::Task(task) => writeln!(out, "Proc;  {}", escape::line(task))?,
            Entry::Code { address, text, before } => {
                let next = match entries.get(index.saturating_add(1)) {
                    Some(Entry::Code { address, before: same, .. }) if same == before => Some(*address),
                    _ => None,
                };
                let is_marked =
                    program_counter >= *address && next.is_some_and(|next| program_counter < next);
                let mark = if is_marked && program_counter != 0 { EYE_CATCHER } else { "" };
                let name = name(*address).text(options.decimal);
                if options.long_lines {
                    writeln!(
                        out,
                        "Code;  {address:0digits$x} {:<30} {text}{mark}",
                        escape::line(&name).to_string()
                    )?;
                } else {
                    writeln!(out, "Code;  {address:0digits$x} {}{mark}\n{text}{mark}", escape::line(&name))?;
                }
            }
        }
    }
    writeln!(out)
}

fn label(entries: &[Entry]) -> &'static str {
    let mut labels = entries.iter().filter_map(|entry| match entry {
        Entry::ProgramCounter { label, .. } => Some(*label),
        _ => None,
    });
    labels.next_back().unwrap_or("EIP")
}
