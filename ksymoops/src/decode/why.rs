// SPDX-License-Identifier: MIT OR Apache-2.0
//! What follows from the numbers of a report, put below its last line.

use libksym::code::Listing;
use liboops::explain::{Access, Facts, Statement, explain};
use liboops::report::{Block, Kind, Report};

use super::decode_context::DecodeContext;
use super::lookup::Lookup;
use super::{Annotation, AnnotationKind, Decoder, arguments, unloaded};

/// Returns what there is to say about the cause of a report, given all annotations of its block.
#[must_use]
pub fn statements(annotations: &[Annotation], report: usize) -> &[Statement] {
    let of_report = annotations.iter().filter(|annotation| annotation.report == report);
    let mut why = of_report.filter_map(|annotation| match &annotation.kind {
        AnnotationKind::Why(statements) => Some(statements.as_slice()),
        _ => None,
    });
    why.next().unwrap_or_default()
}

/// Appends the statements about one report, whose other annotations are there already.
pub(super) fn annotate(
    decoder: &Decoder,
    block: &Block,
    index: usize,
    report: &Report,
    kernel: &DecodeContext,
    annotations: &mut Vec<Annotation>,
) {
    let mut facts = Facts::new(report, block.messages(index));
    if let Some(listing) = listing(report, index, annotations) {
        let marked = listing.marked.and_then(|at| listing.instructions.get(at));
        facts.instruction = marked.filter(|one| one.valid).map(|one| one.text.clone());
        facts.accesses = listing.access.iter().map(access).collect();
    }
    facts.kasan_offset = kasan_offset(report, kernel);
    let mut statements = explain(&facts);
    let lookup = Lookup { report, kernel, field_names: &decoder.field_names };
    let listing = listing(report, index, annotations);
    arguments::explain(&lookup, listing, &facts, &mut statements);
    unloaded::explain(decoder, report, kernel, &mut statements);
    let last = block.line_of(report.span.end.saturating_sub(1).max(report.span.start));
    if let Some(line) = last.filter(|_| !statements.is_empty()) {
        let kind = AnnotationKind::Why(statements);
        annotations.push(Annotation { line, report: index, span: report.span, kind });
    }
}

/// Where KASAN's shadow is. On x86-64 it is in one place, which need not be looked for.
fn kasan_offset(report: &Report, kernel: &DecodeContext) -> Option<u64> {
    let is_wanted = matches!(report.kind, Kind::PageFault | Kind::GeneralProtection)
        && report.arch.is_some_and(|arch| arch != "x86_64");
    if !is_wanted {
        return None;
    }
    let value = kernel.resolver.kernel_option("CONFIG_KASAN_SHADOW_OFFSET")?;
    u64::from_str_radix(value.strip_prefix("0x")?, 16).ok()
}

/// The code at the fault, disassembled.
fn listing<'a>(report: &Report, index: usize, annotations: &'a [Annotation]) -> Option<&'a Listing> {
    let span = report.fault()?.code.as_ref()?.span;
    annotations.iter().find_map(|annotation| match &annotation.kind {
        AnnotationKind::Instructions(listing) if annotation.report == index && annotation.span == span => {
            Some(&**listing)
        }
        _ => None,
    })
}

fn access(access: &libksym::code::Access) -> Access {
    let mut own = Access::new(access.operand.clone());
    own.size = access.size as u64;
    own.registers.clone_from(&access.registers);
    (own.address, own.is_fault) = (access.address, access.is_fault);
    own
}
