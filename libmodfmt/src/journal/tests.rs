// SPDX-License-Identifier: MIT OR Apache-2.0
//! Entries written and read, whole and damaged.

use proptest::prelude::*;

use super::*;
use crate::persist::{Header, Unit, Variable};
use crate::proc::NameToken;

fn header() -> Header {
    let variable = Variable {
        file: Some("meter.c".into()),
        function: None,
        name: "stats".into(),
        offset: 8,
        size: 32,
        align: 8,
        type_name: Some("struct stats".into()),
        type_id: None,
    };
    let mut header = Header::new("meter");
    header.build_id = vec![1, 2];
    header.units.push(Unit::new(".data..persistent", 40, 8));
    header.units[0].variables.push(variable);
    header
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
        sizes: vec![(".rodata".into(), 64)],
        memory: Some(16384),
        init_freed: true,
        persistent: Some(header().into()),
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
    let gone = Unload { boot: boot.id.clone(), name: "meter".into(), removed: true, at: 1400 };
    let dropped = Discard { boot: boot.id.clone(), name: "foo".into(), at: 1500 };
    vec![
        Entry::Boot(boot),
        Entry::Module(keeper),
        Entry::Module(owner),
        Entry::Unload(gone),
        Entry::Discard(dropped),
        Entry::Tokens(Tokens { boot: "b-1".into(), tokens: tokens(), at: 1600 }),
    ]
}

fn tokens() -> Vec<NameToken> {
    let foo = NameToken::new("foo \u{1b}p", [0xffff_8880_0000_1000, 40, 0, 0]);
    vec![foo.with_type("foo_token", "struct foo"), NameToken::new("empty", [0; 4])]
}

fn text() -> Vec<u8> {
    entries().iter().flat_map(Entry::to_line).collect()
}

#[test]
fn tokens_are_written_again_only_if_they_have_changed() {
    let boot = &entries()[0].boot().to_owned();
    let line = Entry::Tokens(Tokens { boot: boot.clone(), tokens: tokens(), at: 1 }).to_line();
    let recorded = Recorded::read(boot, &line, true).unwrap();
    let after_index = Recorded::read(boot, &recorded.to_index(2), false).unwrap();
    for recorded in [&recorded, &after_index] {
        assert!(recorded.has_tokens(&tokens()));
        assert!(!recorded.has_tokens(&[]) && !recorded.has_tokens(&tokens()[..1]));
        let mut other = tokens();
        other[0].words[1] += 1;
        assert!(!recorded.has_tokens(&other));
    }
    // Where there never was one, there is nothing to say.
    assert!(Recorded::default().has_tokens(&[]) && !Recorded::default().has_tokens(&tokens()));
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
        "{\"v\":1,\"boot\":\"0b0e5d2c-1\",\"at\":1400,\"entry\":\"unload\",\"name\":\"meter\",\"removed\":true}\n"
    );
    let line = String::from_utf8(entries()[1].to_line()).unwrap();
    assert!(line.contains("\"sections\":{\".data..persistent\":\"0xffffffffc0002000\"}"), "{line}");
    let new = "\"sizes\":{\".rodata\":64},\"memory\":16384,\"init_freed\":true";
    assert!(line.contains(new), "{line}");
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

#[test]
fn a_header_is_written_once_and_referred_to() {
    let entries = entries();
    let mut text = entries[1].to_line();
    let full = text.len();
    let id = {
        let recorded = Recorded::read("0b0e5d2c-1", &text, true).unwrap();
        let known = std::cell::Cell::new(None);
        let short = entries[1].to_short_line(|id| {
            known.set(Some(id));
            recorded.has_header(id)
        });
        assert!(short.len() < full);
        text.extend(&short);
        assert!(!text.ends_with(b"\n\n"));
        known.get().unwrap()
    };
    let journal = Journal::read(&text);
    assert_eq!(journal.entries, [entries[1].clone(), entries[1].clone()]);
    // Of another boot it says nothing, and without the full line the header is unknown.
    let other = String::from_utf8(text[full..].to_vec()).unwrap().replace("0b0e5d2c-1", "other");
    for text in [[&text[..full], other.as_bytes()].concat(), text[full..].to_vec()] {
        let journal = Journal::read(&text);
        let Some(Entry::Module(last)) = journal.entries.last() else { panic!() };
        assert_eq!((journal.skipped, &last.persistent), (0, &None));
    }
    assert!(Recorded::read("other", &text, true).is_some_and(|other| !other.has_header(id)));
}

