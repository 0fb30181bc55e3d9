// SPDX-License-Identifier: MIT OR Apache-2.0
//! ksymoops step by step.

use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use libksym::Sources;
use libmodsys::{Kernel, KmsgReader};
use liboops::pstore;
use modcli::{Invocation, Level, Output, Status, long_version, parse, without_os_error};

use super::args::{Args, Colour, Format, command};
use super::log_file::{self, LogFile};
use super::progress::Progress;
use super::session::{Outcome, Session, UNWRITTEN};
use super::{addresses, classic, serve, setup, source_list};
use crate::Warning;
use crate::classic::TARGETS;
use crate::head::Searched;
use crate::render::{Annotated, Html, Json, Look, MAX_COLUMNS, Render, Shown, SourceFolder};

/// Runs ksymoops.
pub fn run(invocation: &Invocation, kernel: &dyn Kernel, output: &mut Output) -> ExitCode {
    let matches = match parse(command(), invocation, output) {
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
    if let Some(list) = target_list(&args) {
        output.print(format_args!("{list}"));
        return ExitCode::SUCCESS;
    }
    if args.serve {
        return serve::run(&args, kernel, output, &warnings);
    }
    match decode_all(&args, kernel, output, warnings) {
        Ok(Outcome { reports: 0, .. }) if args.fail_if_none => ExitCode::from(2),
        Ok(Outcome { reports: 0, .. }) if args.one_shot() => ExitCode::from(3),
        Ok(outcome) if outcome.warned => ExitCode::from(1),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(without_os_error(&format!("{error:#}")));
            ExitCode::from(2)
        }
    }
}

/// What `-t ?` and `-a ?` list.
fn target_list(args: &Args) -> Option<String> {
    let asks = |option: &[String]| option.last().is_some_and(|name| name == "?");
    let names: Vec<_> = match (asks(&args.target), asks(&args.architecture)) {
        (true, _) => TARGETS.iter().map(|target| target.name).collect(),
        (false, true) => TARGETS.iter().map(|target| target.architecture).collect(),
        (false, false) => return None,
    };
    Some(format!("{}\n", names.join("\n")))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn decode_all(
    args: &Args,
    kernel: &dyn Kernel,
    output: &mut Output,
    mut warnings: Vec<Warning>,
) -> Result<Outcome> {
    if let Some(file) = args.save_map.last() {
        classic::save_map(args, kernel, file, &mut warnings)?;
    }
    if args.format == Format::Ksymoops {
        return classic::run(args, kernel, output, warnings);
    }
    let decoder = setup::decoder(args, kernel, &mut warnings)?;
    say_sources(args, &decoder.sources, output);
    let mut searched = Searched::of(&decoder.sources);
    searched.has_servers = decoder.servers.is_some();
    let renderer = renderer(args, searched);
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut session = Session::new(decoder, renderer, out, output, args.one_shot());
    session.names_logs(args.files.len() > 1);
    for warning in &warnings {
        session.warn(warning);
    }
    for text in &args.addresses {
        match addresses::block(text) {
            Some(block) => session.block(&block).context(UNWRITTEN)?,
            None => session.warn(&Warning::NoAddress { text: text.clone() }),
        }
    }
    if args.dmesg {
        let log = KmsgReader::open().context("cannot read the kernel's log, /dev/kmsg")?;
        session.read("the kernel's log", log).context(UNWRITTEN)?;
    }
    read_files(args, &mut session)?;
    if args.files.is_empty() && !args.dmesg && args.addresses.is_empty() {
        let log = log_file::open(Path::new("-")).context("cannot read standard input")?;
        read_log("standard input", log, &mut session)?;
    }
    session.finish().context(UNWRITTEN)
}

/// `-d`
fn say_sources(args: &Args, sources: &Sources, output: &mut Output) {
    if args.debug > 0 {
        source_list::lines(sources).iter().for_each(|line| output.always(Level::Debug, line));
    }
}

fn renderer(args: &Args, searched: Searched) -> Box<dyn Render> {
    let terminal = io::stdout().is_terminal();
    let colour = match args.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let shown = match (args.summary, args.frames, args.only_reports) {
        (true, ..) => Shown::Summary,
        (_, true, _) => Shown::Frames,
        (_, _, true) => Shown::OnlyReports,
        _ => Shown::Everything,
    };
    match args.format {
        Format::Annotated => {
            let look = Look { colour, terminal, links: terminal && has_links(), columns: columns(), shown };
            let sources_of_kernel = args.source.clone().map(SourceFolder::new);
            Box::new(Annotated::new(look, searched).with_sources(sources_of_kernel))
        }
        Format::Html => {
            let sources_of_kernel = args.source.clone().map(SourceFolder::new);
            Box::new(Html::new(shown, searched, sources_of_kernel))
        }
        // The classic output has a run of its own.
        Format::Json | Format::Ksymoops => Box::new(Json),
    }
}

/// Whether standard output is a terminal that shows links.
fn has_links() -> bool {
    supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// The columns of the terminal, as far as they are used.
fn columns() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout());
    terminal.map_or(MAX_COLUMNS, |(width, _)| usize::from(width.0).min(MAX_COLUMNS))
}

/// Reads the logs that are named. One that cannot be read does not keep the others from being read.
fn read_files(args: &Args, session: &mut Session<'_, impl Write>) -> Result<()> {
    // Parts of one log that was kept over a crash, each in a file of its own.
    let mut parts = Parts::default();
    for path in &args.files {
        let name = log_file::name(path);
        match log_file::open(path) {
            Ok(LogFile { reader, is_part: true, .. }) => {
                if let Err(error) = parts.add(&name, reader) {
                    session.error(&format!("{name}: {error}"));
                }
            }
            Ok(log) => {
                parts.read(session)?;
                read_log(&name, log, session)?;
            }
            Err(error) => session.error(&format!("{name}: {error}")),
        }
    }
    parts.read(session)
}

fn read_log(name: &str, log: LogFile, session: &mut Session<'_, impl Write>) -> Result<()> {
    if let Some(patience) = &log.patience {
        patience.lost();
    }
    session.read(name, Progress::new(log.reader, log.length)).context(UNWRITTEN)
}

/// Parts of one log, in the order in which they are named.
#[derive(Default)]
struct Parts {
    names: Vec<String>,
    text: Vec<u8>,
}

impl Parts {
    fn add(&mut self, name: &str, reader: impl Read) -> io::Result<()> {
        self.names.push(name.to_owned());
        let result = reader.take(pstore::MAX_BYTES).read_to_end(&mut self.text);
        if !self.text.ends_with(b"\n") {
            self.text.push(b'\n');
        }
        result.map(drop)
    }

    /// Reads the parts so far as one log.
    fn read(&mut self, session: &mut Session<'_, impl Write>) -> Result<()> {
        let Self { names, text } = std::mem::take(self);
        if !names.is_empty() {
            session.read(&names.join(", "), &*text).context(UNWRITTEN)?;
        }
        Ok(())
    }
}
