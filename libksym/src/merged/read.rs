// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the sources of a merged map.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use libmodfmt::proc::{is_insmod_symbol, kallsyms, ksyms, modules, without_symbol_version};
use object::elf;

use super::compare::compare;
use super::map::{MapSymbol, MergedMap};
use super::modules;
use super::object_files::ObjectFiles;
use super::sources::MapSources;
use super::symbol_kind::kind;
use super::warning::{MapSource, MapWarning};
use crate::files::open_regular;
use crate::image::Image;

/// The rest of a larger text is not read.
const MAX_TEXT_BYTES: u64 = 256 << 20;

/// The symbols of a text: of the kernel, and of each module.
#[derive(Debug, Default)]
struct TextSymbols {
    kernel: Vec<MapSymbol>,
    modules: BTreeMap<String, Vec<MapSymbol>>,
}

impl MergedMap {
    /// Reads and compares the sources. Of the kernel's symbols, vmlinux is believed more than `System.map`,
    /// and that more than ksyms.
    #[must_use]
    pub fn read(sources: &MapSources) -> (Self, Vec<MapWarning>) {
        let mut warnings = Vec::new();
        let vmlinux = read_with(sources.vmlinux.as_deref(), from_vmlinux, &mut warnings);
        let mut ksyms = read_with(sources.ksyms.as_deref(), |path| from_text(path, true), &mut warnings);
        let mut map = read_with(sources.system_map.as_deref(), |path| from_text(path, false), &mut warnings);
        let (mut all, mut exported, mut base) = (vmlinux.kernel, ksyms.kernel, map.kernel);
        compare((MapSource::Vmlinux, &all), (MapSource::SystemMap, &mut base), &mut warnings);
        compare((MapSource::Vmlinux, &all), (MapSource::Ksyms, &mut exported), &mut warnings);
        compare((MapSource::SystemMap, &base), (MapSource::Ksyms, &mut exported), &mut warnings);
        all.extend(base);
        all.extend(exported);
        if let (Some(path), false, false) =
            (&sources.system_map, map.modules.is_empty(), ksyms.modules.is_empty())
        {
            warnings.push(MapWarning::MergedTwice { file: path.clone() });
            ksyms.modules.clear();
        }
        compare_modules(&ksyms.modules, sources.modules_text.as_deref(), &mut warnings);
        let files = ObjectFiles::find(if ksyms.modules.is_empty() { &[] } else { &sources.modules });
        for (module, mut symbols) in ksyms.modules {
            symbols.retain(|symbol| !sources.ignore_insmod || !is_insmod_symbol(symbol.name.as_bytes()));
            all.extend(modules::symbols(&module, symbols, &files, sources, &mut warnings));
        }
        all.extend(std::mem::take(&mut map.modules).into_values().flatten());
        (Self::new(all), warnings)
    }
}

fn read_with(
    path: Option<&Path>,
    read: impl Fn(&Path) -> Result<TextSymbols, String>,
    warnings: &mut Vec<MapWarning>,
) -> TextSymbols {
    let Some(path) = path else { return TextSymbols::default() };
    match read(path) {
        Ok(symbols) => {
            if symbols.kernel.is_empty() {
                warnings.push(MapWarning::NoSymbols { file: path.to_owned() });
            }
            symbols
        }
        Err(error) => {
            warnings.push(MapWarning::Unreadable { file: path.to_owned(), error });
            TextSymbols::default()
        }
    }
}

/// The two forms of lines, told apart by the type letter: `c0105000 T _stext` and `c0105000 _stext`.
fn from_text(path: &Path, exported: bool) -> Result<TextSymbols, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        open_regular(path)?.take(MAX_TEXT_BYTES).read_to_end(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|error| error.to_string())?;
    let mut symbols = TextSymbols::default();
    let mut add = |address, kind, name: &[u8], module: Option<&[u8]>| {
        let name = String::from_utf8_lossy(name).into_owned();
        match module.map(|module| String::from_utf8_lossy(module).into_owned()) {
            None => symbols.kernel.push(MapSymbol { address, kind, name, module: None }),
            Some(module) => {
                let of_module = Some(Rc::from(module.as_str()));
                let symbol = MapSymbol { address, kind, name, module: of_module };
                symbols.modules.entry(module).or_default().push(symbol);
            }
        }
    };
    for line in text.split(|&byte| byte == b'\n') {
        // An exported symbol's name may be one letter, with the module behind it.
        let typed = kallsyms(line).next().and_then(Result::ok).filter(|one| !one.name.starts_with(b"["));
        if let Some(symbol) = typed {
            add(symbol.address, symbol.kind, without_symbol_version(symbol.name), symbol.module);
        } else if let Some((address, name)) = blank_kind(line) {
            let mut words = name.splitn(2, |byte| *byte == b'\t');
            let (name, module) = (words.next().unwrap_or_default(), words.next());
            let module = module.and_then(|word| word.strip_prefix(b"[")?.strip_suffix(b"]"));
            add(address, b' ', without_symbol_version(name), module);
        } else if exported && let Some(Ok(symbol)) = ksyms(line).next() {
            add(symbol.address, b' ', symbol.name, symbol.module);
        }
    }
    Ok(symbols)
}

