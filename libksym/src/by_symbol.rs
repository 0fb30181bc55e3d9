// SPDX-License-Identifier: MIT OR Apache-2.0
//! `symbol+offset/size` in one table, and addresses that are known to be in one file.

use super::answer::{Answer, Location, Unknown};
use super::binary::Binary;
use super::symbols::{Symbol, Table};
use std::path::Path;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'q> {
    pub(super) name: &'q str,
    pub(super) offset: u64,
    pub(super) size: Option<u64>,
    pub(super) exact: bool,
}

/// The symbols that fit, or why none does.
fn choose<'t>(table: &'t Table, path: &Path, wanted: Wanted<'t>) -> Result<Vec<&'t Symbol>, Unknown> {
    let Wanted { name, offset, size, exact } = wanted;
    let file = || path.to_owned();
    let all: Vec<_> = table.by_name(name.as_bytes()).collect();
    if all.is_empty() {
        return Err(Unknown::NoSymbol { name: name.to_owned(), file: file() });
    }
    let mut fit = all.clone();
    if let Some(size) = size {
        fit.retain(|symbol| table.size(symbol).fits(size));
        if fit.is_empty() {
            let mut found: Vec<_> = all.iter().filter_map(|symbol| table.size(symbol).gap).collect();
            found.sort_unstable();
            found.dedup();
            return Err(Unknown::SizeMismatch { name: name.to_owned(), size, found, file: file() });
        }
    }
    // A return address may be the first byte behind the symbol.
    let inside = |symbol: &&Symbol| {
        let end = table.size(symbol).gap.unwrap_or(u64::MAX).max(size.unwrap_or(0));
        if exact { offset < end.max(1) } else { offset <= end }
    };
    fit.retain(inside);
    match (fit.is_empty(), all.first()) {
        (true, Some(symbol)) => {
            let size = table.size(symbol).gap.unwrap_or(0);
            Err(Unknown::OffsetOutside { name: name.to_owned(), offset, size, file: file() })
        }
        _ => Ok(fit),
    }
}

/// In a file with lines, maybe.
pub(super) fn in_binary(binary: &Binary, wanted: Wanted<'_>) -> Answer {
    match choose(&binary.table, binary.path(), wanted) {
        Err(unknown) => Answer { candidates: Vec::new(), unknown: Some(unknown) },
        Ok(symbols) => {
            let places = symbols.into_iter().map(|symbol| binary.locate(symbol, wanted.offset, wanted.exact));
            let (candidates, unknown): (Vec<_>, Vec<_>) = places.unzip();
            Answer { candidates, unknown: unknown.into_iter().flatten().next() }
        }
    }
}

/// In a text. Addresses are those of the text.
pub(super) fn in_text(module: Option<&str>, table: &Table, path: &Path, wanted: Wanted<'_>) -> Answer {
    match choose(table, path, wanted) {
        Err(unknown) => Answer { candidates: Vec::new(), unknown: Some(unknown) },
        Ok(symbols) => {
            let place = |symbol| text_location(module, table, path, symbol, wanted.offset);
            let candidates = symbols.into_iter().map(place).collect();
            Answer { candidates, unknown: Some(Unknown::NoLines { file: path.to_owned() }) }
        }
    }
}

pub(super) fn text_location(
    module: Option<&str>,
    table: &Table,
    path: &Path,
    symbol: &Symbol,
    offset: u64,
) -> Location {
    Location {
        module: module.map(str::to_owned),
        symbol: String::from_utf8_lossy(table.name(symbol)).into_owned(),
        offset,
        size: table.size(symbol).gap,
        section: None,
        link_address: symbol.address.wrapping_add(offset),
        address: None,
        frames: Vec::new(),
        symbol_source: path.to_owned(),
        line_source: None,
    }
}

/// The addresses of a saved `/proc/kallsyms` are those at run time.
pub(super) fn at_run_time(mut answer: Answer) -> Answer {
    for place in &mut answer.candidates {
        place.address = Some(place.link_address);
    }
    answer
}

pub(super) fn without_lines(place: Location) -> Answer {
    let unknown = Some(Unknown::NoLines { file: place.symbol_source.clone() });
    Answer { candidates: vec![place], unknown }
}

/// `at`, where the symbol of `found` is what is named: the same, or the byte before.
pub(super) fn of_address(binary: &Binary, at: u64, found: u64, exact: bool, address: u64) -> Answer {
    let section = binary.section(found);
    let symbol = binary.table.by_address(found).filter(|symbol| {
        // A symbol of another section says nothing of this one.
        section.is_some_and(|section| symbol.address >= section.address)
    });
    let Some(symbol) = symbol else {
        return Answer { candidates: Vec::new(), unknown: Some(Unknown::Outside { address }) };
    };
    let (mut place, unknown) = binary.locate(symbol, at.wrapping_sub(symbol.address), exact);
    place.address = Some(address);
    Answer { candidates: vec![place], unknown }
}
