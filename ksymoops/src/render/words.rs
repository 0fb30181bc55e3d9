// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was found, in words: one line each, without the log's own text.

use super::code;
use crate::decode::What;
use crate::persistent::Hit;
use libksym::{Answer, Location, Unresolved};

/// A line of an annotation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Words {
    pub style: Style,
    pub text: String,
}

/// What a line of an annotation is about, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Style {
    Plain,
    Found,
    Persistent,
    Trap,
    Unknown,
}

/// The lines for a finding.
pub(super) fn of(what: &What) -> Vec<Words> {
    let line = |style, text| Words { style, text };
    match what {
        What::Summary(lines) => lines.iter().map(|text| line(Style::Plain, text.clone())).collect(),
        What::Place { label, name, answer } => place(*label, name, answer),
        What::Persistent { label, hit } => {
            vec![line(Style::Persistent, format!("{label} {:#x}: {}", hit.address.0, persistent(hit)))]
        }
        What::Data { label, address, answer } => {
            let names: Vec<_> = answer.candidates.iter().map(symbol).collect();
            vec![line(Style::Found, format!("{label} {address:#x}: {}", names.join(" or ")))]
        }
        What::Code(listing) => code::words(listing),
        What::NoCode(why) => vec![line(Style::Unknown, format!("code unknown: {why}"))],
    }
}

fn place(label: Option<&'static str>, name: &str, answer: &Answer) -> Vec<Words> {
    let head = label.map(|label| format!("{label} ")).unwrap_or_default();
    if answer.candidates.is_empty() {
        // What is missing for the whole report is said once, elsewhere.
        return match &answer.unresolved {
            None | Some(Unresolved::NoKernel) => Vec::new(),
            Some(why) => vec![Words { style: Style::Unknown, text: format!("{head}{name}: unknown: {why}") }],
        };
    }
    let mut lines = Vec::new();
    let several = answer.candidates.len() > 1;
    for (number, candidate) in answer.candidates.iter().enumerate() {
        let which = if several { format!("candidate {}: ", number.saturating_add(1)) } else { String::new() };
        if candidate.frames.is_empty() {
            let why =
                answer.unresolved.as_ref().map(|why| format!(": line unknown: {why}")).unwrap_or_default();
            let style = if why.is_empty() { Style::Found } else { Style::Unknown };
            lines.push(Words { style, text: format!("{head}{which}{}{why}", symbol(candidate)) });
        }
        for (depth, frame) in candidate.frames.iter().enumerate() {
            let function = frame.function.as_deref().unwrap_or("unknown function");
            let mut text = if depth == 0 {
                format!("{head}{which}{function}")
            } else {
                format!("  inlined into {function}")
            };
            if let Some(file) = &frame.file {
                text.push_str(&format!(" at {file}"));
                for number in [frame.line, frame.column].into_iter().flatten() {
                    text.push_str(&format!(":{number}"));
                }
            }
            lines.push(Words { style: Style::Found, text });
        }
    }
    lines
}

/// `symbol+0x1/0x2 [module]`
fn symbol(location: &Location) -> String {
    let mut text = format!("{}+{:#x}", location.symbol, location.offset);
    if let Some(size) = location.size {
        text.push_str(&format!("/{size:#x}"));
    }
    if let Some(module) = &location.module {
        text.push_str(&format!(" [{module}]"));
    }
    text
}

/// Owner, field, header, whether it was loaded, and who says so.
fn persistent(hit: &Hit) -> String {
    let what = match (&hit.path, &hit.variable, hit.variable_offset) {
        (Some(path), Some(variable), _) => match variable.rsplit_once(':') {
            Some((before, _)) => format!("{path} ({before})"),
            None => path.clone(),
        },
        (None, Some(variable), Some(offset)) => {
            let ty = hit.type_name.as_ref().map(|ty| format!(" ({ty})")).unwrap_or_default();
            format!("{variable}+{offset:#x}{ty}, field unknown")
        }
        _ if !hit.is_inside() => "just behind the end".to_owned(),
        _ => format!("{}+{:#x}, variable unknown", hit.section, hit.offset),
    };
    let dropped = if hit.discarded { ", its data dropped before" } else { "" };
    format!(
        "persistent data of {}: {what}; {} at {:#x}, {} bytes; {} {}{dropped}; by {}",
        hit.owner,
        hit.section,
        hit.section_address.0,
        hit.section_size,
        hit.owner,
        hit.owner_state.words(),
        hit.source
    )
}
