// SPDX-License-Identifier: MIT OR Apache-2.0
//! ksymoops step by step.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use libmodsys::Kernel;
use modcli::{Invocation, Output, Status, long_version, parse};

use super::input::KernelLog;
use super::progress::Progress;
use super::{Args, Colour, Format, adhoc, args, setup};
use crate::decode::Decoder;
use crate::render::clean::cleaned;
use crate::render::{Annotated, Json, Render};
use liboops::report::Block;
use liboops::{self as log, Event, pstore};

/// Runs ksymoops.
pub fn run(invocation: &Invocation, kernel: &dyn Kernel, output: &mut Output) -> ExitCode {
    let matches = match parse(args::command(), invocation, output) {
        Ok(matches) => matches,
        Err(Status::Success) => return ExitCode::SUCCESS,
        Err(Status::Failure) => return ExitCode::from(2),
    };
    let mut warnings = Vec::new();
    let args = match Args::new(&matches, &mut warnings) {
        Ok(args) => args,
        Err(error) => {
            output.error(error);
            return ExitCode::from(2);
        }
    };
    if args.version {
        output.print(format_args!("ksymoops {}\n", long_version()));
        return ExitCode::SUCCESS;
    }
    match decode_all(&args, kernel, output, warnings) {
        Ok(Outcome { reports: 0, .. }) if args.one_shot => ExitCode::from(3),
        Ok(outcome) if outcome.warned => ExitCode::from(1),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(format_args!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// How it went.
#[derive(Debug, Clone, Copy, Default)]
struct Outcome {
    /// A warning or an error was printed.
    warned: bool,
    /// Blocks with reports.
    reports: u64,
}

fn decode_all(
    args: &Args,
    kernel: &dyn Kernel,
    output: &mut Output,
    mut warnings: Vec<String>,
) -> Result<Outcome> {
    let decoder = setup::decoder(args, kernel, &mut warnings)?;
    let warned = !warnings.is_empty();
    for warning in warnings {
        output.always(modcli::Level::Warning, warning);
    }
    let terminal = io::stdout().is_terminal();
    let colour = match args.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let render: Box<dyn Render> = match args.format {
        Format::Annotated => Box::new(Annotated { colour, terminal }),
        Format::Json => Box::new(Json),
    };
    let mut job = Job {
        decoder,
        render,
        out: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
        outcome: Outcome { warned, reports: 0 },
        said: HashSet::new(),
        one_shot: args.one_shot,
    };
    for text in &args.addresses {
        match adhoc::block(text) {
            Some(block) => job.block(&block, output)?,
            None => job.warn(format!("-A: no address of at least 4 hexadecimal digits in {text:?}"), output),
        }
    }
    if args.dmesg {
        job.read(KernelLog::open().context("cannot read the kernel's log, /dev/kmsg")?, output)?;
    }
    // Parts of one log that was kept over a crash, each in a file of its own.
    let mut parts = Vec::new();
    for path in &args.files {
        match open(path) {
            Ok((file, length, true)) if length.is_some_and(|length| length < pstore::MAX_BYTES) => {
                let mut text = Vec::new();
                file.take(pstore::MAX_BYTES)
                    .read_to_end(&mut text)
                    .with_context(|| path.display().to_string())?;
                if !text.ends_with(b"\n") {
                    text.push(b'\n');
                }
                parts.extend(text);
            }
            Ok((file, length, _)) => {
                job.read(&*std::mem::take(&mut parts), output)?;
                job.read(Progress::new(file, length), output).with_context(|| path.display().to_string())?;
            }
            Err(error) => {
                output.error(format_args!("{}: {error}", path.display()));
                job.outcome.warned = true;
            }
        }
    }
    job.read(&*parts, output)?;
    if args.files.is_empty() && !args.dmesg && args.addresses.is_empty() {
        job.read(Progress::new(io::stdin().lock(), None), output)?;
    }
    job.render.finish(&mut job.out)?;
    job.out.flush()?;
    Ok(job.outcome)
}

/// Opens a log; gives its length, and whether it begins with a part of a log that was kept over a crash.
fn open(path: &Path) -> io::Result<(impl Read, Option<u64>, bool)> {
    let mut file = File::open(path)?;
    let length = file.metadata().ok().filter(Metadata::is_file).map(|data| data.len());
    let mut begin = Vec::new();
    (&mut file).take(64).read_to_end(&mut begin)?;
    let is_part = pstore::begins_part(&begin);
    Ok((io::Cursor::new(begin).chain(file), length, is_part))
}

/// More different warnings than anybody reads: the same ones may come again.
const MOST_SAID: usize = 1000;

struct Job<W: Write> {
    decoder: Decoder,
    render: Box<dyn Render>,
    out: W,
    outcome: Outcome,
    said: HashSet<String>,
    one_shot: bool,
}

impl<W: Write> Job<W> {
    fn read(&mut self, input: impl Read, output: &mut Output) -> io::Result<()> {
        // Behind the first report nothing is read any more.
        let mut stopped = self.one_shot && self.outcome.reports > 0;
        if stopped {
            return Ok(());
        }
        let end = log::stream(pstore::reader(input)?, |event| match event {
            Event::Text(text) => self.render.text(text, &mut self.out),
            Event::Block(block) => {
                self.block(&block, output)?;
                stopped = self.one_shot;
                if stopped { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
            }
        });
        if stopped { Ok(()) } else { end }
    }

    fn block(&mut self, block: &Block, output: &mut Output) -> io::Result<()> {
        self.outcome.reports = self.outcome.reports.saturating_add(1);
        let findings = self.decoder.decode(block);
        for warning in self.decoder.take_warnings() {
            self.warn(warning, output);
        }
        self.render.block(block, &findings, &mut self.out)?;
        self.out.flush()
    }

    /// Warns, of each thing once.
    fn warn(&mut self, warning: String, output: &mut Output) {
        self.outcome.warned = true;
        if self.said.len() >= MOST_SAID {
            self.said.clear();
        }
        if self.said.insert(warning.clone()) {
            // Words of the log may be in it.
            output.always(modcli::Level::Warning, cleaned(&warning));
        }
    }
}
