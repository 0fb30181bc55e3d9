// SPDX-License-Identifier: MIT OR Apache-2.0
//! Goes through a report and collects what there is to say about each line.

use libksym::Answer;
use liboops::report::{Block, Hex, Origin, Place, Report, Span, State, WordRole};

use super::decode_context::DecodeContext;
use super::lookup::Lookup;
use super::{Annotation, AnnotationKind, address_space, code_line, labels};
use crate::persistent::FieldNames;

/// Appends the annotations of one report, the one at `index` in the block.
pub(super) fn annotate(
    block: &Block,
    index: usize,
    report: &Report,
    kernel: &DecodeContext,
    field_names: &FieldNames,
    annotations: &mut Vec<Annotation>,
) {
    let lookup = Lookup { report, kernel, field_names };
    let mut annotator = Annotator { block, index, lookup, annotations };
    if !kernel.summary.is_empty() {
        annotator.push(report.title.span, AnnotationKind::Summary(kernel.summary.clone()));
    }
    for place in &report.mentions {
        annotator.code(place, None);
    }
    for state in &report.states {
        annotator.state(state);
    }
    for status in &report.fault_status {
        let text = format!("{} {:#x}: {}", status.register, status.value.0, status.meaning);
        annotator.push(status.span, AnnotationKind::Explained(text));
    }
    for frame in &report.frames {
        annotator.code(&frame.place, None);
    }
    for word in &report.words {
        let (label, symbols) = match word.role {
            WordRole::FaultAddress => ("fault address", Symbols::Named),
            WordRole::Stack => ("stack", Symbols::Ignored),
            _ => ("address", Symbols::Ignored),
        };
        annotator.data(label, word.value.0, word.span, symbols);
    }
}

/// Whether an answer has the first of the source lines that the log has, which may lack folders.
fn agrees(answer: &Answer, source: &str) -> bool {
    let first = source.split_whitespace().next().unwrap_or_default();
    let Some((file, line)) = first.rsplit_once(':') else { return true };
    let Ok(line) = line.parse::<u32>() else { return true };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut frames = answer.candidates.iter().flat_map(|candidate| &candidate.frames).peekable();
    // Without debug information there is nothing to compare.
    frames.peek().is_none()
        || frames.any(|frame| {
            frame.line == Some(line) && frame.file.as_deref().is_some_and(|path| name(path) == name(file))
        })
}

/// Whether an address outside persistent data gets the name of its symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbols {
    Named,
    Ignored,
}

struct Annotator<'a> {
    block: &'a Block,
    index: usize,
    lookup: Lookup<'a>,
    annotations: &'a mut Vec<Annotation>,
}

impl Annotator<'_> {
    fn push(&mut self, span: Span, kind: AnnotationKind) {
        if let Some(line) = self.block.line_of(span.start) {
            self.annotations.push(Annotation { line, report: self.index, span, kind });
        }
    }

    /// Like `push`, below the last line of the span.
    fn push_below(&mut self, span: Span, kind: AnnotationKind) {
        if let Some(line) = self.block.line_of(span.end.saturating_sub(1).max(span.start)) {
            self.annotations.push(Annotation { line, report: self.index, span, kind });
        }
    }

    /// A place in code.
    fn code(&mut self, place: &Place, label: Option<&'static str>) {
        // Where the log has source lines in place of the offset, that is the answer.
        let Some(answer) = self.lookup.code(place).filter(|_| !place.is_decoded()) else { return };
        if answer.candidates.is_empty() && place.source.is_some() {
            return;
        }
        let differs = place.source.as_deref().filter(|source| !agrees(&answer, source));
        let log = differs.map(|source| format!("the log says {source}"));
        let name = match (&place.symbol, place.address) {
            (Some(_), _) => place.function().unwrap_or_default(),
            (None, Some(address)) => format!("{:#x}", address.0),
            (None, None) => return,
        };
        self.push(place.span, AnnotationKind::Code { label, name, answer });
        if let Some(log) = log {
            self.push(place.span, AnnotationKind::Summary(vec![log]));
        }
    }

    fn state(&mut self, state: &State) {
        if state.origin != Origin::User
            && let Some(pc) = &state.pc
        {
            self.instruction(pc, state);
        }
        if matches!(state.origin, Origin::User | Origin::Repeat) {
            return;
        }
        if let Some(address) = code_line::called_address(state, self.lookup.report)
            && let Some(pc) = &state.pc
        {
            self.push(pc.span, AnnotationKind::CalledAddress(address));
        }
        if let Some(place) = &state.return_address {
            self.code(place, Some(labels::return_address(self.lookup.report.arch)));
        }
        for register in &state.registers {
            if labels::may_point_to_data(register.name) {
                self.data(register.name, register.value.0, register.span, Symbols::Named);
            }
        }
        let Some(code) = state.code.as_ref().filter(|code| !code.bytes.is_empty()) else { return };
        for kind in code_line::annotations(code, state, &self.lookup) {
            self.push_below(code.span, kind);
        }
    }

    /// The instruction that a state is about, which may be behind the instruction pointer or before it.
    fn instruction(&mut self, pc: &Place, state: &State) {
        let label = labels::instruction_pointer(self.lookup.report.arch);
        let mut place = pc.clone();
        if let Ok(behind @ 1..) = u64::try_from(state.instruction_offset) {
            place.offset = place.offset.saturating_add(behind);
            place.address = place.address.map(|address| Hex(address.0.saturating_add(behind)));
        }
        self.code(&place, Some(label));
    }

    /// A value that may be an address of data.
    fn data(&mut self, label: &str, address: u64, span: Span, symbols: Symbols) {
        let lowest = address_space::lowest(self.lookup.report.arch);
        if address < lowest.module {
            return;
        }
        if let Some(found) = self.lookup.persistent(address) {
            let is_inside = found.is_inside();
            let (label, address) = (label.to_owned(), Box::new(found));
            self.push(span, AnnotationKind::Persistent { label, address });
            if is_inside {
                return;
            }
        }
        if let Some(found) = self.lookup.token(address) {
            let (label, address) = (label.to_owned(), Box::new(found));
            self.push(span, AnnotationKind::Token { label, address });
            return;
        }
        if symbols == Symbols::Ignored || address < lowest.symbol {
            return;
        }
        let answer = self.lookup.data(address);
        if !answer.candidates.is_empty() {
            self.push(span, AnnotationKind::Data { label: label.to_owned(), address, answer });
        }
    }
}
