// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which boot of the journal a report is from.

use ksymoops::Warning;
use ksymoops::decode::Decoder;
use libmodfmt::journal::{Entry, Journal, LoadedModule, Unload};
use libmodfmt::persist::{Header, Unit};

use super::support::{BANNER, PAGE_FAULT, STALE, annotated, decoder, journal};

#[test]
fn where_two_boots_fit_none_is_used() {
    let mut both = journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500));
    both.entries.extend(journal("b-2", 0xffff_ffff_c0b0_0000, Some(1500)).entries);
    let mut decoder = decoder(both);
    let text = annotated(STALE, &decoder);
    assert!(
        text.contains("boots b-1 and b-2 of the journal fit") && !text.contains("persistent data of"),
        "{text}"
    );
    assert_eq!(decoder.take_warnings().len(), 1);
    decoder.boot = Some("b-1".into());
    assert!(annotated(STALE, &decoder).contains("persistent data of meter"));
}

#[test]
fn a_journal_of_another_kernel_does_not_fit() {
    let mut other = journal("b-1", 0xffff_ffff_c0a0_2000, None);
    let Entry::Boot(boot) = &mut other.entries[0] else { panic!() };
    boot.banner = BANNER.replace("#1 SMP", "#2 SMP");
    assert!(!annotated(PAGE_FAULT, &decoder(other)).contains("boot b-1"));
    // And of the same kernel, but at another place.
    let mut other = journal("b-1", 0xffff_ffff_c0a0_2000, None);
    let Entry::Boot(boot) = &mut other.entries[0] else { panic!() };
    boot.text = Some(("_stext".into(), 0xffff_ffff_9b00_0000));
    assert!(!annotated(PAGE_FAULT, &decoder(other)).contains("boot b-1"));
}

#[test]
fn kernel_offset_disabled_contradicts_no_boot() {
    let log = String::from_utf8(PAGE_FAULT.to_vec()).unwrap();
    let (before, rest) = log.split_once("Kernel Offset: ").unwrap();
    let after = rest.split_once('\n').unwrap().1;
    let log = format!("{before}Kernel Offset: disabled\n{after}");
    let text = annotated(log.as_bytes(), &decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None)));
    assert!(text.contains("boot b-1 of the journal"), "{text}");
}

#[test]
fn a_journal_of_another_machine_with_the_same_kernel_does_not_fit() {
    let mut other = journal("b-1", 0xffff_ffff_c0a0_2000, None);
    other.entries.retain(|entry| matches!(entry, Entry::Boot(_)));
    for name in ["nvme", "xfs", "mlx5_core"] {
        let module =
            LoadedModule { boot: "b-1".into(), name: name.into(), at: 1100, ..LoadedModule::default() };
        other.entries.push(Entry::Module(module));
    }
    let log = String::from_utf8(PAGE_FAULT.to_vec()).unwrap().replace(" meter__persist(OE)", "");
    assert!(!annotated(log.as_bytes(), &decoder(other)).contains("boot b-1"));
}

/// A report of the journal's kernel, with these lines in it, and a register that points to the journal's
/// data.
fn of_that_kernel(lines: &str) -> String {
    format!(
        "[   20.000000] BUG: unable to handle page fault for address: ffffffffc0a0201c\n\
         [   20.000030] CPU: 0 PID: 400 Comm: cat Not tainted 6.1.0-99-amd64 #1  Debian 6.1.999-1\n\
         [   20.000050] RAX: ffffffffc0a0201c RBX: 0000000000000000 RCX: 0000000000000000\n{lines}"
    )
}

/// What becomes of the boot of the journal, and what is warned of.
fn matched(lines: &str, decoder: &Decoder) -> (&'static str, Vec<Warning>) {
    let text = annotated(of_that_kernel(lines).as_bytes(), decoder);
    let persistent = text.contains("persistent data of meter");
    let what =
        match (text.contains("from    boot b-1 of the journal"), text.contains("from    may be boot b-1 of"))
        {
            (true, false) => "used",
            (false, true) => "possible",
            (false, false) => "none",
            (true, true) => panic!("{text}"),
        };
    assert_eq!(persistent, what == "used", "{text}");
    (what, decoder.take_warnings())
}

