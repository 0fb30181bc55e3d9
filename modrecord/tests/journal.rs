// SPDX-License-Identifier: MIT OR Apache-2.0
//! The journal as insmod and rmmod write it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use libmodfmt::elf::ByteOrder;
use libmodfmt::journal::{Entry, Journal, LoadedModule, Stage};
use libmodfmt::persist::{Header, NOTE_SECTION, PersistentSection, SectionHeader};
use libmodsys::{BootIdentity, Kernel, LoadFlags, PersistSupport, RemoveFlags, SectionAddress, sealed_file};
use modkeep::{KeptBy, OwnerState, Region, discard};
use modrecord::journal::{ModuleDetails, Recorder};
use modtest::module::{Make, signed};
use modtest::{FakeKernel, FakeModule};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn file(&self) -> PathBuf {
        self.path().join("boot-b-1.jsonl")
    }

    fn entries(&self) -> Vec<Entry> {
        Journal::read(&fs::read(self.file()).unwrap()).entries
    }
}

/// Records without a warning.
fn record(kernel: &FakeKernel, folder: &Folder, details: Option<ModuleDetails<'_>>, about_to_load: bool) {
    let recorder = Recorder::new(kernel, &folder.path());
    match details.filter(|_| about_to_load) {
        Some(details) => recorder.about_to_load(details),
        None => recorder.update(details),
    }
    assert_eq!(recorder.take_warning(), None);
}

fn header() -> Header {
    let mut header = Header::new("foo");
    header.build_id = vec![7];
    header.named = false;
    header.sections.push(SectionHeader::new(PersistentSection::Data, 16, 8));
    header
}

fn kernel() -> FakeKernel {
    let kernel = FakeKernel::new();
    kernel.set(|settings| {
        let banner = "Linux version 6.1.0-fake (a@b) #1 SMP".into();
        settings.boot = Some(BootIdentity { id: "b-1".into(), banner, notes: Vec::new(), uptime: 500 });
        settings.kallsyms = b"ffffffff9b000000 T _text\nffffffff9b001000 T _stext\n".to_vec();
    });
    let order = if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };
    kernel.add(
        FakeModule::new("foo__persist")
            .section(".data..persistent", 0xffff_ffff_c000_2000)
            .note(NOTE_SECTION, &header().to_note(order)),
    );
    kernel
}

fn modules(entries: &[Entry]) -> Vec<&LoadedModule> {
    let mut found = Vec::new();
    for entry in entries {
        if let Entry::Module(module) = entry {
            found.push(module);
        }
    }
    found
}

