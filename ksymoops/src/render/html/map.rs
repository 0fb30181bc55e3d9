// SPDX-License-Identifier: MIT OR Apache-2.0
//! What registers point to: a map of the persistent sections, and where the other addresses are.

use std::collections::BTreeMap;
use std::io::{self, Write};

use liboops::report::{Origin, Register, Report, State};

use super::markup;
use crate::decode::{Annotation, AnnotationKind};
use crate::persistent::PersistentAddress;
use crate::render::report_view::ReportView;
use crate::render::text;

/// The kernel's stacks are not larger.
const STACK_BYTES: u64 = 16 << 10;
/// The first page is never mapped.
const PAGE_BYTES: u64 = 4096;
/// Smaller numbers are no addresses of the kernel, on processors with 64 bits.
const KERNEL: u64 = 1 << 63;
/// The width of a section's bar, in its own units.
const BAR: u64 = 1000;

/// What a register points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    pub words: String,
    /// The region of the map.
    pub region: String,
    /// The persistent section, and the offset in it.
    pub section: Option<(u64, u64, u64)>,
    /// It is the address whose access failed.
    pub is_fault: bool,
}

/// What a register points to, if that can be told.
pub(super) fn meaning(
    report: &Report,
    state: &State,
    register: &Register,
    view: &ReportView<'_>,
) -> Option<Meaning> {
    let value = register.value.0;
    let lines = |annotation: &Annotation| {
        let words: Vec<String> = text::lines(&annotation.kind, Some(&view.common))
            .into_iter()
            .map(|line| line.text.split_once(": ").map_or(line.text.clone(), |(_, rest)| rest.to_owned()))
            .collect();
        words.join("; ")
    };
    let is_fault = report.fault_address() == Some(value) && state.origin == Origin::Fault;
    if let Some(annotation) = view.at(register.span) {
        let words = lines(annotation);
        match &annotation.kind {
            AnnotationKind::Persistent { address, .. } => {
                let region = section_name(address);
                let section = Some((address.section_address.0, address.section_size, address.offset));
                return Some(Meaning { words, region, section, is_fault });
            }
            AnnotationKind::Token { address, .. } => {
                let length = address.length.unwrap_or(1);
                let region = format!("token {:?}, {length} bytes", address.token);
                let section = Some((address.target.0, length, address.offset));
                return Some(Meaning { words, region, section, is_fault });
            }
            AnnotationKind::Data { .. } => {
                return Some(Meaning {
                    words,
                    region: "the kernel and its modules".into(),
                    section: None,
                    is_fault,
                });
            }
            _ => {}
        }
    }
    let stack = ["RSP", "ESP", "sp", "SP", "x31"].iter().find_map(|name| state.register(name));
    let is_number = matches!(register.name, "CS" | "DS" | "ES" | "FS" | "GS" | "SS" | "CR0" | "CR3" | "CR4");
    let is_number = is_number || register.name.ends_with("FLAGS") || register.name.starts_with("knl");
    let (words, region) = match value {
        _ if is_number => return None,
        _ if value < PAGE_BYTES && is_fault => ("the first page", "the first page, which is never mapped"),
        _ if value < PAGE_BYTES => return None,
        _ if stack.is_some_and(|stack| stack / STACK_BYTES == value / STACK_BYTES) => ("stack", "the stack"),
        _ if value >= KERNEL && is_fault => ("the fault address", "other addresses of the kernel"),
        _ if (KERNEL..u64::MAX - PAGE_BYTES).contains(&value) => ("", "other addresses of the kernel"),
        _ => return None,
    };
    let words = match (is_fault, words) {
        (true, "the fault address") => words.to_owned(),
        (true, _) => format!("{words}: the fault address"),
        (false, _) => words.to_owned(),
    };
    Some(Meaning { words, region: region.to_owned(), section: None, is_fault })
}

fn section_name(address: &PersistentAddress) -> String {
    format!("{} of {}, {} bytes", address.section, address.owner, address.section_size)
}

pub(super) fn write(report: &Report, view: &ReportView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut regions: BTreeMap<String, Vec<(String, Meaning)>> = BTreeMap::new();
    for state in report.states.iter().filter(|state| state.origin == Origin::Fault) {
        for register in &state.registers {
            if let Some(found) = meaning(report, state, register, view) {
                regions.entry(found.region.clone()).or_default().push((register.name.to_owned(), found));
            }
        }
    }
    if regions.is_empty() {
        return Ok(());
    }
    markup::fold(out, "map: where registers point to", true)?;
    for (region, pointers) in &regions {
        writeln!(out, "<div class=\"map\"><div class=\"soft\">{}</div>", markup::text(region))?;
        if let Some((_, size, _)) = pointers.iter().find_map(|(_, found)| found.section) {
            bar(size, pointers, out)?;
        }
        write!(out, "<div class=\"chips mono\">")?;
        for (name, found) in pointers {
            let class = if found.is_fault { " class=\"bad\"" } else { "" };
            let offset = found.section.map(|(_, _, offset)| format!(" +{offset:#x}")).unwrap_or_default();
            write!(out, "<span{class}>{}{offset}</span>", markup::text(name))?;
        }
        writeln!(out, "</div></div>")?;
    }
    writeln!(out, "</details>")
}

/// A section as a bar, with a line for each pointer into it.
fn bar(size: u64, pointers: &[(String, Meaning)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<svg viewBox=\"0 0 {BAR} 40\" preserveAspectRatio=\"none\" role=\"img\">")?;
    writeln!(out, "<rect x=\"1\" y=\"8\" width=\"{}\" height=\"24\"/>", BAR.saturating_sub(2))?;
    for (name, found) in pointers {
        let Some((_, _, offset)) = found.section else { continue };
        let at = u128::from(offset).saturating_mul(BAR.into()).checked_div(size.into()).unwrap_or(0);
        let at = at.min(u128::from(BAR));
        writeln!(
            out,
            "<line x1=\"{at}\" y1=\"2\" x2=\"{at}\" y2=\"38\"><title>{}</title></line>",
            markup::text(name)
        )?;
    }
    writeln!(out, "</svg>")
}
