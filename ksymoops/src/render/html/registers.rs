// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers, with what they point to.

use std::io::{self, Write};

use liboops::report::{Origin, Register, Report, State};

use super::map::meaning;
use super::markup;
use crate::render::report_view::ReportView;

pub(super) fn write(report: &Report, view: &ReportView<'_>, out: &mut dyn Write) -> io::Result<()> {
    for state in report.states.iter().filter(|state| !state.registers.is_empty()) {
        let is_fault = state.origin == Origin::Fault;
        let title = match state.origin {
            Origin::Fault => "registers",
            Origin::Interrupted => "registers at an interrupt",
            Origin::User => "registers of the program",
            Origin::Repeat => "registers, again",
            Origin::OtherCpu => "registers of another processor",
            _ => "more registers",
        };
        markup::fold(out, title, is_fault)?;
        writeln!(out, "<table class=\"mono\">")?;
        for register in &state.registers {
            row(report, state, register, view, out)?;
        }
        writeln!(out, "</table></details>")?;
    }
    Ok(())
}

fn row(
    report: &Report,
    state: &State,
    register: &Register,
    view: &ReportView<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let found = meaning(report, state, register, view);
    let class = match &found {
        Some(found) if found.is_fault => " class=\"fault\"",
        Some(found) if found.section.is_some() => " class=\"kept\"",
        _ => "",
    };
    let words = found.map(|found| found.words).unwrap_or_default();
    writeln!(
        out,
        "<tr{class}><td>{}</td><td class=\"value\">{:#x}</td><td>{}</td></tr>",
        markup::text(register.name),
        register.value.0,
        markup::text(&words)
    )
}