#[test]
fn a_boot_without_support_is_not_used() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    let modules = |names: &str| format!("[   20.000080] Modules linked in: {names}\n");
    for (lines, what) in [
        // The kernel alone, and addresses that are in its data by accident.
        (String::new(), "possible"),
        (modules("meter(OE) meter__persist(OE) ext4"), "used"),
        // Another machine: no keeper, or others.
        (modules("ext4 crc16 mbcache"), "none"),
        (modules("meter(OE) meter__persist(OE) other__persist(OE)"), "none"),
        // Without a list, a module of that boot in the call trace.
        (" Call Trace:\n  meter_show+0x5/0x10 [meter]\n".to_owned(), "used"),
        (" Call Trace:\n  ext4_read+0x5/0x10 [ext4]\n".to_owned(), "possible"),
        ("Kernel Offset: 0x19a00000 from 0xffffffff81000000\n".to_owned(), "used"),
        ("Kernel Offset: disabled\n".to_owned(), "possible"),
        ("Kernel Offset: 0x1ba00000 from 0xffffffff81000000\n".to_owned(), "none"),
    ] {
        assert_eq!(matched(&lines, &decoder), (what, Vec::new()), "{lines}");
    }
}

/// The journal of a boot with modules of the kernel's own tree only.
fn plain_journal(names: &[&str], at: u64) -> Journal {
    let mut journal = journal("b-1", 0, None);
    journal.entries.truncate(1);
    journal.entries.extend(names.iter().map(|name| {
        Entry::Module(LoadedModule {
            boot: "b-1".into(),
            name: (*name).into(),
            at,
            ..LoadedModule::default()
        })
    }));
    journal
}

#[test]
fn modules_that_every_machine_has_support_little() {
    let line = |names: &[&str]| format!("[   20.000080] Modules linked in: {}\n", names.join(" "));
    let what = |journal, lines: &str| {
        let text = annotated(of_that_kernel(lines).as_bytes(), &decoder(journal));
        (text.contains("from    boot b-1"), text.contains("from    may be boot b-1"))
    };
    let few = ["ext4", "crc16"];
    assert_eq!(what(plain_journal(&few, 1100), &line(&few)), (false, true));
    // Loaded after the report, so that their absence contradicts nothing.
    assert_eq!(what(plain_journal(&few, 9000), &line(&["xfs"])), (false, true));
    let many = ["ext4", "crc16", "mbcache", "jbd2", "virtio_net", "virtio_blk", "failover", "virtio"];
    assert_eq!(what(plain_journal(&many, 1100), &line(&many)), (true, false));
    assert_eq!(what(plain_journal(&many, 1100), &line(&many[..5])), (false, true));
    assert_eq!(what(plain_journal(&many, 1100), &line(&["xfs", "ext4"])), (false, false));
    // One that was built for that machine.
    assert_eq!(
        what(plain_journal(&["ext4", "special"], 1100), &line(&["ext4", "special(OE)"])),
        (true, false)
    );
}

