// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module's symbols: those that its object file has, at the addresses that ksyms tells.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use libmodfmt::proc::{InsmodSymbol, insmod_symbol, is_insmod_symbol};
use object::elf;

use super::map::MapSymbol;
use super::object_files::ObjectFiles;
use super::sources::MapSources;
use super::symbol_kind::kind;
use super::warning::MapWarning;
use crate::image::{ElfSymbol, Image};

/// The symbols of one module, at run-time addresses.
pub(super) fn symbols(
    module: &str,
    exported: Vec<MapSymbol>,
    files: &ObjectFiles,
    sources: &MapSources,
    warnings: &mut Vec<MapWarning>,
) -> Vec<MapSymbol> {
    let mut loaded_from = None;
    let mut sections = Vec::new();
    let mut known = Vec::new();
    for symbol in exported {
        match insmod_symbol(symbol.name.as_bytes(), module.as_bytes()) {
            Some(InsmodSymbol::File { path, modified }) => {
                let path = PathBuf::from(String::from_utf8_lossy(path).into_owned());
                loaded_from = Some((path, modified));
            }
            Some(InsmodSymbol::Section { name, size }) => {
                sections.push((String::from_utf8_lossy(name).into_owned(), symbol.address, size));
            }
            _ if is_insmod_symbol(symbol.name.as_bytes()) => {}
            _ => known.push(symbol),
        }
    }
    let of_module: Rc<str> = module.into();
    for (name, start, size) in &sections {
        let mut add = |end: &str, address| {
            let (name, module) = (format!("{name}.{end}"), Some(Rc::clone(&of_module)));
            known.push(MapSymbol { address, kind: b'g', name, module });
        };
        add("start", *start);
        if let Some(last) = size.checked_sub(1) {
            add("end", start.saturating_add(last));
        }
    }
    if sources.modules.is_empty() {
        return known;
    }
    let Some(path) = object_file(module, loaded_from, files, sources, warnings) else { return known };
    match from_object(&path, &of_module, &sections, &known) {
        Ok(symbols) => known.extend(symbols),
        Err(error) => warnings.push(MapWarning::Unreadable { file: path, error }),
    }
    known
}

/// The file that a module was loaded from, or the only one of its name.
fn object_file(
    module: &str,
    loaded_from: Option<(PathBuf, u64)>,
    files: &ObjectFiles,
    sources: &MapSources,
    warnings: &mut Vec<MapWarning>,
) -> Option<PathBuf> {
    let found = files.of_module(module);
    let named = loaded_from.as_ref().filter(|_| !sources.ignore_insmod_paths);
    let exact = named.and_then(|(path, _)| found.iter().find(|file| *file == path));
    let modified = |file: &Path| {
        let time = file.metadata().ok()?.modified().ok()?;
        Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
    };
    let file = exact.or_else(|| match (found, &loaded_from) {
        ([only], _) => Some(only),
        (several, Some((_, time))) => {
            let mut fit = several.iter().filter(|file| modified(file) == Some(*time));
            fit.next().filter(|_| fit.next().is_none())
        }
        _ => None,
    });
    let Some(file) = file else {
        warnings.push(MapWarning::NoObject { module: module.to_owned(), found: found.len() });
        return None;
    };
    if let Some((_, time)) = &loaded_from
        && modified(file).is_some_and(|now| now != *time)
    {
        warnings.push(MapWarning::ChangedSince { module: module.to_owned(), file: file.clone() });
    }
    Some(file.clone())
}

/// The file's symbols in those sections of which the address is known.
fn from_object(
    path: &Path,
    module: &Rc<str>,
    sections: &[(String, u64, u64)],
    exported: &[MapSymbol],
) -> Result<Vec<MapSymbol>, String> {
    let image = Image::open(path).map_err(|error| error.to_string())?;
    let raw = image.symbols().map_err(|error| error.to_string())?;
    let all: Vec<(String, ElfSymbol)> =
        raw.iter().filter(|symbol| symbol.section != 0).map(|symbol| (raw.name(&symbol), symbol)).collect();
    let mut starts: HashMap<u32, u64> = HashMap::new();
    for (number, section) in (0_u32..).zip(image.sections()) {
        if let Some((_, start, _)) = sections.iter().find(|(name, _, _)| *name == section.name) {
            starts.insert(number, *start);
        }
    }
    let by_name: HashMap<&str, u64> = exported
        .iter()
        .filter(|symbol| symbol.kind == b' ')
        .map(|one| (one.name.as_str(), one.address))
        .collect();
    for (name, symbol) in &all {
        if let Some(address) = by_name.get(name.as_str()) {
            starts.entry(symbol.section).or_insert(address.wrapping_sub(symbol.value));
        }
    }
    let symbols = all.into_iter().filter_map(|(name, symbol)| {
        let skipped = matches!(symbol.kind, elf::STT_SECTION | elf::STT_FILE) || name.is_empty();
        let start = starts.get(&symbol.section).filter(|_| !skipped)?;
        let kind = kind(image.sections().get(symbol.section as usize)?, &symbol);
        let address = start.wrapping_add(symbol.value);
        Some(MapSymbol { address, kind, name, module: Some(Rc::clone(module)) })
    });
    Ok(symbols.collect())
}
