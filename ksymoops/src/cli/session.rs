// SPDX-License-Identifier: MIT OR Apache-2.0
//! One run: reads logs, decodes their reports, writes the result, prints the warnings.

use std::collections::HashSet;
use std::io::{self, Read, Write};

use liboops::report::Block;
use liboops::{Event, pstore, stream};
use modcli::{Level, Output};

use crate::Warning;
use crate::decode::Decoder;
use crate::render::Render;

/// Nobody reads this many different warnings; past it the same one may be printed again.
const MAX_REMEMBERED_WARNINGS: usize = 1000;

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
        Self { decoder, render, out, output, one_shot, outcome, printed }
    }

    /// Decodes a log.
    ///
    /// # Errors
    /// The log cannot be read, or the result cannot be written.
    pub fn read(&mut self, input: impl Read) -> io::Result<()> {
        let mut stopped = self.one_shot && self.outcome.reports > 0;
        if stopped {
            return Ok(());
        }
        let end = stream(pstore::reader(input)?, |event| match event {
            Event::Text(text) => self.render.text(text, &mut self.out),
            Event::Block(block) => {
                self.block(&block)?;
                stopped = self.one_shot;
                if stopped { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
            }
        });
        if stopped { Ok(()) } else { end }
    }

    /// Decodes a block, and writes it at once: somebody may be following the log.
    ///
    /// # Errors
    /// The result cannot be written.
    pub fn block(&mut self, block: &Block) -> io::Result<()> {
        self.outcome.reports = self.outcome.reports.saturating_add(1);
        let annotations = self.decoder.decode(block);
        for warning in self.decoder.take_warnings() {
            self.warn(&warning);
        }
        self.render.block(block, &annotations, &mut self.out)?;
        self.out.flush()
    }

    /// Prints a warning, each once.
    pub fn warn(&mut self, warning: &Warning) {
        self.outcome.warned = true;
        let text = warning.to_string();
        if self.printed.len() >= MAX_REMEMBERED_WARNINGS {
            self.printed.clear();
        }
        if self.printed.insert(text.clone()) {
            self.output.always(Level::Warning, text);
        }
    }

    /// Prints an error that does not end the run.
    pub fn error(&mut self, text: &str) {
        self.outcome.warned = true;
        self.output.error(text);
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
