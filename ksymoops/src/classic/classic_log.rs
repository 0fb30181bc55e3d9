// SPDX-License-Identifier: MIT OR Apache-2.0
//! Goes through a log line by line.

use std::io::{self, Write};
use std::rc::Rc;

use liboops::Event;
use liboops::report::{Block, Report};
use modcli::escape;

use super::code_bytes::{self, CodeLine};
use super::entry::Entry;
use super::names::AddressNames;
use super::options::Options;
use super::registers;
use super::reported::Reported;
use super::shown::Shown;
use super::target::Target;
use super::trace::Trace;
use super::writer;
use super::{disassembly, line_text, program_counter};

/// After this many lines that are not of an oops, its `Code:` line will not come.
const MAX_OTHER_LINES: u32 = 5;

/// Hostile logs aside, an oops has some hundred entries.
const MAX_ENTRIES: usize = 100_000;

/// Gives the names for a report, or for lines outside of reports.
type NamesOf<'n> = Box<dyn FnMut(Option<&Report>) -> Rc<dyn AddressNames> + 'n>;

/// The classic output of a log.
pub struct Classic<'n> {
    options: Options,
    names_of: NamesOf<'n>,
    names: Option<Rc<dyn AddressNames>>,
    /// The report that these names are for, by where it begins in the log.
    named_report: Option<u64>,
    target: Option<Target>,
    shown: Shown,
    trace: Trace,
    s390_register: Option<u32>,
    entries: Vec<Entry>,
    program_counter: u64,
    /// Lines since the last one that was of an oops.
    other_lines: u32,
    seen: bool,
    oopses: u64,
    ad_hoc: bool,
    notes: Vec<String>,
}

impl std::fmt::Debug for Classic<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Classic")
            .field("options", &self.options)
            .field("oopses", &self.oopses)
            .finish_non_exhaustive()
    }
}

impl<'n> Classic<'n> {
    /// `names_of` is first called when the first line of an oops was seen.
    #[must_use]
    pub fn new(options: Options, names_of: impl FnMut(Option<&Report>) -> Rc<dyn AddressNames> + 'n) -> Self {
        Self {
            options,
            names_of: Box::new(names_of),
            names: None,
            named_report: None,
            target: options.target,
            shown: Shown::default(),
            trace: Trace::default(),
            s390_register: None,
            entries: Vec::new(),
            program_counter: 0,
            other_lines: 0,
            seen: false,
            oopses: 0,
            ad_hoc: false,
            notes: Vec::new(),
        }
    }

    /// How many oopses were printed.
    #[must_use]
    pub fn oopses(&self) -> u64 {
        self.oopses
    }

    /// Returns what the user should be warned of since the last call.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Adds addresses of the user's.
    pub fn ad_hoc(&mut self, addresses: &[u64]) {
        self.ad_hoc = true;
        self.entries.extend(addresses.iter().map(|address| Entry::AdHoc(*address)));
    }

