// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every reader ends soon and with little memory, whatever is in a megabyte of input. One test, since it
//! measures the process.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test fails by panicking")]

use std::io::Write;

use libmodfmt::btf::Btf;
use libmodfmt::dwarf::{DebugInfo, DebugSections};
use libmodfmt::elf::{ByteOrder, Class, Ident, Machine, Object, Section, SectionKind};
use libmodfmt::export::{ExportLayout, Release, Sample, exports};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;
use libmodfmt::journal::{Journal, Recorded};
use libmodfmt::modinfo::Modinfo;
use libmodfmt::persist::{Header, extended_regions};
use libmodfmt::versions::{ExtendedVersions, Versions};
use libmodfmt::{compress, note, parameters, proc, signature};
use modtest::hostile_files::{after, modules, noise, repeated};
use modtest::limits::{INPUT_BYTES, assert_limits};
use modtest::module::{DATA, Make};

/// A reader, with its name.
type Reader = (&'static str, fn(&[u8]));

const READERS: &[Reader] = &[
    ("module file", module_file),
    ("BTF", btf),
    ("DWARF", dwarf),
    ("journal", journal),
    ("/proc", proc_texts),
    ("note", header_note),
    ("modinfo and versions", tables),
    ("compressed section", section),
];

fn module_file(data: &[u8]) {
    let file = ModuleFile::as_kmod(data, 4 << 30);
    let _ = (file.section_names().is_ok(), file.signature().is_ok());
    let Ok(module) = file.module() else { return };
    let object = &module.object;
    let _ = (parameters::names(object), module.modinfo().is_ok(), object.write().is_ok());
    let layout = ExportLayout::for_release(object.ident.machine, Release::new(6, 1));
    let _ = (exports(object, &layout).is_ok(), Sample::of(object).is_ok());
    let Ok(Some(persistent)) = file.persistent() else { return };
    let _ = persistent
        .refusals()
        .map(|found| found.reasons.iter().map(|reason| reason.to_string().len()).sum::<usize>());
    let note = persistent.header().to_note(ByteOrder::Little);
    header_note(&note);
    let bindings = Bindings::first(persistent.header());
    let _ = (persistent.keeper(&layout, &bindings).is_ok(), persistent.pending(&[1]).is_ok());
    let _ = persistent.owner(&bindings).is_ok();
}

fn btf(data: &[u8]) {
    let Ok(btf) = Btf::parse(data) else { return };
    let _ = (btf.variables().count(), btf.path_by_type("struct list_head[2]", 32, 20));
    for id in btf.ids().take(1000) {
        let _ = (btf.size_of(id), btf.member(id, "name").is_ok(), btf.path_at(id, 4));
    }
    let _ = ExportLayout::from_btf(&btf, Machine::X86_64);
}

/// The bytes as each of the sections.
fn dwarf(data: &[u8]) {
    const NAMES: [&str; 6] =
        [".debug_info", ".debug_abbrev", ".debug_line", ".debug_str", ".debug_str_offsets", ".debug_addr"];
    for own in 0..=NAMES.len() {
        let mut object = Object::new(Ident::X86_64, 0);
        for (index, name) in NAMES.iter().enumerate() {
            // A unit of one entry, which is a compile unit, and its abbreviation.
            let small: &[u8] = match index {
                0 => &[9, 0, 0, 0, 5, 0, 1, 8, 0, 0, 0, 0, 1],
                1 => &[1, 0x11, 1, 0, 0, 0],
                _ => &[0; 16],
            };
            let content = if own == index || own == NAMES.len() { data } else { small };
            object.sections.push(Section::with_data(name, SectionKind::PROGBITS, 0, 1, content.to_vec()));
        }
        let Ok(sections) = DebugSections::of(&object) else { continue };
        let Ok(info) = DebugInfo::read(&sections) else { continue };
        for variable in info.variables() {
            let _ = info.field_path(&variable, 4);
        }
    }
}

fn journal(data: &[u8]) {
    let journal = Journal::read(data);
    let _ = (journal.boots().len(), journal.by_boot().len());
    for whole in [true, false] {
        let _ = Recorded::read("b", data, whole).map(|recorded| recorded.to_index(0));
    }
}

fn proc_texts(data: &[u8]) {
    let _ = (proc::kallsyms(data).count(), extended_regions(data).is_ok());
    let _ = proc::modules(data).flatten().map(|module| module.users().count()).sum::<usize>();
}

fn header_note(data: &[u8]) {
    let _ = note::records(data, ByteOrder::Little).count();
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let _ = Header::from_note(data, order).map(|header| header.to_note(order).len());
    }
}

fn tables(data: &[u8]) {
    let _ = Modinfo::parse(data).map(|info| (info.depends().len(), info.all("parm").count()));
    let _ = Versions::parse(data, Class::Elf64, ByteOrder::Little).map(|versions| versions.iter().count());
    let _ = ExtendedVersions::parse(data, data, ByteOrder::Little).map(|versions| versions.iter().count());
    let _ = signature::split(data);
}

