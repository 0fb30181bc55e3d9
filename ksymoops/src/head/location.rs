// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where it happened: function, file and line, what called it, and the first entry of a module.

use libksym::Answer;
use liboops::report::{Frame, Kind, Origin, Place, Report, Trace};

use super::named_functions::{Passed, is_added, is_entry, is_of_caller, is_passed, is_thunk};
use super::{BuildRoot, Fact};
use crate::decode::{Annotation, AnnotationKind};

/// So many callers are named at most.
const MAX_CALLERS: usize = 6;

/// And so many functions that may have been on the stack.
const MAX_UNCERTAIN: usize = 4;

/// What was found out about the places of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookedUp<'a> {
    pub annotations: &'a [&'a Annotation],
    pub root: &'a BuildRoot,
}

impl LookedUp<'_> {
    fn answer(&self, place: &Place) -> Option<&Answer> {
        self.annotations.iter().find_map(|annotation| match &annotation.kind {
            AnnotationKind::Code { answer, .. } if annotation.span == place.span => Some(answer),
            _ => None,
        })
    }

    /// `m_put+0x13/0xf0 [m] at drivers/m.c:12:3`
    fn fact(&self, place: &Place) -> Fact {
        let answer = self.answer(place);
        let mut fact = Fact::new(name(place, answer));
        let [location] = answer.map(|answer| answer.candidates.as_slice()).unwrap_or_default() else {
            let several = answer.map_or(0, |answer| answer.candidates.len());
            if several > 1 {
                fact.text.push_str(&format!(" ({several} functions have this name)"));
            } else if let Some(source) = &place.source {
                fact.text.push_str(&format!(" at {}", self.root.stripped_text(source)));
            }
            return fact;
        };
        let lines = |frame| self.root.source_line(frame);
        let (Some(inner), Some(outer)) = (location.frames.first(), location.frames.last()) else {
            return fact;
        };
        if let Some(line) = lines(outer) {
            fact.text.push_str(&format!(" at {}", line.shown));
            fact.sources.push(line);
        }
        if location.frames.len() > 1 {
            let function = inner.function.as_deref().unwrap_or("a function");
            fact.text.push_str(&format!(", in {function}"));
            if let Some(line) = lines(inner) {
                fact.text.push_str(&format!(" at {}", line.shown));
                fact.sources.push(line);
            }
        }
        fact
    }
}

/// A place as the log has it: `m_put+0x13/0xf0 [m]`.
#[must_use]
pub fn place_name(place: &Place) -> String {
    name(place, None)
}

/// `m_put+0x13/0xf0 [m]`; an address, if the log has no symbol.
fn name(place: &Place, answer: Option<&Answer>) -> String {
    let found = answer.and_then(|answer| answer.candidates.first());
    let (function, offset, size, module) = match (&place.symbol, found) {
        (Some(_), _) => (part(place), place.offset, place.size, place.module.as_deref()),
        (None, Some(found)) => (found.symbol.clone(), found.offset, found.size, found.module.as_deref()),
        (None, None) => {
            return place.address.map_or_else(|| "unknown".to_owned(), |it| format!("{:#x}", it.0));
        }
    };
    let mut text = function;
    if !place.is_decoded() {
        text.push_str(&format!("+{offset:#x}"));
    }
    if let Some(size) = size {
        text.push_str(&format!("/{size:#x}"));
    }
    if let Some(module) = module {
        text.push_str(&format!(" [{module}]"));
    }
    text
}

/// The function; `f.cold`, if the offset is one in the part of it that the compiler has put elsewhere.
fn part(place: &Place) -> String {
    let function = place.function().unwrap_or_default();
    let is_part = |symbol: &&String| symbol.contains(".cold") && symbol.starts_with(&function);
    place.symbol.as_ref().filter(is_part).cloned().unwrap_or(function)
}

pub(super) fn facts(report: &Report, looked_up: &LookedUp<'_>) -> Vec<Fact> {
    let passed = match report.kind {
        Kind::HungTask | Kind::AtomicSleep | Kind::Lockdep | Kind::MemoryLeak => Passed::Waiting,
        Kind::SoftLockup | Kind::HardLockup | Kind::RcuStall => Passed::Interrupting,
        _ => Passed::Reporting,
    };
    let own: Vec<&Frame> = report.frames.iter().filter(|frame| is_own(frame)).collect();
    // A processor that is stuck is asked by an interrupt. It may be stuck in another one: then the trace
    // begins there, and not with the functions that ask.
    let outside: Vec<&Frame> = own.iter().copied().filter(|frame| !is_interrupt(frame)).collect();
    let is_asked =
        report.fault().is_none() || own.first().is_some_and(|frame| says_nothing(&frame.place, passed));
    let is_outside = passed == Passed::Interrupting && is_asked && !outside.is_empty();
    let own = if is_outside { outside } else { own };
    let Some(place) = primary(report, &own, passed) else {
        return uncertain(report, passed).into_iter().collect();
    };
    let mut facts = vec![looked_up.fact(place)];
    let after = after(place, &own, passed);
    let callers: Vec<String> = after
        .iter()
        .map_while(|frame| frame.place.function().filter(|function| !is_entry(function)))
        .take(MAX_CALLERS)
        .collect();
    if !callers.is_empty() {
        facts.push(Fact::new(format!("called by {}", callers.join(" < "))));
    }
    let in_module = after.iter().map(|frame| &frame.place).find(|place| place.module.is_some());
    if let Some(in_module) = in_module.filter(|_| place.module.is_none()) {
        let mut fact = looked_up.fact(in_module);
        fact.text.insert_str(0, "first in a module: ");
        facts.push(fact);
    }
    facts
}