#[test]
fn the_keeper_is_written_down_before_its_owner_is_loaded() {
    let (folder, kernel, header) = (Folder::new(), kernel(), header());
    let details = ModuleDetails {
        name: "foo",
        file: Some(Path::new("/m/foo.ko")),
        header: Some(&header),
        build_id: &[7],
        region: None,
    };
    record(&kernel, &folder, Some(details), true);
    let entries = folder.entries();
    let Entry::Boot(boot) = &entries[0] else { panic!("{entries:?}") };
    assert_eq!(
        (boot.id.as_str(), boot.text.clone()),
        ("b-1", Some(("_stext".into(), 0xffff_ffff_9b00_1000)))
    );
    let modules = modules(&entries);
    assert_eq!(modules[0].persistent.as_deref(), Some(&header));
    assert_eq!(modules[0].section(".data..persistent"), Some(0xffff_ffff_c000_2000));
    assert_eq!((modules[1].name.as_str(), modules[1].stage), ("foo", Stage::Loading));
    assert_eq!(modules[1].file.as_deref(), Some("/m/foo.ko"));
    assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_the_kernel_keeps_is_written_down_with_its_place_before_it_is_used() {
    let (folder, kernel, header) = (Folder::new(), kernel(), header());
    let region = Region {
        header: header.clone(),
        kept_by: KeptBy::ExtendedKernel,
        addresses: vec![(PersistentSection::Data, SectionAddress::Known(0xffff_ffff_c000_7000))],
        owner_state: OwnerState::Unloaded,
        users: Vec::new(),
    };
    let details = ModuleDetails {
        name: "foo",
        file: None,
        header: Some(&header),
        build_id: &[7],
        region: Some(&region),
    };
    record(&kernel, &folder, Some(details), true);
    let entries = folder.entries();
    let last = *modules(&entries).last().unwrap();
    assert_eq!((last.name.as_str(), last.stage), ("foo", Stage::Loading));
    assert_eq!(last.section(".data..persistent"), Some(0xffff_ffff_c000_7000));
    assert_eq!(last.persistent.as_deref(), Some(&header));
}

#[test]
fn a_region_that_an_extended_kernel_dropped_is_written_down_once() {
    let (folder, kernel) = (Folder::new(), kernel());
    kernel.take("foo__persist");
    kernel.set(|settings| settings.persist_support = PersistSupport::Extended);
    let image = signed(&Make::typical("foo").build());
    let file = sealed_file(&image).unwrap();
    kernel.finit_module(file.as_fd(), c"", LoadFlags::PERSIST).unwrap();
    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    let dropped = |details: Option<ModuleDetails<'_>>| {
        record(&kernel, &folder, details, details.is_some());
        folder.entries().iter().filter(|entry| matches!(entry, Entry::Discard(_))).count()
    };
    let region = Region::find(&kernel, "foo").unwrap().unwrap();
    let header = Some(&region.header);
    let details = ModuleDetails { name: "foo", file: None, header, build_id: &[7], region: Some(&region) };
    assert_eq!(dropped(Some(details)), 0);
    assert_eq!(dropped(None), 0, "the kernel still has it");
    discard(&kernel, "foo").unwrap();
    assert_eq!(dropped(None), 1);
    assert_eq!(dropped(None), 1, "once is enough");
}

#[test]
fn what_is_written_down_is_not_written_again() {
    let (folder, kernel) = (Folder::new(), kernel());
    record(&kernel, &folder, None, false);
    let first = fs::read(folder.file()).unwrap();
    record(&kernel, &folder, None, false);
    assert_eq!(fs::read(folder.file()).unwrap(), first);
    kernel.add(FakeModule::new("foo"));
    record(&kernel, &folder, None, false);
    kernel.take("foo");
    record(&kernel, &folder, None, false);
    let entries = folder.entries();
    assert_eq!(entries.len(), 4);
    assert!(matches!(&entries[3], Entry::Unload(gone) if gone.name == "foo"), "{entries:?}");
}

#[test]
fn data_that_a_module_had_itself_is_gone_with_it() {
    let (folder, kernel) = (Folder::new(), kernel());
    let header = header();
    let details =
        ModuleDetails { name: "foo", file: None, header: Some(&header), build_id: &[7], region: None };
    kernel.add(FakeModule::new("foo").section(".data..persistent", 0xffff_ffff_c000_7000));
    record(&kernel, &folder, Some(details), false);
    kernel.take("foo");
    for _ in 0..2 {
        record(&kernel, &folder, None, false);
    }
    let dropped = |entry: &&Entry| matches!(entry, Entry::Discard(gone) if gone.name == "foo");
    assert_eq!(folder.entries().iter().filter(dropped).count(), 1, "{:?}", folder.entries());
}

#[test]
fn a_line_that_a_crash_cut_does_not_take_the_next_with_it() {
    let (folder, kernel) = (Folder::new(), kernel());
    fs::write(folder.file(), b"{\"v\":1,\"boot\":\"b-").unwrap();
    fs::set_permissions(folder.file(), PermissionsExt::from_mode(0o600)).unwrap();
    record(&kernel, &folder, None, false);
    assert_eq!(folder.entries().len(), 2);
}

#[test]
fn without_the_folder_nothing_is_asked_or_written() {
    let kernel = kernel();
    let recorder = Recorder::new(&kernel, Path::new("/nonexistent/ksymoops"));
    recorder.update(None);
    assert_eq!(recorder.take_warning(), None);
    assert!(kernel.calls().is_empty());
}
