// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks up `symbol+offset/size`: in a file with debug information, else in `System.map` or kallsyms.

use std::path::Path;

use super::open_files::OpenFiles;
use super::symbol_match::{SymbolPlace, matching};
use crate::answer::{Answer, Location};
use crate::symbols::{Symbol, SymbolTable};
use crate::symbols_and_debug::Binary;
use crate::unresolved::Unresolved;

/// Looks up a symbol of the kernel proper.
pub(super) fn kernel_symbol(files: &OpenFiles, place: SymbolPlace<'_>) -> Answer {
    let linked = if let Some(kernel) = files.kernel() {
        Some(in_binary(kernel, place))
    } else {
        files.system_map().map(|(path, tables)| in_text(None, &tables.kernel, path, place))
    };
    if let Some(mut answer) = linked {
        for found in &mut answer.candidates {
            let moved = files.kaslr_offset();
            found.address = moved.map(|moved| found.link_address.wrapping_add(moved.bytes));
        }
        return answer;
    }
    match files.kallsyms() {
        Some((path, tables)) => at_run_time(in_text(None, &tables.kernel, path, place)),
        None => Answer::none(Unresolved::NoKernel),
    }
}

/// Looks up a symbol of a module, whose name has underscores.
pub(super) fn module_symbol(files: &OpenFiles, module: &str, place: SymbolPlace<'_>) -> Answer {
    if let Some(binary) = files.module(module) {
        let mut answer = in_binary(&binary, place);
        let memory = files.module_memory().iter().find(|memory| memory.module == module);
        for found in &mut answer.candidates {
            let section = found.section.as_deref().and_then(|name| binary.image.section(name));
            let address = section.map(|section| section.address.wrapping_add(found.link_address));
            let by_section =
                |address| memory.and_then(|memory| memory.run_time_address(&binary.image, address));
            found.address =
                address.and_then(by_section).or_else(|| run_time_by_kallsyms(files, module, found));
        }
        return answer;
    }
    let table = files.kallsyms().and_then(|(path, tables)| Some((path, tables.modules.get(module)?)));
    match table {
        Some((path, table)) => at_run_time(in_text(Some(module), table, path, place)),
        None => Answer::none(Unresolved::NoModule { module: module.to_owned() }),
    }
}

/// The run-time address from the saved `/proc/kallsyms`, if the module has one symbol of that name.
fn run_time_by_kallsyms(files: &OpenFiles, module: &str, place: &Location) -> Option<u64> {
    let mut found = files.kallsyms()?.1.modules.get(module)?.by_name(place.symbol.as_bytes());
    let only = found.next().filter(|_| found.next().is_none())?;
    only.address.checked_add(place.offset)
}

/// Looks in an ELF file.
fn in_binary(binary: &Binary, place: SymbolPlace<'_>) -> Answer {
    match matching(&binary.table, binary.path(), place) {
        Err(reason) => Answer::none(reason),
        Ok(symbols) => {
            let places =
                symbols.into_iter().map(|symbol| binary.locate(symbol, place.offset, place.is_return));
            let (candidates, reasons): (Vec<_>, Vec<_>) = places.unzip();
            Answer { candidates, unresolved: reasons.into_iter().flatten().next() }
        }
    }
}

/// Looks in a text. Addresses are those of the text.
fn in_text(module: Option<&str>, table: &SymbolTable, path: &Path, place: SymbolPlace<'_>) -> Answer {
    match matching(table, path, place) {
        Err(reason) => Answer::none(reason),
        Ok(symbols) => {
            let location = |symbol| text_location(module, table, path, symbol, place.offset);
            let candidates = symbols.into_iter().map(location).collect();
            Answer { candidates, unresolved: Some(Unresolved::NoDebugInfo { file: path.to_owned() }) }
        }
    }
}

/// The place `offset` bytes after the start of a symbol of a text.
pub(super) fn text_location(
    module: Option<&str>,
    table: &SymbolTable,
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

/// The addresses in a saved `/proc/kallsyms` are run-time addresses.
fn at_run_time(mut answer: Answer) -> Answer {
    for found in &mut answer.candidates {
        found.address = Some(found.link_address);
    }
    answer
}
