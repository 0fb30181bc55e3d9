// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every file of a megabyte is read soon and with little memory, as each kind of file. One test, since it
//! measures the process.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::Path;

use libksym::{FileSearch, KaslrHint, Query, Resolver, Sources};
use libmodfmt::elf::{Section, SectionKind, SymbolKind};
use modtest::hostile_files::{after, modules, noise, repeated};
use modtest::limits::{INPUT_BYTES, assert_limits};
use modtest::module::{Make, R_64};

/// Addresses and symbols that are asked for.
const QUERIES: u64 = 32;

/// Asks with this file in one place.
fn ask(name_file: impl FnOnce(&mut Sources)) {
    let mut sources = Sources::new(FileSearch::Named);
    sources.kaslr = KaslrHint::known(0);
    name_file(&mut sources);
    let resolver = Resolver::new(sources);
    let names = ["a", "x", "outer", "first", "init_module", "AAAA"];
    let named = names
        .iter()
        .flat_map(|&name| [None, Some("foo")].map(|module| Query::symbol(module, name, 1, None).returning()));
    let at = (0..QUERIES).map(|number| Query::address(0xffff_ffff_8100_0000 + number * 3));
    let low = (0..QUERIES).map(Query::address);
    let queries: Vec<Query> = named.chain(at).chain(low).collect();
    assert_eq!(resolver.symbolize_all(&queries).len(), queries.len());
    let _ = (resolver.kaslr_offset(), resolver.kernel_btf(), resolver.take_warnings());
}

fn as_each_kind(folder: &Path, input: &str, data: &[u8]) {
    let file = folder.join("foo.ko");
    std::fs::write(&file, data).unwrap();
    let as_kind = |kind: &str, name_file: fn(&mut Sources, &Path)| {
        assert_limits(&format!("{kind}: {input}"), || ask(|sources| name_file(sources, &file)));
    };
    as_kind("vmlinux", |sources, file| sources.vmlinux = Some(file.to_owned()));
    as_kind("module", |sources, file| sources.modules = vec![file.to_owned()]);
    as_kind("System.map", |sources, file| sources.system_map = Some(file.to_owned()));
    as_kind("kallsyms", |sources, file| sources.kallsyms = Some(file.to_owned()));
}

/// A module whose code is all in one function, with one debug section replaced.
fn with_section(name: &str, data: &[u8], compressed: bool) -> Vec<u8> {
    let mut make = Make::small("foo");
    make.global("outer", ".text", SymbolKind::FUNCTION, 0, 16);
    for (other, small) in [
        (".debug_info", &[9, 0, 0, 0, 5, 0, 1, 8, 0, 0, 0, 0, 1][..]),
        (".debug_abbrev", &[1, 0x11, 1, 0, 0, 0]),
        (".debug_line", &[0; 16]),
    ] {
        if other != name {
            make.section(other, 0, 1, small);
        }
    }
    let flags = if compressed { 0x800 } else { 0 };
    make.object.sections.push(Section::with_data(name, SectionKind::PROGBITS, flags, 1, data.to_vec()));
    make.build()
}

/// A module whose units all cover its one function. Each has an entry with the abbreviation of `code`, in the
/// table at `table`, and `rest` behind it: a low and a high address, what else the abbreviation has, and
/// further entries.
fn with_units(abbreviations: &[u8], units: &[(u32, Vec<u8>)], rest: &[u8], lines: &[u8]) -> Vec<u8> {
    let mut make = Make::small("foo");
    make.global("outer", ".text", SymbolKind::FUNCTION, 0, 16);
    let (mut info, mut places) = (Vec::new(), Vec::new());
    for (table, code) in units {
        let mut unit = vec![5, 0, 1, 8];
        unit.extend(table.to_le_bytes());
        unit.extend(code);
        places.push((info.len() + 4 + unit.len()) as u64);
        unit.extend([0; 8]);
        unit.extend(16_u64.to_le_bytes());
        unit.extend(rest);
        info.extend((unit.len() as u32).to_le_bytes());
        info.extend(unit);
    }
    make.section(".debug_abbrev", 0, 1, abbreviations);
    make.section(".debug_info", 0, 1, &info);
    make.section(".debug_line", 0, 1, lines);
    for place in places {
        make.relocate(".debug_info", place, R_64, "outer", 0);
    }
    make.build()
}

