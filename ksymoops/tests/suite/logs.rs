// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs of our own: what is read from them, and the annotated output, byte for byte.
//!
//! `SNAPSHOTS=overwrite cargo test -p ksymoops` writes the expected output anew.

use std::path::Path;
use std::time::{Duration, Instant};

use ksymoops::decode::Decoder;
use ksymoops::persistent::Owner;
use ksymoops::render::{Annotated, Json, Render};
use libksym::{Discover, FileSearch};
use libmodfmt::journal::{Boot, Entry, Journal, LoadedModule, Unload};
use libmodfmt::persist::{Header, PersistentSection, SectionHeader, Variable};
use liboops::Event;
use liboops::report::{Caller, Hex, Kind, Origin, Report};
use snapbox::{assert_data_eq, file};

const PAGE_FAULT: &[u8] = include_bytes!("../../../tests/fixtures/logs/page_fault.log");
const STALE: &[u8] = include_bytes!("../../../tests/fixtures/logs/stale_pointer.log");
const MAILED: &[u8] = include_bytes!("../../../tests/fixtures/logs/mailed_warning.log");

pub(crate) const BANNER: &str = "Linux version 6.1.0-99-amd64 (build@example.org) (gcc-12 (Debian 12.2.0) 12.2.0) #1 SMP \
                                 PREEMPT_DYNAMIC Debian 6.1.999-1 (2026-01-01)";

fn only(log: &[u8]) -> Report {
    let mut reports: Vec<Report> = liboops::blocks(log).into_iter().flat_map(|block| block.reports).collect();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.remove(0)
}

/// The journal of a boot in which `meter` was loaded, and unloaded at `unloaded`.
fn journal(id: &str, base: u64, unloaded: Option<u64>) -> Journal {
    let mut section = SectionHeader::new(PersistentSection::Data, 0x40, 32);
    for (name, offset, size) in [("stats", 0, 0x20), ("dev", 0x20, 0x18)] {
        let mut variable = Variable::new(name, offset, size, 8);
        variable.file = Some("meter.c".into());
        variable.type_name = Some(format!("struct {name}"));
        section.variables.push(variable);
    }
    let mut header = Header::new("meter");
    header.build_id = vec![1, 2, 3];
    header.sections.push(section);
    let boot = id.to_owned();
    let text = Some(("_stext".to_owned(), 0xffff_ffff_9aa0_0000));
    let keeper = LoadedModule {
        boot: boot.clone(),
        name: "meter__persist".into(),
        base: Some(base),
        sections: vec![(".data..persistent".into(), base)],
        persistent: Some(header),
        at: 1100,
        ..LoadedModule::default()
    };
    let meter =
        LoadedModule { boot: boot.clone(), name: "meter".into(), at: 1100, ..LoadedModule::default() };
    let mut entries = vec![
        Entry::Boot(Boot { id: id.into(), banner: BANNER.into(), text, at: 1000, ..Boot::default() }),
        Entry::Module(keeper),
        Entry::Module(meter),
    ];
    entries.extend(unloaded.map(|at| Entry::Unload(Unload { boot, name: "meter".into(), at })));
    Journal { entries, skipped: 0 }
}

fn decoder(journal: Journal) -> Decoder {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    decoder.journal = journal;
    decoder
}

fn rendered(log: &[u8], decoder: &Decoder, mut render: impl Render) -> Vec<u8> {
    let mut out = Vec::new();
    liboops::stream(log, |event| match event {
        Event::Text(text) => render.text(text, &mut out),
        Event::Block(block) => render.block(&block, &decoder.decode(&block), &mut out),
    })
    .unwrap();
    render.finish(&mut out).unwrap();
    out
}

fn annotated(log: &[u8], decoder: &Decoder) -> String {
    String::from_utf8(rendered(log, decoder, Annotated::default())).unwrap()
}