    /// Reads a part of a log. Lines of text may be cut at the end of a part only if that is the end of the
    /// log.
    ///
    /// # Errors
    /// Those of the output.
    pub fn read(&mut self, event: &Event<'_>, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Text(text) => {
                for line in text.split_inclusive(|&byte| byte == b'\n') {
                    self.line(line, None, out)?;
                }
            }
            Event::Block(block) => self.block(block, out)?,
        }
        Ok(())
    }

    fn block(&mut self, block: &Block, out: &mut dyn Write) -> io::Result<()> {
        for (index, line) in block.lines.iter().enumerate() {
            self.line(block.slice(line.span), Some(&Reported::new(block, index)), out)?;
            if self.is_done() {
                break;
            }
        }
        Ok(())
    }

    /// Whether the rest of the log is not wanted.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.options.one_shot && self.oopses > 0
    }

    /// Prints what is left at the end of a log.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        // Offsets of the next log begin at 0 again.
        self.named_report = None;
        if self.entries.is_empty() || self.is_done() {
            return Ok(());
        }
        if !self.ad_hoc {
            self.without_code();
        }
        self.flush(out)
    }

    fn without_code(&mut self) {
        self.notes.push("an oops has no Code line; what there is of it is shown".to_owned());
    }

    fn names(&mut self, reported: Option<&Reported<'_>>) -> Rc<dyn AddressNames> {
        if let Some(report) = reported.and_then(Reported::report)
            && self.named_report != Some(report.title.span.start)
        {
            self.named_report = Some(report.title.span.start);
            let names = (self.names_of)(Some(report));
            self.names = Some(Rc::clone(&names));
            return names;
        }
        match &self.names {
            Some(names) => Rc::clone(names),
            None => {
                let names = (self.names_of)(None);
                self.names = Some(Rc::clone(&names));
                names
            }
        }
    }

    fn line(&mut self, line: &[u8], reported: Option<&Reported<'_>>, out: &mut dyn Write) -> io::Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let text = line_text::clean(line);
        let body = reported.and_then(Reported::message).map(|body| line_text::clean(body.as_bytes()));
        let message = line_text::message(body.as_deref().unwrap_or(&text)).to_owned();
        let is_shown = self.shown.is_shown(&message);
        let known = reported.filter(|line| line.report().is_some());
        let found = if known.is_some() || is_shown { self.found(&message, known) } else { Found::default() };
        if !is_shown && found.is_empty() {
            return self.other_line(out);
        }
        self.seen = true;
        self.other_lines = 0;
        writeln!(out, "{}", escape::line(&text))?;
        self.collect(found, &message, known, out)
    }

    /// A line that is not of an oops.
    fn other_line(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.other_lines = self.other_lines.saturating_add(1);
        let pending = !self.entries.is_empty() && self.seen;
        if pending && self.other_lines > MAX_OTHER_LINES {
            self.without_code();
            self.flush(out)?;
        }
        Ok(())
    }

    /// What a line holds, by our own patterns, or by liboops if that found more.
    fn found(&mut self, message: &str, reported: Option<&Reported<'_>>) -> Found {
        let mut found = Found::default();
        if let Some((target, address)) = program_counter::find(message) {
            found.program_counter = Some((Some(target), address));
        }
        found.returns = program_counter::returns(message);
        found.trace = self.trace.find(message);
        found.registers = registers::find(message, &mut self.s390_register);
        if let Some((name, address)) = program_counter::task(message) {
            found.task = Some(name);
            found.program_counter = address.map(|address| (None, address));
        }
        found.code = CodeLine::find(message);
        let Some(line) = reported else { return found };
        let names = self.names(reported);
        if found.program_counter.is_none() {
            found.program_counter = line.program_counter(&*names).map(|address| (line.target(), address));
        }
        let frames = line.frames(&*names);
        if frames.len() > found.trace.len() {
            found.trace = frames;
        }
        if found.registers.is_empty() && found.trace.is_empty() {
            found.registers = line.registers();
        }
        found
    }

    fn collect(
        &mut self,
        found: Found,
        message: &str,
        reported: Option<&Reported<'_>>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.entries.extend(found.task.map(Entry::Task));
        self.entries.extend(found.returns);
        if let Some((target, address)) = found.program_counter {
            let target = target.or_else(|| reported?.target());
            let target = self.set_target(target, out)?;
            self.program_counter = address & self.options.address_mask;
            self.entries.push(Entry::ProgramCounter { label: target.label, address: self.program_counter });
        }
        let mask = self.options.address_mask;
        self.entries.extend(found.trace.into_iter().map(|address| Entry::Trace(address & mask)));
        self.entries.extend(found.registers);
        self.entries.truncate(MAX_ENTRIES);
        let Some(code) = found.code else { return Ok(()) };
        let target = reported.and_then(Reported::target);
        let target = self.set_target(self.target.or(target), out)?;
        match code {
            CodeLine::Message(text) => self.notes.push(format!("no instructions in the Code line: {text}")),
            CodeLine::Bytes(chunks) => {
                let names = self.names(reported);
                self.disassemble(&chunks, message, target, &*names);
            }
        }
        self.flush(out)
    }

    fn disassemble(
        &mut self,
        chunks: &[code_bytes::Chunk],
        message: &str,
        target: Target,
        names: &dyn AddressNames,
    ) {
        let (bytes, before) = code_bytes::bytes(chunks, target, self.options.swap_endian);
        let (front, rest) = bytes.split_at_checked(before).unwrap_or((&[], &bytes));
        let start = self.program_counter.wrapping_sub(u64::try_from(before).unwrap_or(0));
        let lines = |bytes: &[u8], size: usize, start: u64, is_before: bool| {
            disassembly::lines(bytes, size, start, is_before, target, &self.options, names)
        };
        let size = code_bytes::MAX_BYTES;
        // Only x86 marks a byte; the processors that mark words have instructions of one length.
        let variable = !front.is_empty() && matches!(target.label, "EIP" | "RIP");
        let mut entries = Vec::new();
        if variable {
            entries.extend(lines(front, before, start, true));
            entries.extend(lines(rest, size.saturating_sub(before), self.program_counter, false));
        } else {
            entries.extend(lines(&bytes, size, start, false));
        }
        if target.instructions.is_none() {
            self.notes
                .push(format!("instructions of {} cannot be disassembled: {message}", target.architecture));
        }
        self.entries.extend(entries);
    }

    /// The processor: the one that the user names, or the one that prints such lines.
    fn set_target(&mut self, found: Option<Target>, out: &mut dyn Write) -> io::Result<Target> {
        let target = self.options.target.or(found).or(self.target).or_else(|| Target::of_machine("i386"));
        let Some(target) = target else { return Err(io::ErrorKind::Unsupported.into()) };
        if self.options.target.is_none() && self.target != Some(target) {
            writeln!(out, "Using defaults from ksymoops -t {} -a {}", target.name, target.architecture)?;
        }
        self.target = Some(target);
        Ok(target)
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let names = self.names(None);
        let entries = std::mem::take(&mut self.entries);
        let longest = entries.iter().map(|entry| match entry {
            Entry::ProgramCounter { address, .. } | Entry::Trace(address) | Entry::AdHoc(address) => *address,
            _ => 0,
        });
        let wide = longest.max().is_some_and(|address| address > u64::from(u32::MAX));
        let digits = self.target.map_or(if wide { 16 } else { 8 }, |target| target.digits);
        writer::write(&entries, digits, &self.options, &*names, out)?;
        if self.seen {
            self.oopses = self.oopses.saturating_add(1);
        }
        out.flush()
    }
}

/// What a line holds.
#[derive(Debug, Default)]
struct Found {
    program_counter: Option<(Option<Target>, u64)>,
    returns: Vec<Entry>,
    trace: Vec<u64>,
    registers: Vec<Entry>,
    task: Option<String>,
    code: Option<CodeLine>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.program_counter.is_none()
            && self.returns.is_empty()
            && self.trace.is_empty()
            && self.registers.is_empty()
            && self.task.is_none()
            && self.code.is_none()
    }
}