/// Functions that the unwinder has found on the stack and does not vouch for, if it vouches for none.
fn uncertain(report: &Report, passed: Passed) -> Option<Fact> {
    let mut names: Vec<String> = Vec::new();
    for frame in report.frames.iter().filter(|frame| frame.trace == Trace::Own) {
        if !frame.place.unreliable {
            return None;
        }
        let function = frame.place.function().filter(|_| !says_nothing(&frame.place, passed));
        names.extend(function.filter(|function| !is_thunk(function) && !names.contains(function)));
    }
    names.truncate(MAX_UNCERTAIN);
    let listed = names.join(", ");
    (!names.is_empty()).then(|| Fact::new(format!("uncertain, as all entries are marked ?: {listed}")))
}

fn is_own(frame: &Frame) -> bool {
    frame.trace == Trace::Own && !frame.place.unreliable && frame.place.symbol.is_some()
}

fn is_interrupt(frame: &Frame) -> bool {
    frame.context.as_deref().is_some_and(|context| context.contains("IRQ") || context.contains("NMI"))
}

/// The place that the report is about.
fn primary<'r>(report: &'r Report, own: &[&'r Frame], passed: Passed) -> Option<&'r Place> {
    let pointers =
        || report.states.iter().filter(|state| !matches!(state.origin, Origin::User | Origin::Repeat));
    let fault = || {
        let fault = report.fault().and_then(|state| state.pc.as_ref());
        fault.or_else(|| pointers().find_map(|state| state.pc.as_ref().filter(|pc| pc.symbol.is_some())))
    };
    let is_named = |place: &&Place| !says_nothing(place, passed);
    let title = report.title.span;
    let mention = || {
        let in_title = |place: &&Place| title.start <= place.span.start && place.span.end <= title.end;
        report.mentions.iter().filter(is_named).find(in_title)
    };
    let frame = || {
        let first = || own.first().map(|frame| &frame.place);
        // Of a log that was cut there may be nothing but what reports.
        let first = || first().filter(|place| !says_nothing(place, Passed::Reporting));
        own.iter().map(|frame| &frame.place).find(is_named).or_else(first)
    };
    match report.kind {
        Kind::Kasan
        | Kind::Kmsan
        | Kind::Kcsan
        | Kind::Kfence
        | Kind::Ubsan
        | Kind::BadPage
        | Kind::Slub
        | Kind::Panic => mention().or_else(frame).or_else(fault),
        Kind::MemoryLeak => {
            let allocated = report.frames.iter().map(|frame| &frame.place).find(is_named);
            allocated.or_else(mention)
        }
        // What the compiler has added is everywhere, and so in every loop.
        Kind::SoftLockup | Kind::HardLockup | Kind::RcuStall => {
            let is_own = |place: &&Place| place.function().is_none_or(|function| !is_added(&function));
            fault().filter(is_own).or_else(mention).or_else(frame).or_else(fault)
        }
        Kind::Lockdep | Kind::HungTask | Kind::AtomicSleep => frame().or_else(mention).or_else(fault),
        // Of a log that was cut, the line of the instruction pointer may be all that there is.
        Kind::PageFault | Kind::GeneralProtection => {
            let pointer = || report.mentions.iter().filter(is_named).find(|place| place.exact);
            let is_own = |place: &&Place| place.function().is_none_or(|function| !is_thunk(&function));
            fault().filter(is_own).or_else(mention).or_else(frame).or_else(fault).or_else(pointer)
        }
        _ => {
            let is_own = |place: &&Place| place.function().is_none_or(|function| !is_of_caller(&function));
            let caller = || own.iter().map(|frame| &frame.place).filter(is_named).find(is_own);
            let checks = || fault().or_else(mention).or_else(frame);
            checks().filter(is_own).or_else(caller).or_else(checks)
        }
    }
}

/// The entries of the trace behind the place, without those of the exception.
fn after<'r, 'f>(place: &Place, own: &'f [&'r Frame], passed: Passed) -> &'f [&'r Frame] {
    let is_same = |frame: &Frame| frame.place.symbol == place.symbol && frame.place.module == place.module;
    let found = own.iter().position(|frame| place.symbol.is_some() && is_same(frame));
    let begin = found.map_or(0, |at| at.saturating_add(1));
    let rest = own.get(begin..).unwrap_or_default();
    let skipped =
        rest.iter().take_while(|frame| is_same(frame) || says_nothing(&frame.place, passed)).count();
    rest.get(skipped..).unwrap_or_default()
}

/// Whether a function is in the trace because of the report, or in every trace.
fn says_nothing(place: &Place, passed: Passed) -> bool {
    place.function().is_none_or(|function| is_passed(&function, passed) || is_entry(&function))
}