/// Modules in which many units lead to large tables.
fn units() -> Vec<(String, Vec<u8>)> {
    // A compile unit with its addresses, and its line table.
    let with_lines = [1, 0x11, 0, 0x11, 1, 0x12, 7, 0x10, 0x17, 0, 0, 0];
    let files = INPUT_BYTES / 2;
    let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 8, 1, 0, 1, 1, 8];
    header.extend([files as u8 & 0x7f | 0x80, (files >> 7) as u8 & 0x7f | 0x80, (files >> 14) as u8]);
    header.extend(vec![0; files]);
    let length = |bytes: &[u8]| (bytes.len() as u32).to_le_bytes();
    let program = [&[5, 0, 8, 0][..], &length(&header), &header].concat();
    let lines = [&length(&program)[..], &program].concat();
    let shared = with_units(&with_lines, &vec![(0, vec![1]); 4000], &[0; 4], &lines);

    let leb = |number: u32| {
        vec![number as u8 & 0x7f | 0x80, (number >> 7) as u8 & 0x7f | 0x80, (number >> 14) as u8]
    };
    let (mut abbreviations, mut tables) = (Vec::new(), Vec::new());
    for code in 1..50_000 {
        tables.push((abbreviations.len() as u32, leb(code)));
        abbreviations.extend(leb(code));
        abbreviations.extend([0x11, 0, 0x11, 1, 0x12, 7, 0, 0]);
    }
    abbreviations.push(0);
    tables.truncate(8000);
    let overlapping = with_units(&abbreviations, &tables, &[], &[]);

    let mut abbreviations = vec![1, 0x11, 1, 0x11, 1, 0x12, 7, 0, 0, 2, 0x34, 0];
    abbreviations.extend([0x34, 0x19].repeat(INPUT_BYTES / 4));
    abbreviations.extend([0, 0, 0]);
    let attributes = with_units(&abbreviations, &[(0, vec![1])], &vec![2; INPUT_BYTES / 4], &[]);
    vec![
        ("units with one line table".to_owned(), shared),
        ("units whose abbreviations overlap".to_owned(), overlapping),
        ("entries of very many attributes".to_owned(), attributes),
    ]
}

/// A section that is compressed by itself: a mebibyte that stands for 60 of zeros.
fn compressed_zeros() -> Vec<u8> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; INPUT_BYTES];
    for _ in 0..60 {
        zlib.write_all(&zeros).unwrap();
    }
    let packed = zlib.finish().unwrap();
    let mut section = vec![1, 0, 0, 0, 0, 0, 0, 0];
    section.extend((60 * INPUT_BYTES as u64).to_le_bytes());
    section.extend(1_u64.to_le_bytes());
    section.extend(packed);
    section.resize(INPUT_BYTES, 0);
    section
}

fn inputs() -> Vec<(String, Vec<u8>)> {
    // Frames of one block that repeats a byte 128 Ki times.
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3, 3, 0, 16, 0];
    let mut inputs: Vec<(&str, Vec<u8>)> = vec![
        ("zeros", repeated(&[0])),
        ("0xff", repeated(&[0xff])),
        ("noise", noise()),
        ("ELF header", after(b"\x7fELF\x02\x01\x01", &[0xff, 0, 1])),
        ("zstd bomb", repeated(&zstd)),
        ("one line", repeated(b"a")),
        ("line feeds", repeated(b"\n")),
        ("symbols", repeated(b"ffffffff81000000 T a\n")),
        ("symbols of modules", repeated(b"ffffffff81000000 t a\t[foo]\n")),
        ("symbols of many modules", many_modules()),
    ];
    inputs.extend(modules());
    let mut inputs: Vec<(String, Vec<u8>)> =
        inputs.into_iter().map(|(name, data)| (name.to_owned(), data)).collect();
    let line_header = [0xf0, 0xff, 0xf, 0, 5, 0, 8, 0, 0x10, 0, 0, 0, 1, 1, 1, 0xfb, 14, 13];
    let unit = [0xf0, 0xff, 0xf, 0, 5, 0, 1, 8, 0, 0, 0, 0];
    let ranges = [0xf0, 0xff, 0xf, 0, 2, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0];
    let zeros = compressed_zeros();
    for section in [
        ".debug_info",
        ".debug_abbrev",
        ".debug_line",
        ".debug_aranges",
        ".debug_ranges",
        ".debug_rnglists",
        ".debug_str",
        ".debug_line_str",
        ".debug_addr",
        ".BTF",
        ".note.gnu.build-id",
        ".modinfo.other",
        ".gnu_debuglink",
    ] {
        for (content, data) in [
            ("zeros", repeated(&[0])),
            ("ones", repeated(&[1])),
            ("noise", noise()),
            ("units", repeated(&[9, 0, 0, 0, 5, 0, 1, 8, 0, 0, 0, 0, 1])),
            ("entries", after(&unit, &[1])),
            ("a line table", after(&line_header, &[1, 2, 3])),
            (
                "address ranges",
                after(&ranges, &[0, 0, 0, 0x81, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0]),
            ),
            ("abbreviations", repeated(&[1, 0x34, 0, 3, 8, 0, 0])),
        ] {
            inputs.push((format!("{section} of {content}"), with_section(section, &data, false)));
        }
        inputs.push((format!("{section}, compressed"), with_section(section, &zeros, true)));
    }
    inputs
}

fn many_modules() -> Vec<u8> {
    let lines = (0..INPUT_BYTES / 36).map(|number| format!("{:016x} t a\t[module_{number}]\n", number * 16));
    lines.collect::<String>().into_bytes()
}

#[test]
fn a_megabyte_costs_two_seconds_and_512_megabytes_at_most() {
    let folder = tempfile::tempdir().unwrap();
    for (input, data) in inputs().into_iter().chain(units()) {
        as_each_kind(folder.path(), &input, &data);
    }
}
