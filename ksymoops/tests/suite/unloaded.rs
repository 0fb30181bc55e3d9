// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses in modules that were gone, by the journal.

use std::path::Path;

use ksymoops::decode::{Decoder, statements};
use libmodfmt::elf::SymbolKind;
use libmodfmt::journal::{Entry, Journal, LoadedModule, Stage, Unload};
use liboops::explain::StatementKind;
use modtest::module::Make;

use super::support::{annotated, decoder, journal};

const TEXT: u64 = 0xffff_ffff_c0b0_0000;
const INIT: u64 = 0xffff_ffff_c0b4_0000;
const BOOT: &str = "b-1";

/// A load of `sof_pci` at a time in hundredths of a second.
fn load(at: u64) -> LoadedModule {
    LoadedModule {
        boot: BOOT.into(),
        name: "sof_pci".into(),
        base: Some(TEXT),
        sections: vec![(".init.text".into(), INIT), (".text".into(), TEXT)],
        sizes: vec![(".init.text".into(), 0x40), (".text".into(), 0x100)],
        memory: Some(0x4000),
        init_freed: true,
        build_id: vec![9; 20],
        at,
        ..LoadedModule::default()
    }
}

fn gone(removed: bool, at: u64) -> Entry {
    Entry::Unload(Unload { boot: BOOT.into(), name: "sof_pci".into(), removed, at })
}

/// The journal with `meter` in it, and further entries.
fn journal_with(entries: impl IntoIterator<Item = Entry>) -> Journal {
    let mut journal = journal(BOOT, 0xffff_ffff_c0a0_2000, None);
    journal.entries.extend(entries);
    journal
}

/// A fault at an address, 20 s after the start, with `modules` loaded besides `meter` and its keeper.
fn log(address: u64, modules: &str) -> String {
    format!(
        "[   20.000000] BUG: unable to handle page fault for address: {address:016x}\n\
         [   20.000001] #PF: supervisor instruction fetch in kernel mode\n\
         [   20.000002] #PF: error_code(0x0010) - not-present page\n\
         [   20.000003] Oops: 0010 [#1] PREEMPT SMP\n\
         [   20.000004] CPU: 0 PID: 400 Comm: cat Tainted: G           OE      6.1.0-99-amd64 #1  Debian \
         6.1.999-1\n\
         [   20.000005] RIP: 0010:0x{address:016x}\n\
         [   20.000006] Code: Unable to access opcode bytes at 0x{address:x}.\n\
         [   20.000007] RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000\n\
         [   20.000008] Modules linked in: meter(OE) meter__persist(OE){modules}\n\
         [   20.000009] ---[ end trace 0000000000000000 ]---\n"
    )
}

fn said_by(decoder: &Decoder, log: &str) -> Vec<String> {
    let block = liboops::blocks(log.as_bytes()).remove(0);
    let annotations = decoder.decode(&block);
    let all = statements(&annotations, 0).iter();
    all.filter(|one| one.kind == StatementKind::UnloadedModule).map(|one| one.text.clone()).collect()
}

fn said(journal: Journal, address: u64, modules: &str) -> Vec<String> {
    said_by(&decoder(journal), &log(address, modules))
}

#[test]
fn an_address_in_a_module_that_was_unloaded() {
    let with = |end: Entry| journal_with([Entry::Module(load(1500)), end]);
    let at = TEXT + 0x60;
    assert_eq!(
        said(with(gone(true, 1800)), at, ""),
        ["fault address 0xffffffffc0b00060 was .text+0x60 of module sof_pci, unloaded about 2 s before"]
    );
    assert_eq!(
        said(with(gone(false, 1800)), at, ""),
        ["fault address 0xffffffffc0b00060 was .text+0x60 of module sof_pci, unloaded without a record, \
             found gone about 2 s before"]
    );
    // What was noticed after the report, and is not in its list.
    assert_eq!(
        said(with(gone(false, 2500)), at, ""),
        ["fault address 0xffffffffc0b00060 was .text+0x60 of module sof_pci, unloaded without a record: \
             it is not in the list of modules"]
    );
    // It was still loaded.
    assert_eq!(said(with(gone(true, 2500)), at, " sof_pci(OE)"), [""; 0]);
    // Not in any section.
    assert_eq!(said(with(gone(true, 1800)), TEXT + 0x100, ""), [""; 0]);
}

