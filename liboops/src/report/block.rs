// SPDX-License-Identifier: MIT OR Apache-2.0
//! A stretch of the log, its lines and the reports in it.

use std::collections::BTreeMap;

use super::{
    Caller, Context, FaultStatus, Frame, Hex, Kind, Origin, Place, Span, Spanned, State, Word, WordRole,
};

/// A stretch of the log with one report, or with several whose lines are interleaved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Block {
    /// Offset of the first byte in the input.
    pub base: u64,
    /// The bytes, line ends included.
    pub text: Vec<u8>,
    /// The lines in the order of the input. Together they are the text.
    pub lines: Vec<Line>,
    /// The reports, in the order of their first lines.
    pub reports: Vec<Report>,
    /// Messages that had to be put together or decoded, so that they are not simply bytes of the log. The key
    /// is the index of the message's first line.
    pub rewritten: BTreeMap<usize, Vec<u8>>,
}

impl Block {
    /// The bytes at a span. Empty if it is not in this block.
    #[must_use]
    pub fn slice(&self, span: Span) -> &[u8] {
        let at = |offset: u64| usize::try_from(offset.checked_sub(self.base)?).ok();
        let range = at(span.start).zip(at(span.end));
        range.and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default()
    }

    /// The text at a span. Invalid UTF-8 is replaced.
    #[must_use]
    pub fn text_at(&self, span: Span) -> String {
        String::from_utf8_lossy(self.slice(span)).into_owned()
    }

    /// The index of the last line of the message that a byte is in.
    #[must_use]
    pub fn line_of(&self, offset: u64) -> Option<usize> {
        let after = self.lines.partition_point(|line| line.span.start <= offset);
        let more = self.lines.iter().skip(after).take_while(|line| line.continues).count();
        after.saturating_add(more).checked_sub(1)
    }

    /// The messages of a report, each as the kernel wrote it.
    pub fn messages(&self, report: usize) -> impl Iterator<Item = &[u8]> {
        let own = self.lines.iter().enumerate();
        own.filter(move |(_, line)| line.report == Some(report) && !line.continues).map(|(index, line)| {
            self.rewritten.get(&index).map_or_else(|| self.slice(line.body), Vec::as_slice)
        })
    }
}

/// A line of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// The line with its end.
    pub span: Span,
    /// The message, without the prefix that the log put before it and without the line end.
    pub body: Span,
    /// Who printed it.
    pub caller: Option<Caller>,
    /// Index of the report that it belongs to.
    pub report: Option<usize>,
    /// It continues the message of the line before.
    pub continues: bool,
}

impl Line {
    /// A line that belongs to no report. `span` includes the line end, `body` does not.
    #[must_use]
    pub fn new(span: Span, body: Span) -> Self {
        Self { span, body, caller: None, report: None, continues: false }
    }
}

/// Registers that hold the address whose access failed, one for each architecture that has it.
const FAULT_ADDRESS_REGISTERS: [&str; 9] =
    ["CR2", "badaddr", "sbadaddr", "BadVA", "BADV", "DAR", "DEAR", "TEA", "IOR"];

/// One report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// What it is about.
    pub kind: Kind,
    /// The start line that says so.
    pub title: Spanned<String>,
    /// What the kernel said in addition: the text of a `WARN()`, or the line that explains a `BUG()`, such as
    /// `list_del corruption. ...`.
    pub message: Option<Spanned<String>>,
    /// From its first to its last line. Lines of other writers may be in between.
    pub span: Span,
    /// Who printed it.
    pub caller: Option<Caller>,
    /// When the first line was printed, in microseconds since boot, if the log has it.
    pub time_us: Option<u64>,
    /// The architecture, named as by `uname -m`, if the lines tell.
    pub arch: Option<&'static str>,
    /// The kernel, the task and the modules.
    pub context: Context,
    /// Places in start lines and other running text.
    pub mentions: Vec<Place>,
    /// Registers, instruction pointers and code.
    pub states: Vec<State>,
    /// Why the processor stopped, by its registers.
    pub fault_status: Vec<FaultStatus>,
    /// The call traces, one after the other.
    pub frames: Vec<Frame>,
    /// Addresses that are not known to be those of code.
    pub words: Vec<Word>,
    /// The kernel panicked in the end.
    pub panicked: bool,
}

impl Report {
    /// A report that has only a title.
    #[must_use]
    pub fn new(kind: Kind, title: Spanned<String>) -> Self {
        Self {
            kind,
            span: title.span,
            title,
            message: None,
            caller: None,
            time_us: None,
            arch: None,
            context: Context::default(),
            mentions: Vec::new(),
            states: Vec::new(),
            fault_status: Vec::new(),
            frames: Vec::new(),
            words: Vec::new(),
            panicked: false,
        }
    }

    /// The state of the processor at the fault.
    #[must_use]
    pub fn fault(&self) -> Option<&State> {
        self.states.iter().find(|state| state.origin == Origin::Fault)
    }

    /// The address whose access failed. On s390 it is that of the page.
    #[must_use]
    pub fn fault_address(&self) -> Option<u64> {
        let word = self.words.iter().find(|word| word.role == WordRole::FaultAddress);
        word.map(|word| word.value.0).or_else(|| {
            let is_access =
                self.kind == Kind::PageFault || self.fault_status.iter().any(FaultStatus::is_of_access);
            let state = self.fault().filter(|_| is_access)?;
            if self.fault_status.iter().any(FaultStatus::is_of_fetch) {
                return state.pc.as_ref()?.address.map(|address| address.0);
            }
            FAULT_ADDRESS_REGISTERS.iter().find_map(|name| state.register(name))
        })
    }

    /// Every place that the report names: start lines, instruction pointers, call traces.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let states = self.states.iter().flat_map(|state| state.pc.iter().chain(&state.return_address));
        self.mentions.iter().chain(states).chain(self.frames.iter().map(|frame| &frame.place))
    }

    /// Whether a module was loaded. `None` if the report lists no modules.
    #[must_use]
    pub fn had_module(&self, name: &str) -> Option<bool> {
        let modules = self.context.modules.as_ref()?;
        Some(modules.iter().any(|module| module.name == name))
    }

    /// Places with both an address and a symbol, which tell where the kernel was loaded.
    pub fn anchors(&self) -> impl Iterator<Item = (Hex, &Place)> {
        self.places()
            .filter_map(|place| Some((place.address?, place)))
            // ARM's `[<a>] (f) from` does not say where in the function the address is.
            .filter(|(_, place)| place.symbol.is_some() && (place.size.is_some() || place.offset != 0))
    }
}