#[test]
fn a_page_fault_is_read_in_full() {
    let report = only(PAGE_FAULT);
    assert_eq!(report.kind, Kind::PageFault);
    assert_eq!((report.fault_address(), report.time_us), (Some(0x10), Some(12_500_000)));
    let context = &report.context;
    assert_eq!((context.cpu, context.pid, context.comm.as_deref()), (Some(1), Some(321), Some("my tool")));
    assert_eq!(context.release.as_ref().unwrap().value, "6.1.0-99-amd64");
    assert_eq!(context.version.as_deref(), Some("#1  Debian 6.1.999-1"));
    assert_eq!(context.taint.as_ref().unwrap().value, "GOE");
    assert_eq!(context.banner.as_deref(), Some(BANNER));
    assert_eq!(context.kernel_offset.unwrap().slide, Hex(0x19a0_0000));
    assert_eq!(context.last_unloaded.as_deref(), Some("foo"));
    let modules: Vec<_> =
        context.modules.as_ref().unwrap().iter().map(|module| module.name.as_str()).collect();
    assert_eq!(modules, ["meter", "meter__persist", "ext4", "crc16"]);
    let origins: Vec<_> = report.states.iter().map(|state| state.origin).collect();
    assert_eq!(origins, [Origin::Fault, Origin::User, Origin::Repeat]);
    let fault = report.fault().unwrap();
    let pc = fault.pc.as_ref().unwrap();
    assert_eq!((pc.symbol.as_deref(), pc.offset, pc.size), (Some("meter_write"), 0x1b, Some(0x30)));
    assert!(pc.exact);
    assert_eq!(fault.register("RBX"), Some(0xffff_ffff_c0a0_2018));
    assert_eq!(fault.code.as_ref().unwrap().marker, Some(22));
    let frames: Vec<_> = report.frames.iter().map(|frame| frame.place.symbol.clone().unwrap()).collect();
    assert_eq!(frames, ["__die", "meter_store", "kernfs_fop_write_iter", "entry_SYSCALL_64_after_hwframe"]);
    assert!(report.frames[0].place.unreliable && !report.frames[1].place.unreliable);
    assert_eq!(report.frames[1].context.as_deref(), Some("TASK"));
    assert!(report.panicked);
}

#[test]
fn spans_are_of_the_text() {
    let blocks = liboops::blocks(PAGE_FAULT);
    let report = &blocks[0].reports[0];
    for register in report.states.iter().flat_map(|state| &state.registers) {
        let text = blocks[0].text_at(register.span);
        assert_eq!(u64::from_str_radix(&text, 16), Ok(register.value.0), "{register:?}");
    }
    let start = usize::try_from(report.context.release.as_ref().unwrap().span.start).unwrap();
    assert!(PAGE_FAULT[start..].starts_with(b"6.1.0-99-amd64 #1"));
    assert_eq!(blocks[0].text_at(report.frames[1].place.span), "meter_store+0x12/0x40 [meter]");
}

#[test]
fn another_writer_is_kept_apart() {
    let report = only(STALE);
    assert_eq!(report.caller, Some(Caller::Task(400)));
    assert_eq!(report.had_module("meter"), Some(false));
    let block = &liboops::blocks(STALE)[0];
    assert_eq!(block.lines[3].report, None, "the clock source's line");
}

#[test]
fn a_mailed_log_is_read_and_hashed_addresses_are_not_believed() {
    let report = only(MAILED);
    assert_eq!(report.kind, Kind::Warning);
    assert_eq!(report.mentions[0].module.as_deref(), Some("m"));
    assert_eq!(report.frames[0].place.address, Some(Hex(0xffff_ffff_8123_4600)));
    assert_eq!((report.frames[1].place.address, report.frames[1].place.offset), (None, 1));
}

#[test]
fn persistent_data_in_registers() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    assert_data_eq!(
        annotated(PAGE_FAULT, &decoder),
        file!["../../../tests/fixtures/logs/page_fault.annotated"].raw()
    );
}

#[test]
fn a_pointer_that_was_held_for_too_long() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500)));
    let text = annotated(STALE, &decoder);
    assert!(text.contains("not loaded then"), "{text}");
    assert_data_eq!(text, file!["../../../tests/fixtures/logs/stale_pointer.annotated"].raw());
}

#[test]
fn a_pointer_into_data_that_were_dropped() {
    let log = String::from_utf8(STALE.to_vec()).unwrap().replace(" meter__persist(OE)", "");
    let mut dropped = journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500));
    let gone = |name: &str| Entry::Unload(Unload { boot: "b-1".into(), name: name.into(), at: 1500 });
    dropped.entries.push(gone("meter__persist"));
    let text = annotated(log.as_bytes(), &decoder(dropped.clone()));
    assert!(text.contains("meter not loaded then, its data dropped before; by the journal"), "{text}");
    // What another module has there now is not the data that were dropped.
    let later = LoadedModule {
        boot: "b-1".into(),
        name: "holder".into(),
        base: Some(0xffff_ffff_c0a0_2000),
        at: 1600,
        ..LoadedModule::default()
    };
    dropped.entries.push(Entry::Module(later));
    let text = annotated(log.as_bytes(), &decoder(dropped));
    assert!(text.contains("boot b-1") && !text.contains("persistent data of"), "{text}");
}

