// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `liboops` found in a line, for the forms that ksymoops 2.4 did not know: kernels from 2.6 on print
//! symbols, and later no addresses at all.

use liboops::report::{Block, Origin, Place, Report, Span};

use super::entry::Entry;
use super::names::AddressNames;
use super::target::Target;

/// What one line of a report holds.
pub(super) struct Reported<'b> {
    block: &'b Block,
    line: usize,
}

impl<'b> Reported<'b> {
    pub(super) fn new(block: &'b Block, line: usize) -> Self {
        Self { block, line }
    }

    /// The report that the line is in.
    pub(super) fn report(&self) -> Option<&'b Report> {
        let line = self.block.lines.get(self.line)?;
        self.block.reports.get(line.report?)
    }

    /// The message of the line.
    pub(super) fn message(&self) -> Option<String> {
        let line = self.block.lines.get(self.line)?;
        Some(self.block.text_at(line.body))
    }

    /// The processor that the report is from.
    pub(super) fn target(&self) -> Option<Target> {
        Target::of_machine(self.report()?.arch?)
    }

    /// The program counter in this line.
    pub(super) fn program_counter(&self, names: &dyn AddressNames) -> Option<u64> {
        let states = self.report()?.states.iter();
        let places =
            states.filter(|state| state.origin != Origin::User).filter_map(|state| state.pc.as_ref());
        places.filter(|place| self.holds(place.span)).find_map(|place| self.address(place, names))
    }

    /// The frames in this line.
    pub(super) fn frames(&self, names: &dyn AddressNames) -> Vec<u64> {
        let frames = self.report().map(|report| report.frames.as_slice()).unwrap_or_default();
        let here = frames.iter().filter(|frame| self.holds(frame.place.span));
        here.filter_map(|frame| self.address(&frame.place, names)).collect()
    }

    /// The numbered registers in this line. ksymoops 2.4 looked up no others, but those of x86, which are
    /// named in the log, so that our own patterns find them.
    pub(super) fn registers(&self) -> Vec<Entry> {
        if self.target().is_some_and(|target| matches!(target.label, "EIP" | "RIP")) {
            return Vec::new();
        }
        let states = self.report().map(|report| report.states.as_slice()).unwrap_or_default();
        let all =
            states.iter().filter(|state| state.origin != Origin::User).flat_map(|state| &state.registers);
        let numbered = all.filter(|register| {
            let letters = register.name.trim_end_matches(|last: char| last.is_ascii_digit());
            letters.len() < register.name.len() && matches!(letters, "r" | "$" | "GPR" | "x")
        });
        let here = numbered.filter(|register| self.holds(register.span));
        here.map(|register| Entry::Register { name: register.name.to_owned(), value: register.value.0 })
            .collect()
    }

    fn holds(&self, span: Span) -> bool {
        self.block
            .lines
            .get(self.line)
            .is_some_and(|line| line.span.start <= span.start && span.start < line.span.end)
    }

    fn address(&self, place: &Place, names: &dyn AddressNames) -> Option<u64> {
        if let Some(address) = place.address {
            // klogd repeats lines with addresses as lines with symbols; each is to be named once.
            let text = self.block.text_at(place.span).to_ascii_lowercase();
            return text.contains(&format!("{:x}", address.0)).then_some(address.0);
        }
        let repeated = self.report().is_some_and(|report| report.places().any(|one| one.address.is_some()));
        if repeated { None } else { names.address_of(place) }
    }
}