#[test]
fn memory_of_an_init_that_was_freed() {
    let journal = journal_with([Entry::Module(load(1500))]);
    assert_eq!(
        said(journal.clone(), INIT + 8, " sof_pci(OE)"),
        ["fault address 0xffffffffc0b40008 was .init.text+0x8 of module sof_pci, in memory that was freed \
             after its init"]
    );
    let mut running = load(1500);
    running.init_freed = false;
    assert_eq!(said(journal_with([Entry::Module(running)]), INIT + 8, " sof_pci(OE)"), [""; 0]);
}

#[test]
fn nothing_is_said_where_something_else_may_have_the_address() {
    let at = TEXT + 0x60;
    let before = || [Entry::Module(load(1500)), gone(true, 1600)];
    let other = |sizes: &[(&str, u64)], start: u64| {
        let mut other = load(1700);
        other.name = "other".into();
        other.base = Some(start);
        other.sections = vec![(".text".into(), start)];
        other.sizes = sizes.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
        Entry::Module(other)
    };
    let with = |entry: Entry| journal_with(before().into_iter().chain([entry]));
    // Later there, for certain or by the size of all its memory.
    assert_eq!(said(with(other(&[(".text", 0x1000)], TEXT)), at, " other(OE)"), [""; 0]);
    assert_eq!(said(with(other(&[], TEXT)), at, " other(OE)"), [""; 0]);
    // Elsewhere, or too short.
    assert_eq!(said(with(other(&[(".text", 0x20)], TEXT)), at, " other(OE)").len(), 1);
    assert_eq!(said(with(other(&[], TEXT + 0x1000)), at, " other(OE)").len(), 1);
    // Modules that the journal does not know may be anywhere, as a load that went wrong may.
    assert_eq!(said(journal_with(before()), at, " unknown"), [""; 0]);
    let mut lost = load(1700);
    (lost.stage, lost.sections, lost.base) = (Stage::Loading, Vec::new(), None);
    assert_eq!(said(with(Entry::Module(lost)), at, ""), [""; 0]);
    // The latest of several loads counts.
    let again = || [Entry::Module(load(1700)), gone(true, 1900)];
    assert_eq!(
        said(journal_with(before().into_iter().chain(again())), at, ""),
        ["fault address 0xffffffffc0b00060 was .text+0x60 of module sof_pci, unloaded about 1 s before"]
    );
    // Old journals have no sizes.
    let mut old = load(1500);
    old.sizes.clear();
    assert_eq!(said(journal_with([Entry::Module(old), gone(false, 1600)]), at, ""), [""; 0]);
}

/// Another module may be there since then.
#[test]
fn memory_of_an_init_that_was_freed_is_no_code_of_the_module() {
    let folder = tempfile::tempdir().unwrap();
    let mut make = Make::typical("sof_pci");
    make.build_id(9);
    std::fs::write(folder.path().join("sof_pci.ko"), make.build()).unwrap();
    let names_init = |init_freed: bool| {
        let module = LoadedModule { init_freed, ..load(1500) };
        let mut decoder = decoder(journal_with([Entry::Module(module)]));
        decoder.sources.modules = vec![folder.path().to_owned()];
        let text = annotated(log(INIT + 8, " sof_pci(OE)").as_bytes(), &decoder);
        assert_eq!(
            text.contains("was init_module+0x8 [sof_pci], in memory that was freed"),
            init_freed,
            "{text}"
        );
        text.lines().any(|line| line.contains(";; RIP init_module"))
    };
    assert!(names_init(false) && !names_init(true));
}

#[test]
fn the_symbol_is_named_only_by_a_file_of_that_build() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sof_pci.ko");
    let write = |path: &Path, id: u8| {
        let mut make = Make::typical("sof_pci");
        make.build_id(id);
        make.global("sof_pci_probe", ".text", SymbolKind::FUNCTION, 0x20, 0x40);
        std::fs::write(path, make.build()).unwrap();
    };
    let said = || {
        let mut decoder = decoder(journal_with([Entry::Module(load(1500)), gone(true, 1800)]));
        decoder.sources.modules = vec![folder.path().to_owned()];
        said_by(&decoder, &log(TEXT + 0x28, ""))
    };
    write(&path, 9);
    assert_eq!(
        said(),
        ["fault address 0xffffffffc0b00028 was sof_pci_probe+0x8 [sof_pci], unloaded about 2 s before"]
    );
    write(&path, 8);
    assert_eq!(
        said(),
        ["fault address 0xffffffffc0b00028 was .text+0x28 of module sof_pci, unloaded about 2 s before"]
    );
}
