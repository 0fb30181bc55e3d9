// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks up run-time addresses: in a loaded module, in the saved `/proc/kallsyms`, or in the kernel,
//! for which the KASLR offset must be known.

use std::path::Path;

use libmodfmt::persist::is_keeper_name;

use super::by_symbol::{kernel_symbol, module_symbol, text_location};
use super::open_files::OpenFiles;
use super::symbol_match::SymbolPlace;
use crate::answer::{Answer, Location};
use crate::symbols::SymbolTable;
use crate::symbols_and_debug::Binary;
use crate::unresolved::Unresolved;

/// An address, and the one whose symbol is wanted: the same, or the byte before a return address.
#[derive(Clone, Copy)]
struct Lookup {
    address: u64,
    looked_up: u64,
    is_return: bool,
}

impl Lookup {
    /// The same place at another address, `looked_up` there being known.
    fn moved_to(self, looked_up: u64) -> Self {
        let address = looked_up.wrapping_add(self.address.wrapping_sub(self.looked_up));
        Self { address, looked_up, ..self }
    }
}

/// Looks up a run-time address.
pub(super) fn symbolize(files: &OpenFiles, address: u64, is_return: bool) -> Answer {
    let looked_up = address.wrapping_sub(u64::from(is_return));
    let lookup = Lookup { address, looked_up, is_return };
    for memory in files.module_memory().iter().filter(|memory| memory.may_contain(looked_up)) {
        let Some(binary) = files.module(&memory.module) else { continue };
        if let Some(found) = memory.image_address(&binary.image, looked_up) {
            return in_binary(&binary, lookup.moved_to(found), address);
        }
    }
    if let Some(answer) = by_kallsyms(files, lookup) {
        return answer;
    }
    if let Some(module) = module_without_file(files, looked_up) {
        return Answer::none(Unresolved::NoModule { module });
    }
    in_kernel(files, lookup)
}

fn in_kernel(files: &OpenFiles, lookup: Lookup) -> Answer {
    let outside = Answer::none(Unresolved::Outside { address: lookup.address });
    let text = || files.system_map().map(|(path, tables)| (path, &tables.kernel));
    if files.kernel().is_none() && text().is_none() {
        // The kernel's own table at that time had no symbol for it.
        let has_kallsyms = files.kallsyms().is_some_and(|(_, tables)| !tables.kernel.is_empty());
        return if has_kallsyms { outside } else { Answer::none(Unresolved::NoKernel) };
    }
    let Some(moved) = files.kaslr_offset() else { return Answer::none(Unresolved::NoKaslrOffset) };
    let linked = lookup.moved_to(lookup.looked_up.wrapping_sub(moved.bytes));
    if let Some(kernel) = files.kernel() {
        return match kernel.section(linked.looked_up) {
            // Per-CPU variables are linked at 0: nothing is there at run time.
            Some(section) if section.address != 0 => in_binary(kernel, linked, lookup.address),
            _ => outside,
        };
    }
    match text().and_then(|(path, table)| in_text(files, None, table, path, linked)) {
        Some(mut place) => {
            place.address = Some(lookup.address);
            let unresolved = Some(Unresolved::NoDebugInfo { file: place.symbol_source.clone() });
            Answer { candidates: vec![place], unresolved }
        }
        None => outside,
    }
}

/// The module that an address is in as far as is known, if there is no file of it.
fn module_without_file(files: &OpenFiles, address: u64) -> Option<String> {
    let near = files.module_memory().iter().filter(|memory| memory.may_contain(address));
    let nearest = &near.min_by_key(|memory| memory.distance(address))?.module;
    // A keeper has no file, and nothing but persistent data.
    let is_keeper = is_keeper_name(nearest);
    (!is_keeper && files.module(nearest).is_none()).then(|| nearest.clone())
}

/// The symbol of an address from the saved table, and then its lines by the symbol.
fn by_kallsyms(files: &OpenFiles, lookup: Lookup) -> Option<Answer> {
    let (path, tables) = files.kallsyms()?;
    let modules = tables.modules.iter().map(|(name, table)| (Some(name.as_str()), table));
    let all = modules.chain(std::iter::once((None, &tables.kernel)));
    let (place, size) = all
        .filter_map(|(module, table)| {
            let place = in_text(files, module, table, path, lookup)?;
            Some((place, table.by_address(lookup.looked_up).and_then(|symbol| table.size(symbol).gap)))
        })
        .min_by_key(|(place, _)| place.offset)?;
    let wanted = SymbolPlace { name: &place.symbol, offset: place.offset, size, is_return: lookup.is_return };
    let mut answer = match &place.module {
        Some(module) => module_symbol(files, module, wanted),
        None => kernel_symbol(files, wanted),
    };
    if answer.candidates.is_empty() {
        return Some(Answer { candidates: vec![place], unresolved: answer.unresolved });
    }
    for found in &mut answer.candidates {
        found.address = Some(lookup.address);
        if found.symbol_source == *path {
            found.size = place.size;
        }
    }
    Some(answer)
}

/// The symbol of an address in a text, unless the address is past the end of what can be known of it.
fn in_text(
    files: &OpenFiles,
    module: Option<&str>,
    table: &SymbolTable,
    path: &Path,
    lookup: Lookup,
) -> Option<Location> {
    let Lookup { address, looked_up, .. } = lookup;
    let symbol = table.by_address(looked_up).filter(|_| table.may_contain(looked_up))?;
    let mut size = table.bounded_size(symbol)?;
    let memory =
        module.and_then(|module| files.module_memory().iter().find(|memory| memory.module == module));
    if let Some(room) = memory.and_then(|memory| memory.max_bytes_from(symbol.address)) {
        size = size.min(room);
    }
    let offset = address.wrapping_sub(symbol.address);
    (looked_up.wrapping_sub(symbol.address) < size).then(|| {
        let place = text_location(module, table, path, symbol, offset);
        Location { size: Some(size), ..place }
    })
}

/// `lookup` has addresses of the image, `address` is the run-time address.
fn in_binary(binary: &Binary, lookup: Lookup, address: u64) -> Answer {
    let section = binary.section(lookup.looked_up);
    // A symbol of another section says nothing about this one.
    let symbol = binary
        .table
        .by_address(lookup.looked_up)
        .filter(|symbol| section.is_some_and(|section| symbol.address >= section.address));
    let Some(symbol) = symbol else { return Answer::none(Unresolved::Outside { address }) };
    let offset = lookup.address.wrapping_sub(symbol.address);
    let (mut place, unresolved) = binary.locate(symbol, offset, lookup.is_return);
    place.address = Some(address);
    Answer { candidates: vec![place], unresolved }
}