#[test]
fn where_two_boots_fit_none_is_taken() {
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
fn disabled_is_what_some_kernels_say_wherever_they_are() {
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

/// A report of the journal's kernel, with these lines in it, and a register that points to the journal's data.
fn of_that_kernel(lines: &str) -> String {
    format!(
        "[   20.000000] BUG: unable to handle page fault for address: ffffffffc0a0201c\n\
         [   20.000030] CPU: 0 PID: 400 Comm: cat Not tainted 6.1.0-99-amd64 #1  Debian 6.1.999-1\n\
         [   20.000050] RAX: ffffffffc0a0201c RBX: 0000000000000000 RCX: 0000000000000000\n{lines}"
    )
}

/// What becomes of the boot of the journal, and what is warned of.
fn matched(lines: &str, decoder: &Decoder) -> (&'static str, Vec<String>) {
    let text = annotated(of_that_kernel(lines).as_bytes(), decoder);
    let persistent = text.contains("persistent data of meter");
    let what = match (text.contains(";; boot b-1 of the journal"), text.contains(";; may be boot b-1 of")) {
        (true, false) => "used",
        (false, true) => "possible",
        (false, false) => "none",
        (true, true) => panic!("{text}"),
    };
    assert_eq!(persistent, what == "used", "{text}");
    (what, decoder.take_warnings())
}

#[test]
fn a_boot_that_nothing_speaks_for_is_not_used() {
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
fn modules_that_every_machine_has_say_little() {
    let line = |names: &[&str]| format!("[   20.000080] Modules linked in: {}\n", names.join(" "));
    let what = |journal, lines: &str| {
        let text = annotated(of_that_kernel(lines).as_bytes(), &decoder(journal));
        (text.contains(";; boot b-1"), text.contains(";; may be boot b-1"))
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
fn addresses_with_symbols_say_which_boot() {
    let map = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pairs.map");
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
    // Nor does the user's word help against what the report says.
    for decoder in [&mut with, &mut without] {
        decoder.boot = Some("b-".to_owned());
        assert_eq!(matched(&pair(same), decoder), ("used", Vec::new()));
        let (what, warnings) = matched(&pair(far), decoder);
        assert_eq!(what, "none");
        assert!(warnings[0].contains("the kernel was at another place"), "{warnings:?}");
    }
    with.boot = Some("c".to_owned());
    assert!(matched("", &with).1[0].contains("no boot of the journal begins with c"));
    with.boot = None;
    with.sources.kaslr.option = Some(0x19a0_0000);
    assert_eq!(matched("", &with), ("used", Vec::new()));
    with.sources.kaslr.option = Some(0x1aa0_0000);
    assert_eq!(matched("", &with), ("none", Vec::new()));
}

#[test]
fn whether_the_owner_was_loaded() {
    let loaded = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    assert!(annotated(PAGE_FAULT, &loaded).contains(Owner::Loaded.words()));
    let coming = String::from_utf8(PAGE_FAULT.to_vec()).unwrap().replace("meter(OE)", "meter(OE+)");
    assert!(annotated(coming.as_bytes(), &loaded).contains(Owner::Loading.words()));
}

#[test]
fn without_a_terminal_every_byte_is_kept_and_with_one_nothing_steers_it() {
    let decoder = decoder(Journal::default());
    let kept = rendered(MAILED, &decoder, Annotated::default());
    let own = |line: &&[u8]| !line.starts_with(b"  ;; ");
    let kept: Vec<u8> = kept.split_inclusive(|&byte| byte == b'\n').filter(own).flatten().copied().collect();
    assert_eq!(kept, MAILED);
    let shown = rendered(MAILED, &decoder, Annotated { terminal: true, colour: false });
    assert!(!shown.contains(&0x1b) && !shown.contains(&0));
}

#[test]
fn annotated_output_can_be_put_in_again() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    let once = annotated(PAGE_FAULT, &decoder);
    let (first, again) = (only(PAGE_FAULT), only(once.as_bytes()));
    assert_eq!((first.frames.len(), first.words.len()), (again.frames.len(), again.words.len()));
    assert_eq!(first.states.len(), again.states.len());
}

#[test]
fn json_is_one_object_a_report() {
    let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, None));
    let text = String::from_utf8(rendered(PAGE_FAULT, &decoder, Json)).unwrap();
    assert_eq!(text.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["report"]["kind"], "page-fault");
    let hits: Vec<_> =
        value["findings"].as_array().unwrap().iter().filter(|one| one["kind"] == "persistent").collect();
    assert_eq!(hits[0]["hit"]["owner"], "meter");
    assert_eq!(hits[0]["hit"]["variable"], "meter.c:stats");
}

/// What is printed for a report with so many frames, and how long that takes.
fn long_report(frames: usize, decoder: &Decoder) -> (String, Duration) {
    let log = format!("BUG: long\nCall Trace:\n{}", " ksys_read+0x67/0xf0\n".repeat(frames));
    let start = Instant::now();
    let text = annotated(log.as_bytes(), decoder);
    (text, start.elapsed())
}

#[test]
fn a_long_report_takes_no_longer_for_each_frame() {
    let alone = decoder(Journal::default());
    assert_eq!(long_report(100, &alone).0.matches(";; symbols unknown").count(), 1, "said once");
    // With symbols there is no such reason to be found.
    let map = Path::new(env!("CARGO_TARGET_TMPDIR")).join("long_report.map");
    std::fs::write(&map, "ffffffff81000000 T ksys_read\nffffffff810000f0 T _end\n").unwrap();
    let mut with = decoder(Journal::default());
    with.sources.system_map = Some(map);
    let (text, short) = long_report(5000, &with);
    assert_eq!(text.matches("ksys_read+0x67/0xf0: line unknown").count(), 5000);
    let (text, long) = long_report(50_000, &with);
    assert_eq!(text.matches(";; symbols unknown").count(), 0);
    // Ten times as long, and not a hundred times.
    assert!(long < short * 40 + Duration::from_millis(500), "{short:?} {long:?}");
    // Each in a module of its own.
    let frame = |number: usize| format!(" f+0x67/0xf0 [m{number} {number:040x}]\n");
    let modules = |count: usize| {
        let log = format!("BUG: long\nCall Trace:\n{}", (0..count).map(frame).collect::<String>());
        let start = Instant::now();
        assert_eq!(annotated(log.as_bytes(), &with).matches("unknown: no file of module m").count(), count);
        start.elapsed()
    };
    let (short, long) = (modules(1000), modules(10_000));
    assert!(long < short * 40 + Duration::from_millis(500), "{short:?} {long:?}");
}

#[test]
fn segments_have_their_bases() {
    // mov %gs:0x28,%rax
    let log = "BUG: unable to handle page fault for address: ffff888237c80028\n\
               RIP: 0010:vfs_read+0x13/0x310\n\
               Code: 90 90 90 90 <65> 48 8b 04 25 28 00 00 00 48 89 44 24 60\n\
               RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000\n\
               FS:  00007f6f3b626700(0000) GS:ffff888237c80000(0000) knlGS:0000000000000000\n";
    let text = annotated(log.as_bytes(), &decoder(Journal::default()));
    let line =
        "reads 8 bytes at %gs:0x28 = 0xffff888237c80028 (gs_base=0xffff888237c80000): the fault address\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_code_line_that_was_cut_is_not_decoded_from_anywhere() {
    let log = b"BUG: x\nRIP: 0010:f+0x1/0x2\nCode: 48 8b <4\n";
    let text = annotated(log, &decoder(Journal::default()));
    assert!(text.contains(";; code unknown: no byte is marked") && !text.contains("->"), "{text}");
}

/// Every field of the output is in the reference.
#[test]
fn json_is_as_documented() {
    fn names(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    found.insert(name.clone());
                    names(value, found);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| names(item, found)),
            _ => {}
        }
    }
    let reference =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ksymoops-json.md")).unwrap();
    let mut found = std::collections::BTreeSet::new();
    for log in [PAGE_FAULT, STALE, MAILED] {
        let decoder = decoder(journal("b-1", 0xffff_ffff_c0a0_2000, Some(1500)));
        for line in rendered(log, &decoder, Json).split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
        {
            names(&serde_json::from_slice(line).unwrap(), &mut found);
        }
    }
    assert!(found.len() > 60, "{found:?}");
    let missing: Vec<_> = found
        .iter()
        .filter(|name| {
            !["start", "end", "task", "cpu"].contains(&name.as_str())
                && !reference.contains(&format!("`{name}`"))
        })
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
}