#[test]
fn addresses_with_symbols_tell_the_boot() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("System.map");
    let text = "ffffffff81000000 T _stext\nffffffff81000000 T _text\nffffffff81364000 T ksys_read\n\
                ffffffff813640f0 T next\nffffffff84000000 B _end\n";
    std::fs::write(&map, text).unwrap();
    let pair = |start: u64| format!(" Call Trace:\n  [<{:x}>] ksys_read+0x67/0xf0\n", start + 0x36_4067);
    let (same, near, far) = (0xffff_ffff_9aa0_0000, 0xffff_ffff_9aa0_0000 + 0x20_0000, 0xffff_ffff_8800_0000);
    let mut with = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    with.sources.system_map = Some(map);
    assert_eq!(matched(&pair(same), &with), ("used", Vec::new()));
    assert_eq!(matched(&pair(near), &with), ("none", Vec::new()));
    // Without symbols only what is nowhere near contradicts.
    let mut without = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    assert_eq!(matched(&pair(same), &without), ("possible", Vec::new()));
    assert_eq!(matched(&pair(far), &without), ("none", Vec::new()));
    // Nor does naming the boot help against what the report says.
    for decoder in [&mut with, &mut without] {
        decoder.boot = Some("b-".to_owned());
        assert_eq!(matched(&pair(same), decoder), ("used", Vec::new()));
        let (what, warnings) = matched(&pair(far), decoder);
        assert_eq!(what, "none");
        assert!(
            matches!(&warnings[..], [Warning::BootAtOtherAddress { wanted }] if wanted == "b-"),
            "{warnings:?}"
        );
    }
    with.boot = Some("c".to_owned());
    assert_eq!(matched("", &with).1, [Warning::NoSuchBoot { wanted: "c".to_owned() }]);
    with.boot = None;
    with.sources.kaslr.option = Some(0x19a0_0000);
    assert_eq!(matched("", &with), ("used", Vec::new()));
    with.sources.kaslr.option = Some(0x1aa0_0000);
    assert_eq!(matched("", &with), ("none", Vec::new()));
}

/// A journal of this size once took nine seconds; a twentieth of it would take a twentieth of that.
#[test]
fn journals_of_many_modules_and_of_many_boots_are_read_in_linear_time() {
    let module = |boot: &str, number: u64| {
        let base = 0xffff_ffff_c100_0000 + (number << 12);
        Entry::Module(LoadedModule {
            boot: boot.to_owned(),
            name: format!("m{number}"),
            base: Some(base),
            sections: vec![(".text".into(), base), (".data".into(), base + 0x800)],
            at: 1100,
            ..LoadedModule::default()
        })
    };
    let one_boot = |count: u64| {
        let mut one_boot = journal("b-1", 0xffff_ffff_c0a0_2000, None);
        for number in 0..count {
            let (at, boot) = (1150, "b-1".to_owned());
            one_boot.entries.push(module("b-1", number));
            // Every tenth is a keeper whose data was discarded.
            if number % 10 == 0
                && let Some(Entry::Module(keeper)) = one_boot.entries.last_mut()
            {
                let mut header = Header::new(&keeper.name);
                header.units.push(Unit::new(".data..persistent", 0x40, 32));
                keeper.name.push_str("__persist");
                keeper.sections.push((".data..persistent".into(), keeper.base.unwrap() + 0x900));
                keeper.persistent = Some(header.into());
            }
            let Some(Entry::Module(LoadedModule { name, .. })) = one_boot.entries.last() else { panic!() };
            let name = name.clone();
            one_boot.entries.push(Entry::Unload(Unload { boot, name, at, ..Unload::default() }));
        }
        one_boot
    };
    let many_boots = |count: u64| {
        let mut many_boots = journal("b-1", 0xffff_ffff_c0a0_2000, None);
        for boot in 0..count / 20 {
            let id = format!("x-{boot}");
            let mut other = journal(&id, 0xffff_ffff_c0a0_2000, None);
            other.entries.retain(|entry| matches!(entry, Entry::Boot(_)));
            other.entries.extend((0..20).map(|number| module(&id, number)));
            many_boots.entries.extend(other.entries);
        }
        many_boots
    };
    let time = |journal: &Journal| {
        let text: Vec<u8> = journal.entries.iter().flat_map(Entry::to_line).collect();
        let timer = modtest::CpuTimer::start();
        let text = annotated(PAGE_FAULT, &decoder(Journal::read(&text)));
        assert!(text.contains(" of the journal"), "{text}");
        timer.elapsed()
    };
    for (what, few, many) in [
        ("one boot", one_boot(6_000), one_boot(60_000)),
        ("many boots", many_boots(6_000), many_boots(60_000)),
    ] {
        let (few, many) = (time(&few), time(&many));
        // Ten times as long, and not a hundred times.
        assert!(many < few * 40, "{what}: {few:?}, ten times as much: {many:?}");
    }
}