/// A line of a merged map whose symbol is from ksyms, so that the type is a blank: `c0105000   _stext`.
fn blank_kind(line: &[u8]) -> Option<(u64, &[u8])> {
    let digits = line.iter().position(|&byte| byte == b' ')?;
    let (address, rest) = line.split_at_checked(digits)?;
    let name = rest.strip_prefix(b"   ")?;
    let address = u64::from_str_radix(std::str::from_utf8(address).ok()?, 16).ok()?;
    (!name.is_empty()).then_some((address, name))
}

fn from_vmlinux(path: &Path) -> Result<TextSymbols, String> {
    let image = Image::open(path).map_err(|error| error.to_string())?;
    let raw = image.symbols().map_err(|error| error.to_string())?;
    let symbols = raw.iter().filter_map(|symbol| {
        let section = image.sections().get(symbol.section as usize).filter(|_| symbol.section != 0)?;
        let is_name = !matches!(symbol.kind, elf::STT_SECTION | elf::STT_FILE) && section.is_loaded();
        let name = Some(raw.name(&symbol)).filter(|name| is_name && !name.is_empty())?;
        Some(MapSymbol { address: symbol.value, kind: kind(section, &symbol), name, module: None })
    });
    Ok(TextSymbols { kernel: symbols.collect(), modules: BTreeMap::new() })
}

/// Which modules only one of ksyms and `/proc/modules` knows.
fn compare_modules(
    known: &BTreeMap<String, Vec<MapSymbol>>,
    lsmod: Option<&[u8]>,
    warnings: &mut Vec<MapWarning>,
) {
    let Some(lsmod) = lsmod.filter(|_| !known.is_empty()) else { return };
    let name = |line: &[u8]| {
        let end = line.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(line.len());
        String::from_utf8_lossy(line.get(..end).unwrap_or_default()).into_owned()
    };
    // Before 2.6 a line has no state and no address, so only its first word is read.
    let listed: BTreeSet<String> = match modules(lsmod).next() {
        Some(Ok(_)) => modules(lsmod)
            .filter_map(Result::ok)
            .map(|line| String::from_utf8_lossy(line.name).into_owned())
            .collect(),
        _ => lsmod.split(|&byte| byte == b'\n').map(name).filter(|name| !name.is_empty()).collect(),
    };
    let only = |module: &&String| !known.contains_key(*module);
    warnings
        .extend(listed.iter().filter(only).map(|module| MapWarning::OnlyInLsmod { module: module.clone() }));
    let unlisted = known.keys().filter(|module| !listed.contains(*module));
    warnings.extend(unlisted.map(|module| MapWarning::OnlyInKsyms { module: module.clone() }));
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(map: &str, ksyms: &str, lsmod: Option<&str>) -> (String, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            (!text.is_empty()).then_some(path)
        };
        let sources = MapSources {
            system_map: file("System.map", map),
            ksyms: file("ksyms", ksyms),
            modules_text: lsmod.map(|text| text.as_bytes().to_vec()),
            ..MapSources::default()
        };
        let (map, warnings) = MergedMap::read(&sources);
        let mut text = Vec::new();
        map.write(&mut text, 8).unwrap();
        (String::from_utf8(text).unwrap(), warnings.iter().map(ToString::to_string).collect())
    }

    const MAP: &str = "c0105000 T _stext\nc0117361 T sys_init_module\nc0290000 A _end\n";
    const KSYMS: &str = "c0117361 sys_init_module_R12345678\n\
        d0836060 __insmod_mousedev_S.text_L32\t[mousedev]\n\
        d0836000 __insmod_mousedev_O/lib/mousedev.o_M3EFD9C4C_V132117\t[mousedev]\n\
        d0836070 mouse_open\t[mousedev]\n";

    #[test]
    fn ksyms_and_system_map_are_merged() {
        let (text, warnings) = read(MAP, KSYMS, Some("mousedev 4321 0 (unused)\n"));
        let expected = "c0105000 T _stext\nc0117361 T sys_init_module\nc0290000 A _end\n\
            d0836060 g .text.start\t[mousedev]\nd0836070   mouse_open\t[mousedev]\n\
            d083607f g .text.end\t[mousedev]\n";
        assert_eq!((text.as_str(), warnings), (expected, Vec::new()));
        // What was saved is read again as it was.
        assert_eq!(read(&text, "", None).0, text);
    }

    #[test]
    fn disagreement_is_said_once_for_each_pair_of_sources() {
        let ksyms = "c0117371 sys_init_module\nc0117999 gone\nd0000000 f\t[usb]\n";
        let (text, warnings) = read(MAP, ksyms, Some("ide-cd 100 0 (unused)\n"));
        assert!(!text.contains("gone") && text.contains("c0117361 T sys_init_module\n"), "{text}");
        assert_eq!(warnings.len(), 4, "{warnings:?}");
        assert_eq!(
            warnings[0],
            "ksyms and System.map disagree on 1 symbol, System.map is used; the first is sys_init_module: \
             c0117371 and c0117361"
        );
        assert_eq!(warnings[1], "ksyms has 1 symbol that System.map lacks, not used; the first is gone");
        assert_eq!(warnings[2], "module ide-cd is in lsmod but not in ksyms");
        assert_eq!(warnings[3], "module usb is in ksyms but not in lsmod");
    }

    #[test]
    fn kallsyms_is_read_in_place_of_ksyms() {
        let (text, _) = read("", "ffffffff81000000 T _text\nffffffffc0000000 t f\t[ext4]\n", None);
        assert_eq!(text, "ffffffff81000000 T _text\nffffffffc0000000 t f\t[ext4]\n");
    }
}
