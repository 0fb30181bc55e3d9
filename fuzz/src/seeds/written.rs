// SPDX-License-Identifier: MIT OR Apache-2.0
//! Seeds that are written out here: made-up modules, journals, small texts, bytes of code, compressed files.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libmodfmt::journal::{Boot, Discard, Entry, LoadedModule, Recorded, Stage, Tokens, Unload};
use libmodfmt::persist::{Header, Unit, Variable};
use libmodfmt::proc::NameToken;
use modtest::module::{Make, signed};

use super::{JOURNAL, Seed, from_file};

/// Lines of files in `/proc` and of others: what the first byte of an input of `texts` says, then the text.
const TEXTS: [&str; 4] = [
    "\0foo 16384 1 bar,[permanent], Live 0xffffffffc0a00000 (OE)\nbar 4096 0 - Loading 0x0000000000000000\n",
    "\x01ffffffff81000000 T _text\nffffffffc0a00000 d counters\t[foo]\n0000000000000000 A x\n",
    "\x02region foo unused\nblock 1 kept named -\nsection .data..persistent.foo.0 0xffffffffc0a00000 8 8 rw used 00000000000000aa\nvariable 0 8 foo.c cnt.0\n",
    "\x03{}\n",
];
/// The same for `symbols`.
const SYMBOLS: [&[u8]; 4] = [
    b"\0ffffffff81000000 T _text\nffffffff81000000 T _stext\nffffffff81000010 T vfs_read\n      ffffffff81000210 t x\nffffffff81000210 T y\n",
    b"\x01ffffffff9a000000 T _text\nffffffff9a000000 T _stext\nffffffff9a000010 T vfs_read\n      ffffffffc0a00000 t init\t[foo]\nffffffffc0a00040 d counters\t[foo]\n\0      foo 16384 0 - Live 0xffffffffc0a00000 (OE)\n",
    b"\x02\0\x02\x31\xc0\x48\x8b\x47\x10\x0f\x0b\xe8\0\0\0\0\x65\x48\x8b\x04\x25\x28\0\0\0\xc3",
    b"\x02\x01\x05\x8b\x40\x08\x89\xc2\x8b\x14\x85\0\0\0\0\xf3\xa4\x64\xa1\x14\0\0\0\x0f\xff\xc3\xcc",
];

/// The text of a panic screen's code.
const PANIC_CODE: &str = "QR-Code:http://e/#?a=x86_64&v=6.16.0+&\
    z=22850245147461960127479103797202645679929458617911856021402989363788\n";

/// All of them.
///
/// # Panics
/// Memory cannot be written to.
#[must_use]
pub fn written() -> Vec<Seed> {
    let modules = [Make::typical("foo"), Make::small("bar"), Make::bare("baz")].map(|make| make.build());
    let mut seeds: Vec<Seed> = modules.iter().flat_map(|module| from_file(module)).collect();
    seeds.push(Seed::new("module_file", signed(&modules[2])));
    seeds.push(Seed::new("module_file", gzip(&modules[2])));
    seeds.extend(TEXTS.iter().map(|text| Seed::new("texts", *text)));
    seeds.extend(journals().into_iter().map(|text| Seed::new("texts", [vec![JOURNAL], text].concat())));
    seeds.extend(SYMBOLS.iter().map(|text| Seed::new("symbols", *text)));
    seeds.extend([&b""[..], b"a", b"module module module "].map(|text| Seed::new("decompress", gzip(text))));
    seeds.push(Seed::new("log", PANIC_CODE));
    seeds.push(Seed::new("decompress", [gzip(b"one"), gzip(b"two")].concat()));
    seeds
}

/// Journals: every entry by itself, all of them, and the same with the index that a later writer adds.
fn journals() -> Vec<Vec<u8>> {
    let entries = entries("b0");
    let lines: Vec<Vec<u8>> = entries.iter().map(Entry::to_line).collect();
    let mut whole = lines.concat();
    // The header was written before, and is only referred to.
    whole.extend(entries[1].to_short_line(|_| true));
    let index = Recorded::read("b0", &whole, true).expect("the whole boot is there").to_index(1500);
    let with_index = [whole.clone(), index, lines[3].clone()].concat();
    let two_boots = [whole.clone(), self::entries("b1").iter().flat_map(Entry::to_line).collect()].concat();
    [lines, vec![whole, with_index, two_boots]].concat()
}

fn entries(boot: &str) -> Vec<Entry> {
    let (boot, base) = (boot.to_owned(), 0xffff_ffff_c000_0000);
    let mut header = Header::new("meter");
    header.build_id = vec![1, 2];
    header.units.push(Unit::new(".data..persistent", 40, 8));
    header.units[0].variables.push(variable());
    let keeper = LoadedModule {
        boot: boot.clone(),
        name: "meter__persist".into(),
        base: Some(base),
        sections: vec![(".data..persistent".into(), base + 0x2000), (".bss".into(), base)],
        persistent: Some(header.into()),
        at: 1300,
        ..LoadedModule::default()
    };
    let owner = LoadedModule {
        boot: boot.clone(),
        name: "meter".into(),
        stage: Stage::Loading,
        build_id: vec![1, 2],
        file: Some("/lib/modules/meter.ko".into()),
        ..LoadedModule::default()
    };
    let kernel = Boot {
        id: boot.clone(),
        banner: "Linux version 6.1.0-x (a@b) #1 SMP \"odd\"".into(),
        build_id: vec![0xab, 0xcd],
        text: Some(("_stext".into(), 0xffff_ffff_8100_0000)),
        at: 1234,
    };
    vec![
        Entry::Boot(kernel),
        Entry::Module(keeper),
        Entry::Module(owner),
        Entry::Unload(Unload { boot: boot.clone(), name: "meter".into(), removed: true, at: 1400 }),
        Entry::Discard(Discard { boot: boot.clone(), name: "foo".into(), at: 1500 }),
        Entry::Tokens(Tokens {
            boot,
            tokens: vec![
                NameToken::new("foo_p", [0xffff_8880_0000_1000, 40, 0, 0]).with_type("foo", "struct foo"),
            ],
            at: 1600,
        }),
    ]
}

fn variable() -> Variable {
    let mut variable = Variable::new("stats", 8, 32, 8);
    variable.file = Some("meter.c".into());
    variable.type_name = Some("struct stats".into());
    variable
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("memory can be written to");
    encoder.finish().expect("memory can be written to")
}

#[cfg(test)]
mod tests {
    use libmodfmt::journal::Journal;

    use super::*;

    #[test]
    fn every_line_of_the_journals_is_read() {
        for text in journals() {
            let journal = Journal::read(&text);
            assert_eq!(journal.skipped, 0);
            assert!(!journal.entries.is_empty());
        }
    }
}
