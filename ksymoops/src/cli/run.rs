// SPDX-License-Identifier: MIT OR Apache-2.0
//! ksymoops step by step.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::FromArgMatches;
use libmodsys::Kernel;
use modcli::{Invocation, Output, Status, long_version, parse};

use super::input::KernelLog;
use super::progress::Progress;
use super::{Args, Colour, Format, args, setup};
use crate::decode::Decoder;
use crate::parse::{self as log, Event};
use crate::render::{Annotated, Json, Render};

/// Runs ksymoops.
pub fn run(invocation: &Invocation, kernel: &dyn Kernel, output: &mut Output) -> ExitCode {
    let matches = match parse(args::command(), invocation, output) {
        Ok(matches) => matches,
        Err(Status::Success) => return ExitCode::SUCCESS,
        Err(Status::Failure) => return ExitCode::from(2),
    };
    let args = match Args::from_arg_matches(&matches) {
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
    match decode_all(&args, kernel, output) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
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

/// Whether everything could be read.
fn decode_all(args: &Args, kernel: &dyn Kernel, output: &mut Output) -> Result<bool> {
    let mut warnings = Vec::new();
    let decoder = setup::decoder(args, kernel, &mut warnings)?;
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
    let mut job = Job { decoder, render, out: BufWriter::with_capacity(1 << 16, io::stdout().lock()) };
    let mut whole = true;
    for text in &args.addresses {
        job.read(addresses(text).as_bytes(), output)?;
    }
    if args.dmesg {
        job.read(KernelLog::open().context("cannot read the kernel's log, /dev/kmsg")?, output)?;
    }
    for path in &args.files {
        match File::open(path) {
            Ok(file) => {
                let length = file.metadata().ok().map(|data| data.len());
                job.read(Progress::new(file, length), output).with_context(|| path.display().to_string())?;
            }
            Err(error) => {
                output.error(format_args!("{}: {error}", path.display()));
                whole = false;
            }
        }
    }
    if args.files.is_empty() && !args.dmesg && args.addresses.is_empty() {
        job.read(Progress::new(io::stdin().lock(), None), output)?;
    }
    job.render.finish(&mut job.out)?;
    job.out.flush()?;
    Ok(whole)
}

struct Job<W: Write> {
    decoder: Decoder,
    render: Box<dyn Render>,
    out: W,
}

impl<W: Write> Job<W> {
    fn read(&mut self, input: impl Read, output: &mut Output) -> io::Result<()> {
        log::stream(input, |event| match event {
            Event::Text(text) => self.render.text(text, &mut self.out),
            Event::Block(block) => {
                let findings = self.decoder.decode(&block);
                for warning in self.decoder.take_warnings() {
                    output.always(modcli::Level::Warning, warning);
                }
                self.render.block(&block, &findings, &mut self.out)?;
                self.out.flush()
            }
        })
    }
}

/// Addresses as a trace: words of at least 4 hexadecimal digits.
fn addresses(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let digits = words.map(|word| word.strip_prefix("0x").unwrap_or(word));
    let found = digits
        .filter(|word| (4..=16).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let frames: String = found.map(|word| format!(" [<{word:0>16}>] 0x{word}\n")).collect();
    format!("BUG: addresses given by option\nCall Trace:\n{frames}")
}