fn section(data: &[u8]) {
    let limit = compress::plausible_size(data.len() as u64);
    for kind in [1_u8, 2] {
        let mut section = vec![kind, 0, 0, 0, 0, 0, 0, 0];
        section.extend(limit.to_le_bytes());
        section.extend(1_u64.to_le_bytes());
        section.extend(data);
        let _ = compress::section(&section, Ident::X86_64, limit);
    }
}

/// A header of many variables.
fn large_note() -> Vec<u8> {
    const COUNT: u64 = 8000;
    let mut make = Make::bare("foo");
    make.section(DATA, 3, 8, &vec![0; COUNT as usize * 8]);
    make.file("foo.c");
    for number in 0..COUNT {
        make.local(&format!("variable_{number}"), DATA, number * 8, 8);
    }
    let file = ModuleFile::new(make.build(), 0);
    file.persistent().unwrap().unwrap().header().to_note(ByteOrder::Little)
}

/// `xz --check=none` of a mebibyte of zeros.
const XZ: &str = "fd377a585a000000ff12d9410200210116000000742fe5a3efffff00d95d00006ffdffffa3b7ff473e481572396151b89228\
    e6a38607f9eee41e82d32fc53a3c014bb17ec98a8a4d2fa30dd97fa6e38c231153e05918c5758ae277f8b6947f0c6ac0de74\
    4964e2e95c53b204d8f7440cab5f0d6d46e9e5c37688b79657acb64de1691d6ffb4b88106c42cb883f5c008fd04eaf262894\
    711f3d8f24e1709ea7235fec28cb85d195988a7e2a91f22775f719c006984d98fdd8afd5900fc42553f8f591363105a5b0ee\
    6fc1704d470cd19111aaad601dbaceb127185c5986e9665258bee976ac59e4e55b0508f9c7daadfcfb522af7e49525000000\
    00000001ed01808040008f17faa8a8000afc020000000000595a";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect()
}

/// Compressed zeros, much of them.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let zeros = vec![0; INPUT_BYTES];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&zeros).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..100 {
        zlib.write_all(&zeros).unwrap();
    }
    // Frames of one block that repeats a byte 128 Ki times.
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3, 3, 0, 16, 0];
    vec![
        ("gzip bomb", repeated(&gzip.finish().unwrap())),
        ("zlib bomb", zlib.finish().unwrap()),
        ("xz bomb", repeated(&hex(XZ))),
        ("zstd bomb", repeated(&zstd)),
    ]
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let module = "{\"v\":1,\"boot\":\"b\",\"at\":1,\"entry\":\"module\",\"name\":\"m\",\"base\":\"0x1\",\"sections\":{\"a\":\"0x1\",\"b\":\"0x1\"}}\n";
    let btf = [0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 4, 0];
    let mut inputs = vec![
        ("zeros", repeated(&[0])),
        ("ones", repeated(&[1])),
        ("0xff", repeated(&[0xff])),
        ("noise", noise()),
        ("line feeds", repeated(b"\n")),
        ("one line", repeated(b"a")),
        ("nested JSON", repeated(b"{\"a\":[")),
        ("journal", repeated(module.as_bytes())),
        ("beginnings of indexes in one line", repeated(b"{\"entry\":\"index\",")),
        ("beginnings of indexes", repeated(b"{\"entry\":\"index\",\n")),
        (
            "index of many modules",
            after(b"{\"entry\":\"index\",\"v\":1,\"boot\":\"b\",\"at\":1,\"modules\":{", b"\"a\":\"0x1\","),
        ),
        ("kallsyms", repeated(b"ffffffff81000000 T a\t[b]\n")),
        ("/proc/modules", repeated(b"a 1 0 - Live 0x1\n")),
        ("a module of many users", after(b"a 1 0 ", b"b,")),
        ("extended list", repeated(b"region a 0x1 8\n")),
        ("modinfo", repeated(b"parm=a\0")),
        ("no keys", repeated(b"\0=\0")),
        ("pairs of notes", repeated(&note::encode(b"GNU", 3, &[7; 4], ByteOrder::Little))),
        ("BTF of pointers", after(&btf, &[0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0])),
        (
            "BTF of structures",
            after(&btf, &[1, 0, 0, 0, 1, 0, 0, 4, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]),
        ),
        ("DWARF units", repeated(&[9, 0, 0, 0, 5, 0, 1, 8, 0, 0, 0, 0, 1])),
        ("DWARF entries", after(&[0xf0, 0xff, 0xf, 0, 5, 0, 1, 8, 0, 0, 0, 0], &[1])),
        ("abbreviations", repeated(&[1, 0x34, 0, 3, 8, 0, 0])),
        ("a large header", large_note()),
        ("a large header, again and again", repeated(&large_note())),
        ("ELF header", after(b"\x7fELF\x02\x01\x01", &[0xff, 0, 1])),
    ];
    inputs.extend(bombs());
    inputs.extend(modules());
    inputs
}

#[test]
fn a_megabyte_costs_two_seconds_and_512_megabytes_at_most() {
    for (input, data) in inputs() {
        assert!(data.len() <= INPUT_BYTES * 2, "{input}: {}", data.len());
        for (reader, read) in READERS {
            assert_limits(&format!("{reader} of {input} ({} bytes)", data.len()), || read(&data));
        }
    }
}
