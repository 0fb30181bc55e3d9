// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every address of the fixtures' code, compared with the `addr2line` crate: functions, inline chain,
//! files, lines and columns.

use std::collections::HashMap;
use std::path::Path;

use addr2line::gimli;
use libksym::{Frame, KaslrHint, Query, Resolver};
use modtest::compile as build;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolKind};

use super::named;

type Reader<'d> = gimli::EndianSlice<'d, gimli::RunTimeEndian>;
/// Function, file, line and column, the innermost first.
type Chain = Vec<(String, String, u32, u32)>;

const SOURCES: [&str; 3] = ["chain.c", "other.c", "ranges.c"];

/// The debug sections of a file, relocated, with each section of code at an address of its own.
struct Sections {
    debug: gimli::DwarfSections<Vec<u8>>,
    bases: HashMap<SectionIndex, u64>,
}

impl Sections {
    fn new(file: &object::File<'_>) -> Self {
        let is_linked = file.kind() != object::ObjectKind::Relocatable;
        let base = |section: object::Section<'_, '_>| {
            let is_code = section.kind() == object::SectionKind::Text && !is_linked;
            (section.index(), if is_code { (section.index().0 as u64) << 32 } else { 0 })
        };
        let bases: HashMap<_, _> = file.sections().map(base).collect();
        let load = |id: gimli::SectionId| -> Result<Vec<u8>, gimli::Error> {
            let section = file.section_by_name(id.name());
            Ok(section.map(|section| relocated(file, &section, &bases, is_linked)).unwrap_or_default())
        };
        Self { debug: gimli::DwarfSections::load(load).unwrap(), bases }
    }

    fn reference(&self) -> Reference<'_> {
        let dwarf = self.debug.borrow(|data| Reader::new(data, gimli::RunTimeEndian::Little));
        Reference(addr2line::Context::from_dwarf(dwarf).unwrap())
    }
}

/// The crate's answers.
struct Reference<'d>(addr2line::Context<Reader<'d>>);

impl Reference<'_> {
    fn chain(&self, address: u64) -> Chain {
        let mut frames = self.0.find_frames(address).skip_all_loads().unwrap();
        let mut chain = Chain::new();
        while let Some(frame) = frames.next().unwrap() {
            let function = frame.function.map(|name| name.raw_name().unwrap().into_owned());
            let place = frame.location.unwrap();
            chain.push((
                function.unwrap_or_default(),
                place.file.unwrap_or_default().to_owned(),
                place.line.unwrap_or(0),
                place.column.unwrap_or(0),
            ));
        }
        chain
    }
}

/// The content of a section. The relocations of a linked file are applied already.
fn relocated(
    file: &object::File<'_>,
    section: &object::Section<'_, '_>,
    bases: &HashMap<SectionIndex, u64>,
    is_linked: bool,
) -> Vec<u8> {
    let mut data = section.data().unwrap().to_vec();
    for (offset, relocation) in section.relocations().filter(|_| !is_linked) {
        let RelocationTarget::Symbol(symbol) = relocation.target() else { panic!("{relocation:?}") };
        assert_eq!(relocation.kind(), object::RelocationKind::Absolute);
        let symbol = file.symbol_by_index(symbol).unwrap();
        let base = bases[&symbol.section_index().unwrap()];
        let value = (base + symbol.address()).wrapping_add_signed(relocation.addend());
        let (offset, size) = (offset as usize, usize::from(relocation.size() / 8));
        data[offset..offset + size].copy_from_slice(&value.to_le_bytes()[..size]);
    }
    data
}

fn ours(frames: &[Frame]) -> Chain {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let frame = |frame: &Frame| {
        let line = frame.line.unwrap_or(0);
        // The one difference: addr2line drops the column of a row without a line, which clang writes.
        let column = if line == 0 { 0 } else { frame.column.unwrap_or(0) };
        (text(&frame.function), text(&frame.file), line, column)
    };
    frames.iter().map(frame).collect()
}

/// Calls `check` with section, symbol, offset in the symbol and address, for each byte of each function.
fn for_each_place(file: &object::File<'_>, mut check: impl FnMut(&str, &str, u64, u64, SectionIndex)) {
    let functions = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
    let mut places = 0;
    for symbol in functions {
        let index = symbol.section_index().unwrap();
        let section = file.section_by_index(index).unwrap();
        for offset in 0..symbol.size() {
            let address = symbol.address() + offset;
            check(section.name().unwrap(), symbol.name().unwrap(), offset, address, index);
            places += 1;
        }
    }
    assert!(places > 500, "{places} places");
}

fn check_linked(path: &Path, what: &str) {
    let bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let sections = Sections::new(&file);
    let reference = sections.reference();
    let resolver = Resolver::new(named(|sources| {
        sources.vmlinux = Some(path.to_owned());
        sources.kaslr = KaslrHint::known(0);
    }));
    for_each_place(&file, |_, symbol, offset, address, _| {
        let answer = resolver.symbolize(&Query::address(address));
        let [place] = &answer.candidates[..] else { panic!("{what}: {symbol}+{offset:#x}: {answer:?}") };
        assert_eq!(ours(&place.frames), reference.chain(address), "{what}: {symbol}+{offset:#x}");
    });
}

fn check_relocatable(path: &Path, what: &str) {
    let bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let sections = Sections::new(&file);
    let reference = sections.reference();
    let resolver = Resolver::new(named(|sources| sources.modules = vec![path.to_owned()]));
    for_each_place(&file, |section, symbol, offset, address, index| {
        let answer = resolver.symbolize(&Query::symbol(Some("fix_ture"), symbol, offset, None));
        // Static functions of one name are told apart by their place.
        let found = answer
            .candidates
            .iter()
            .find(|place| place.link_address == address && place.section.as_deref() == Some(section));
        let frames = found.map(|place| ours(&place.frames));
        let theirs = reference.chain(sections.bases[&index] + address);
        assert_eq!(frames, Some(theirs), "{what}: {symbol}+{offset:#x}");
    });
}

#[test]
fn every_address_of_the_fixtures_equals_addr2line() {
    for compiler in ["gcc", "clang"] {
        if !build::is_installed(compiler) {
            println!("skipped: {compiler} is not installed");
            continue;
        }
        for version in ["-gdwarf-4", "-gdwarf-5"] {
            let folder = build::folder("addr2line");
            let flags = ["-g", version];
            let what = format!("{compiler} {version}");
            check_linked(&build::vmlinux_of(compiler, &SOURCES, &folder, &flags), &what);
            check_relocatable(&build::module_of(compiler, &SOURCES, &folder, &flags), &what);
        }
    }
}
