// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbolizes places with one kernel file: `symbolize VMLINUX [--return] [--modules DIR]... PLACE...`
//!
//! `PLACE` is `0xADDRESS` (a linked address) or `[MODULE:]SYMBOL+OFFSET[/SIZE]`; `-` reads one a line
//! from standard input. With `--return` places are return addresses, as in call traces. For each place it
//! prints the symbol, section and linked address, and below them the functions and lines, the innermost
//! inlined one first.

use std::error::Error;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use libksym::{Answer, FileSearch, KaslrHint, Query, Resolver, Sources, Warning};

fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let run = run(std::env::args().skip(1), &mut io::stdin().lock(), &mut out);
    match run.and_then(|warnings| Ok(out.flush().map(|()| warnings)?)) {
        Ok(warnings) => {
            warnings.iter().for_each(|warning| eprintln!("symbolize: warning: {warning}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("symbolize: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the answers to `out`; returns the warnings.
pub fn run(
    mut arguments: impl Iterator<Item = String>,
    input: &mut dyn Read,
    out: &mut dyn Write,
) -> Result<Vec<Warning>, Box<dyn Error>> {
    let vmlinux = arguments.next().ok_or("usage: symbolize VMLINUX [--return] [--modules DIR] PLACE...")?;
    let mut sources = Sources::new(FileSearch::Named);
    sources.vmlinux = Some(PathBuf::from(vmlinux));
    sources.kaslr = KaslrHint::known(0);
    let (mut is_return, mut places) = (false, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--return" => is_return = true,
            "--modules" => sources.modules.extend(arguments.next().map(PathBuf::from)),
            "-" => {
                let mut text = String::new();
                input.read_to_string(&mut text)?;
                places.extend(text.lines().map(str::to_owned));
            }
            _ => places.push(argument),
        }
    }
    let query = |place: &String| query(place, is_return).ok_or_else(|| format!("{place}: no place"));
    let queries = places.iter().map(query).collect::<Result<Vec<_>, _>>()?;
    let resolver = Resolver::new(sources);
    let answers = resolver.symbolize_all(&queries);
    for (place, answer) in places.iter().zip(&answers) {
        print(out, place, answer)?;
    }
    Ok(resolver.take_warnings())
}

fn query(place: &str, is_return: bool) -> Option<Query> {
    let hex = |text: &str| u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok();
    if place.starts_with("0x") {
        return Some(Query::Address { address: hex(place)?, is_return });
    }
    let (module, rest) = match place.split_once(':') {
        Some((module, rest)) => (Some(module.to_owned()), rest),
        None => (None, place),
    };
    let (name, rest) = rest.split_once('+').unwrap_or((rest, "0"));
    let (offset, size) = match rest.split_once('/') {
        Some((offset, size)) => (offset, Some(hex(size)?)),
        None => (rest, None),
    };
    Some(Query::Symbol { module, name: name.to_owned(), offset: hex(offset)?, size, is_return })
}

fn print(out: &mut dyn Write, place: &str, answer: &Answer) -> io::Result<()> {
    writeln!(out, "{place}")?;
    for found in &answer.candidates {
        let size = found.size.map(|size| format!("/{size:#x}")).unwrap_or_default();
        let section = found.section.as_deref().unwrap_or("?");
        writeln!(out, "  {}+{:#x}{size} {section} {:#x}", found.symbol, found.offset, found.link_address)?;
        for frame in &found.frames {
            let function = frame.function.as_deref().unwrap_or("?");
            let file = frame.file.as_deref().unwrap_or("?");
            writeln!(out, "    {function} {file}:{}:{}", frame.line.unwrap_or(0), frame.column.unwrap_or(0))?;
        }
    }
    if let Some(reason) = &answer.unresolved {
        writeln!(out, "  unknown: {reason}")?;
    }
    Ok(())
}
