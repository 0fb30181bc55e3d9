// SPDX-License-Identifier: MIT OR Apache-2.0
//! One run: reads logs, decodes their reports, writes the result, prints the warnings.

use std::collections::HashSet;
use std::io::{self, Read, Write};

use liboops::panic_code::{self, FoundCodes};
use liboops::report::{Block, Kind};
use liboops::{Event, pstore, stream};
use modcli::{Level, Output, without_os_error};

use super::line_count::Length;
use crate::Warning;
use crate::decode::Decoder;
use crate::input::{WithoutOwnLines, code_words};
use crate::render::Render;

/// Nobody reads this many different warnings; past it the same one may be printed again.
const MAX_REMEMBERED_WARNINGS: usize = 1000;

/// What is said before the reason if the result cannot be written.
pub(super) const UNWRITTEN: &str = "cannot write to standard output";

/// How a run went.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    /// A warning or an error was printed.
    pub warned: bool,
    /// Number of blocks with reports.
    pub reports: u64,
}

/// A run of the command.
pub(super) struct Session<'o, W: Write> {
    decoder: Decoder,
    render: Box<dyn Render>,
    out: W,
    output: &'o mut Output,
    one_shot: bool,
    names_logs: bool,
    outcome: Outcome,
    printed: HashSet<String>,
}

impl<'o, W: Write> Session<'o, W> {
    /// Writes results to `out`, and messages to `output`. With `one_shot` it stops after the first block with
    /// reports.
    pub fn new(
        decoder: Decoder,
        render: Box<dyn Render>,
        out: W,
        output: &'o mut Output,
        one_shot: bool,
    ) -> Self {
        let (outcome, printed) = (Outcome::default(), HashSet::new());
        Self { decoder, render, out, output, one_shot, names_logs: false, outcome, printed }
    }

    /// Whether the name of each log is written above it.
    pub fn names_logs(&mut self, names_logs: bool) {
        self.names_logs = names_logs;
    }

    /// Decodes a log. That it cannot be read, or has no report, is said; what was read of it is decoded.
    ///
    /// # Errors
    /// The result cannot be written.
    pub fn read(&mut self, name: &str, input: impl Read) -> io::Result<()> {
        let before = self.outcome.reports;
        if self.one_shot && before > 0 {
            return Ok(());
        }
        if self.names_logs {
            self.render.begin(name, &mut self.out)?;
        }
        let length = Length::default();
        let mut stopped = false;
        let mut unwritten = None;
        let input = match pstore::reader(length.reader(input)) {
            Ok(input) => input,
            Err(error) => {
                self.error(&format!("{name}: {error}"));
                return Ok(());
            }
        };
        let input: Box<dyn Read> = match self.render.replaces_own_lines() {
            true => Box::new(WithoutOwnLines::new(input)),
            false => Box::new(input),
        };
        let (input, codes) = panic_code::reader(input);
        let end = stream(input, |event| {
            self.say_codes(name, &codes);
            let written = match event {
                Event::Text(text) => self.render.text(text, &mut self.out).and_then(|()| self.out.flush()),
                Event::Block(mut block) => {
                    stopped = self.one_shot;
                    block.reports.iter_mut().for_each(|report| codes.complete(report));
                    self.block(&block)
                }
            };
            if let Err(error) = written {
                unwritten = Some(error);
            }
            if stopped || unwritten.is_some() { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
        });
        if let Some(error) = unwritten {
            return Err(error);
        }
        if let Err(error) = end
            && !stopped
        {
            self.error(&format!("{name}: {error}"));
        }
        self.say_codes(name, &codes);
        if self.outcome.reports == before {
            let words = length.words();
            self.output.always(Level::Notice, format_args!("no report in {name} ({words})"));
        }
        Ok(())
    }

    /// Decodes a block, and writes it at once: somebody may be following the log.
    ///
    /// # Errors
    /// The result cannot be written.
    pub fn block(&mut self, block: &Block) -> io::Result<()> {
        self.outcome.reports = self.outcome.reports.saturating_add(1);
        for report in block.reports.iter().filter(|report| report.kind == Kind::Fragment) {
            let first = &report.title.value;
            self.note(format!(
                "the beginning of a report is missing; it is decoded from this line on: {first}"
            ));
        }
        let annotations = self.decoder.decode(block);
        for warning in self.decoder.take_warnings() {
            self.warn(&warning);
        }
        self.render.block(block, &annotations, &mut self.out)?;
        self.out.flush()
    }

    /// Says of each code of a panic screen what it is from, and what is missing.
    fn say_codes(&mut self, name: &str, codes: &FoundCodes) {
        for code in codes.take_new() {
            let (is_note, text) = code_words(name, &code);
            match is_note {
                true => self.note(text),
                false => self.warn(&Warning::PanicCode { text }),
            }
        }
    }

    /// Prints a warning, each once.
    pub fn warn(&mut self, warning: &Warning) {
        self.outcome.warned = true;
        self.once(Level::Warning, without_os_error(&warning.to_string()));
    }

    /// Prints a note, each once. It does not change the exit status.
    fn note(&mut self, text: String) {
        self.once(Level::Notice, text);
    }

    fn once(&mut self, level: Level, text: String) {
        if self.printed.len() >= MAX_REMEMBERED_WARNINGS {
            self.printed.clear();
        }
        if self.printed.insert(text.clone()) {
            self.output.always(level, text);
        }
    }

    /// Prints an error that does not end the run.
    pub fn error(&mut self, text: &str) {
        self.outcome.warned = true;
        self.output.error(without_os_error(text));
    }

    /// Writes what comes last.
    ///
    /// # Errors
    /// The result cannot be written.
    pub fn finish(mut self) -> io::Result<Outcome> {
        self.render.finish(&mut self.out)?;
        self.out.flush()?;
        Ok(self.outcome)
    }
}
