// SPDX-License-Identifier: MIT OR Apache-2.0
//! Annotations as lines of text, without the log's own text.

use libksym::{Answer, Location, Unresolved};

use super::annotation_line::{AnnotationLine, Style};
use super::instructions;
use crate::decode::AnnotationKind;
use crate::head::{self, BuildRoot, Common};
use crate::persistent::{PersistentAddress, TokenAddress};

/// Returns the lines of an annotation. With `common`, they leave out what the head of their report says.
pub(super) fn lines(kind: &AnnotationKind, common: Option<&Common>) -> Vec<AnnotationLine> {
    match kind {
        AnnotationKind::Summary(lines) => {
            lines.iter().map(|text| AnnotationLine::new(Style::Plain, text)).collect()
        }
        AnnotationKind::Code { label, name, answer } => code(*label, name, answer, common),
        AnnotationKind::Persistent { label, address } => {
            let text = format!("{label} {:#x}: {}", address.address.0, persistent(address, common));
            vec![AnnotationLine::new(Style::Persistent, text)]
        }
        AnnotationKind::Token { label, address } => {
            let text = format!("{label} {:#x}: {}", address.address.0, token(address));
            vec![AnnotationLine::new(Style::Persistent, text)]
        }
        AnnotationKind::Data { label, address, answer } => {
            let names: Vec<_> = answer.candidates.iter().map(symbol).collect();
            let text = format!("{label} {address:#x}: {}", names.join(" or "));
            vec![AnnotationLine::new(Style::Found, text)]
        }
        AnnotationKind::Explained(words) => vec![AnnotationLine::new(Style::Plain, words)],
        AnnotationKind::Instructions(listing) => instructions::lines(listing),
        AnnotationKind::CalledAddress(address) => {
            // The first page is never mapped.
            let why = if *address < 0x1000 { ": a null function pointer" } else { "" };
            vec![AnnotationLine::new(
                Style::Failed,
                format!("calls address {address:#x}, where no code is{why}"),
            )]
        }
        AnnotationKind::Why(statements) => {
            let below = statements.iter().filter(|one| common.is_none() || head::is_below_report(one));
            below.map(|one| AnnotationLine::new(Style::Failed, &one.text)).collect()
        }
        AnnotationKind::NoInstructions(why) => {
            vec![AnnotationLine::new(Style::Unknown, format!("code unknown: {why}"))]
        }
    }
}

/// `token "foo_p"+0x10, hits[1] of struct foo; 40 bytes at 0x1000; by the running kernel`
fn token(address: &TokenAddress) -> String {
    let length = address.length.map(|length| format!("{length} bytes ")).unwrap_or_default();
    format!("{}; {length}at {:#x}; by {}", address.with_field(), address.target.0, address.source)
}

/// A place in code: its function, file and line, then the functions that it was inlined into.
pub(super) fn code(
    label: Option<&'static str>,
    name: &str,
    answer: &Answer,
    common: Option<&Common>,
) -> Vec<AnnotationLine> {
    let whole = BuildRoot::default();
    let root = common.map_or(&whole, |common| &common.root);
    let head = label.map(|label| format!("{label} ")).unwrap_or_default();
    if answer.candidates.is_empty() {
        // That the kernel's symbols are missing is said once for the whole report.
        return match &answer.unresolved {
            None | Some(Unresolved::NoKernel) => Vec::new(),
            Some(why) => vec![AnnotationLine::new(Style::Unknown, format!("{head}{name}: unknown: {why}"))],
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
            lines.push(AnnotationLine::new(style, format!("{head}{which}{}{why}", symbol(candidate))));
        }
        for (depth, frame) in candidate.frames.iter().enumerate() {
            let function = frame.function.as_deref().unwrap_or("unknown function");
            let mut text = if depth == 0 {
                format!("{head}{which}{function}")
            } else {
                format!("  inlined into {function}")
            };
            let source = root.source_line(frame);
            if let Some(source) = &source {
                text.push_str(&format!(" at {}", source.shown));
            }
            let mut line = AnnotationLine::new(Style::Found, text);
            line.sources.extend(source);
            lines.push(line);
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

/// Owner, field, section, whether the owner was loaded, and where this is known from.
fn persistent(address: &PersistentAddress, common: Option<&Common>) -> String {
    let PersistentAddress { owner, section, source, .. } = address;
    let what = match (&address.path, &address.variable, address.variable_offset) {
        (Some(path), Some(variable), _) => match variable.rsplit_once(':') {
            Some((file, _)) => format!("{path} ({file})"),
            None => path.clone(),
        },
        (None, Some(variable), Some(offset)) => {
            let ty = address.type_name.as_ref().map(|ty| format!(" ({ty})")).unwrap_or_default();
            format!("{variable}+{offset:#x}{ty}, field unknown")
        }
        _ if !address.is_inside() => "just behind the end".to_owned(),
        _ => format!("{section}+{:#x}, variable unknown", address.offset),
    };
    if let Some(number) = common.and_then(|common| common.regions.number(address)) {
        return format!("persistent data of {owner}: {what} #{number}");
    }
    let discarded = if address.discarded { ", its data dropped before" } else { "" };
    format!(
        "persistent data of {owner}: {what}; {section} at {:#x}, {} bytes; {owner} {}{discarded}; \
         by {source}",
        address.section_address.0,
        address.section_size,
        address.owner_state.text(),
    )
}
