// SPDX-License-Identifier: MIT OR Apache-2.0
//! Entries written and read, whole and damaged.

use proptest::prelude::*;

use super::*;
use crate::persist::{Header, PersistentSection, SectionHeader, Variable};

fn header() -> Header {
    let variable = Variable {
        file: Some("meter.c".into()),
        function: None,
        name: "stats".into(),
        offset: 8,
        size: 32,
        align: 8,
        type_name: Some("struct stats".into()),
        type_hash: Some(7),
    };
    let section =
        SectionHeader { role: PersistentSection::Data, size: 40, align: 8, variables: vec![variable] };
    Header { owner: "meter".into(), build_id: vec![1, 2], named: true, sections: vec![section] }
}

fn entries() -> Vec<Entry> {
    let boot = Boot {
        id: "0b0e5d2c-1".into(),
        banner: "Linux version 6.1.0-x (a@b) #1 SMP \"odd\"".into(),
        build_id: vec![0xab, 0xcd],
        text: Some(("_stext".into(), 0xffff_ffff_8100_0000)),
        at: 1234,
    };
    let keeper = LoadedModule {
        boot: boot.id.clone(),
        name: "meter__persist".into(),
        base: Some(0xffff_ffff_c000_0000),
        sections: vec![(".data..persistent".into(), 0xffff_ffff_c000_2000)],
        persistent: Some(header()),
        at: 1300,
        ..LoadedModule::default()
    };
    let owner = LoadedModule {
        boot: boot.id.clone(),
        name: "meter".into(),
        stage: Stage::Loading,
        build_id: vec![1, 2],
        file: Some("/lib/modules/meter.ko".into()),
        ..LoadedModule::default()
    };
    let gone = Unload { boot: boot.id.clone(), name: "meter".into(), at: 1400 };
    let dropped = Discard { boot: boot.id.clone(), name: "foo".into(), at: 1500 };
    vec![
        Entry::Boot(boot),
        Entry::Module(keeper),
        Entry::Module(owner),
        Entry::Unload(gone),
        Entry::Discard(dropped),
    ]
}

fn text() -> Vec<u8> {
    entries().iter().flat_map(Entry::to_line).collect()
}

#[test]
fn what_is_written_is_read() {
    let journal = Journal::read(&text());
    assert_eq!((journal.entries, journal.skipped), (entries(), 0));
}

#[test]
fn the_words_are_as_documented() {
    let line = String::from_utf8(entries()[3].to_line()).unwrap();
    assert_eq!(
        line,
        "{\"v\":1,\"boot\":\"0b0e5d2c-1\",\"at\":1400,\"entry\":\"unload\",\"name\":\"meter\"}\n"
    );
    let line = String::from_utf8(entries()[1].to_line()).unwrap();
    assert!(line.contains("\"sections\":{\".data..persistent\":\"0xffffffffc0002000\"}"), "{line}");
}

#[test]
fn wherever_the_text_is_cut_whole_lines_are_read() {
    let text = text();
    for end in 0..text.len() {
        let whole = text[..end].iter().filter(|&&byte| byte == b'\n').count();
        let journal = Journal::read(&text[..end]);
        assert_eq!(journal.entries, entries()[..whole], "cut at {end}");
    }
}

#[test]
fn other_versions_and_damage_are_passed_over() {
    let line = String::from_utf8(entries()[1].to_line()).unwrap();
    let damaged = line.replacen("706572736973740000", "706572736973740001", 1);
    let later = line.replace("\"v\":1", "\"v\":2");
    for bad in [later.as_str(), &line.replace("0xffffffffc0002000", "-1"), "{}\n", "\u{0}\n"] {
        assert_eq!(Journal::read(bad.as_bytes()).skipped, 1, "{bad}");
    }
    let _ = Journal::read(damaged.as_bytes());
}

#[test]
fn names_of_files_leave_the_folder_alone() {
    assert_eq!(file_name("0b0e-1"), "boot-0b0e-1.jsonl");
    assert_eq!(file_name("../x"), "boot-x.jsonl");
}

proptest! {
    #[test]
    fn no_text_panics(text: Vec<u8>, at in 0_usize..2000, byte: u8) {
        let _ = Journal::read(&text);
        let mut damaged = self::text();
        if let Some(place) = damaged.get_mut(at) {
            *place = byte;
        }
        let _ = Journal::read(&damaged);
    }
}
