// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program that stays: it symbolizes places and disassembles the code around them with one kernel file, and
//! keeps what it has read. `resident VMLINUX PLACE...`, where `PLACE` is `0xADDRESS` (a linked address) or
//! `SYMBOL+0xOFFSET`; each is asked for twice, and how long that took is printed on standard error.
//!
//! `ksymoops --serve` does the same for programs in other languages.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use libksym::{FileSearch, KaslrHint, Query, Resolver, Sources};

/// Bytes of code around a place.
const BEFORE: usize = 16;
const AFTER: usize = 16;

fn main() -> ExitCode {
    match run(std::env::args().skip(1), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("resident: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the answers to `out`.
pub fn run(mut arguments: impl Iterator<Item = String>, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let vmlinux = arguments.next().ok_or("usage: resident VMLINUX PLACE...")?;
    let mut sources = Sources::new(FileSearch::Named);
    sources.vmlinux = Some(PathBuf::from(vmlinux));
    sources.kaslr = KaslrHint::known(0);
    // Whatever it reads is kept as long as it lives.
    let resolver = Resolver::new(sources);
    for place in arguments {
        let query = query(&place).ok_or_else(|| format!("{place}: no place"))?;
        let first = answer(&resolver, &query, &mut io::sink());
        let again = answer(&resolver, &query, out);
        eprintln!("{place}: {:.3} ms, then {:.3} ms", first?, again?);
    }
    for warning in resolver.take_warnings() {
        eprintln!("resident: warning: {warning}");
    }
    Ok(())
}

fn query(place: &str) -> Option<Query> {
    let hex = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    match place.split_once('+') {
        Some((symbol, offset)) => Some(Query::symbol(None, symbol, hex(offset)?, None)),
        None => Some(Query::address(hex(place)?)),
    }
}

/// Prints one answer, and returns how many milliseconds it took.
fn answer(resolver: &Resolver, query: &Query, out: &mut dyn Write) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let answer = resolver.symbolize(query);
    let listings: Vec<_> =
        answer.candidates.iter().map(|found| resolver.disassemble(found, BEFORE, AFTER)).collect();
    let took = start.elapsed().as_secs_f64() * 1e3;
    for (found, listing) in answer.candidates.iter().zip(listings) {
        writeln!(out, "{}+{:#x}", found.symbol, found.offset)?;
        for frame in &found.frames {
            let function = frame.function.as_deref().unwrap_or("?");
            let file = frame.file.as_deref().unwrap_or("?");
            writeln!(out, "  {function} {file}:{}", frame.line.unwrap_or(0))?;
        }
        for instruction in listing?.instructions {
            let mark = if instruction.offset == 0 { "->" } else { "  " };
            let sign = if instruction.offset < 0 { '-' } else { '+' };
            let distance = instruction.offset.unsigned_abs();
            let symbol = instruction.symbol.map(|symbol| format!(" <{symbol}>")).unwrap_or_default();
            writeln!(out, "  {mark} {sign}{distance:#x} {}{symbol}", instruction.text)?;
        }
    }
    if let Some(reason) = &answer.unresolved {
        writeln!(out, "  unknown: {reason}")?;
    }
    Ok(took)
}