#[test]
fn an_index_says_what_the_lines_before_it_add_up_to() {
    let boot = "0b0e5d2c-1";
    let owner = |name: &str| LoadedModule {
        boot: boot.into(),
        name: name.into(),
        base: Some(7),
        sections: vec![(".bss..persistent".into(), 8)],
        persistent: Some(header().into()),
        ..LoadedModule::default()
    };
    let mut text = text();
    for name in ["foo", "meter"] {
        text.extend(Entry::Module(owner(name)).to_line());
    }
    text.extend(
        Entry::Unload(Unload { boot: boot.into(), name: "foo".into(), at: 1, ..Unload::default() }).to_line(),
    );
    let all = Recorded::read(boot, &text, true).unwrap();
    assert!(all.has_boot_entry());
    let mut loaded: Vec<_> = all.loaded().collect();
    loaded.sort_unstable();
    assert_eq!(loaded, ["meter", "meter__persist"]);
    assert_eq!(all.base("meter__persist"), Some(Some(0xffff_ffff_c000_0000)));
    assert_eq!(all.own_data().collect::<Vec<_>>(), ["foo", "meter"], "unloaded, not dropped");
    assert_eq!(Recorded::read(boot, &text, false), None);
    let mut indexed = [text.clone(), all.to_index(9)].concat();
    assert_eq!(Journal::read(&indexed), Journal::read(&text), "readers pass over it");
    let dropped = Entry::Discard(Discard { boot: boot.into(), name: "foo".into(), at: 1 }).to_line();
    indexed.extend(&dropped);
    let mut by_hand = all.clone();
    by_hand.append(&dropped);
    for start in [0, 10, text.len()] {
        let read = Recorded::read(boot, &indexed[start..], start == 0).unwrap();
        assert_eq!(read.own_data().collect::<Vec<_>>(), ["meter"]);
        assert_eq!(read.to_index(0), by_hand.to_index(0));
        assert!(!read.wants_index());
    }
    by_hand.append(&[b' '; 16 << 10]);
    assert!(by_hand.wants_index());
}

/// What 60,000 modules cost, relative to 6,000.
#[test]
fn reading_is_linear() {
    let text = |count: u64| {
        let mut text = Vec::new();
        for number in 0..count {
            let module = LoadedModule {
                boot: format!("b-{}", number % 1000),
                name: format!("m{number}"),
                base: Some(number),
                ..LoadedModule::default()
            };
            text.extend(Entry::Module(module).to_line());
            let id = format!("b-{}", number % 1000);
            text.extend(Entry::Boot(Boot { id, ..Boot::default() }).to_line());
        }
        text
    };
    let time = |count: u64| {
        let text = text(count);
        let timer = modtest::CpuTimer::start();
        let journal = Journal::read(&text);
        assert_eq!(journal.boots().len(), 1000);
        assert_eq!(journal.by_boot().len(), 1000);
        timer.elapsed()
    };
    let (few, many) = (time(3_000), time(30_000));
    assert!(many < few * 40, "{few:?}, ten times as much: {many:?}");
}

proptest! {
    #[test]
    fn no_text_panics(text: Vec<u8>, at in 0_usize..2000, byte: u8) {
        let _ = Journal::read(&text);
        let _ = Recorded::read("b", &text, true);
        let mut damaged = self::text();
        if let Some(place) = damaged.get_mut(at) {
            *place = byte;
        }
        let _ = Journal::read(&damaged);
        let _ = Recorded::read("0b0e5d2c-1", &damaged, true);
    }
}
