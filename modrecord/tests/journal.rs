// SPDX-License-Identifier: MIT OR Apache-2.0
//! The journal as insmod and rmmod write it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use libmodfmt::elf::ByteOrder;
use libmodfmt::journal::{Entry, Journal, LoadedModule, Stage, Unload};
use libmodfmt::persist::{Header, NOTE_SECTION, Unit, Variable};
use libmodsys::{
    BootIdentity, Errno, Kernel, LoadFlags, PersistSupport, RemoveFlags, SectionAddress, sealed_file,
};
use modkeep::{Generation, KeptBy, OwnerState, Region, discard};
use modrecord::journal::{ModuleDetails, Recorder};
use modrecord::policy::LazyPolicy;
use modtest::module::{Make, signed};
use modtest::{Call, FakeKernel, FakeModule, Op};
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
    header.units.push(Unit::new(".data..persistent", 16, 8));
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
        sizes: &[],
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
    let generation = Generation {
        header: header.clone(),
        kept_by: KeptBy::ExtendedKernel,
        addresses: vec![SectionAddress::Known(0xffff_ffff_c000_7000)],
        users: Vec::new(),
        hold: None,
    };
    let region = Region {
        owner: "foo".into(),
        generations: vec![generation],
        stale: Vec::new(),
        pending: None,
        owner_state: OwnerState::Unloaded,
        users: Vec::new(),
    };
    let details = ModuleDetails {
        name: "foo",
        file: None,
        header: Some(&header),
        build_id: &[7],
        sizes: &[],
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
    let header = Some(&region.generations[0].header);
    let details =
        ModuleDetails { name: "foo", file: None, header, build_id: &[7], sizes: &[], region: Some(&region) };
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
fn tokens_are_written_down_as_they_change() {
    let (folder, kernel) = (Folder::new(), kernel());
    let tokens = |text: Option<&str>| {
        kernel.set(|settings| settings.name_tokens = text.map(|text| text.as_bytes().to_vec()));
        record(&kernel, &folder, None, false);
        let entries = folder.entries().into_iter();
        let of_each = entries.filter_map(|entry| match entry {
            Entry::Tokens(tokens) => Some(tokens.tokens.len()),
            _ => None,
        });
        of_each.collect::<Vec<_>>()
    };
    assert!(tokens(None).is_empty());
    assert!(tokens(Some("token x 0 0 0 0 - -\n")).is_empty(), "one that is not set says nothing");
    let two = "token x ffff888000001000 28 0 0 foo struct\\040foo\ntoken y 1 0 0 0 - -\n";
    assert_eq!(tokens(Some(two)), [2]);
    assert_eq!(tokens(Some(two)), [2]);
    kernel.fail_next(Op::NameTokens, Errno::EPERM);
    assert_eq!(tokens(Some(two)), [2]);
    assert_eq!(tokens(None), [2, 0]);
    assert_eq!(tokens(None), [2, 0]);
}

#[test]
fn data_that_a_module_had_itself_is_gone_with_it() {
    let (folder, kernel) = (Folder::new(), kernel());
    let header = header();
    let details = ModuleDetails {
        name: "foo",
        file: None,
        header: Some(&header),
        build_id: &[7],
        sizes: &[],
        region: None,
    };
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

/// What a group that may write to `/var/log` could have put there.
#[test]
fn what_others_may_have_made_is_not_used_and_said_once() {
    type Plant = fn(&Folder);
    let plants: [(&str, Plant); 6] = [
        ("others may write to it (mode 0775)", |folder| {
            fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o775)).unwrap();
        }),
        ("it is a symbolic link", |folder| {
            symlink(folder.path().join("victim"), folder.file()).unwrap();
        }),
        ("it is a symbolic link", |folder| {
            symlink(folder.path().join("no/such"), folder.file()).unwrap();
        }),
        ("others may read or write it (mode 0644)", |folder| {
            fs::write(folder.file(), "").unwrap();
            fs::set_permissions(folder.file(), PermissionsExt::from_mode(0o644)).unwrap();
        }),
        ("it has 2 names (hard links)", |folder| {
            fs::hard_link(folder.path().join("victim"), folder.file()).unwrap();
        }),
        ("it is not a regular file", |folder| {
            fs::create_dir(folder.file()).unwrap();
        }),
    ];
    for (reason, plant) in plants {
        let (folder, kernel) = (Folder::new(), kernel());
        let victim = folder.path().join("victim");
        fs::write(&victim, "as before").unwrap();
        fs::set_permissions(&victim, PermissionsExt::from_mode(0o600)).unwrap();
        plant(&folder);
        let names = fs::read_dir(folder.path()).unwrap().count();
        let recorder = Recorder::new(&kernel, &folder.path());
        recorder.prepare();
        let warning = recorder.take_warning().unwrap();
        assert!(warning.starts_with("no journal is written: ") && warning.ends_with(reason), "{warning}");
        recorder.update(None);
        assert_eq!(recorder.take_warning(), None, "once is enough");
        assert_eq!(fs::read(&victim).unwrap(), b"as before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), names);
    }
}

#[test]
fn a_link_instead_of_the_folder_is_not_followed() {
    let (folder, kernel) = (Folder::new(), kernel());
    fs::create_dir(folder.path().join("etc")).unwrap();
    let link = folder.path().join("ksymoops");
    symlink("etc", &link).unwrap();
    let recorder = Recorder::new(&kernel, &link);
    recorder.update(None);
    assert!(recorder.take_warning().unwrap().ends_with("ksymoops: it is a symbolic link"));
    assert_eq!(fs::read_dir(folder.path().join("etc")).unwrap().count(), 0);
}

/// A header of at least this size, with the names of many variables.
fn large_header(bytes: u64) -> Header {
    let mut section = Unit::new(".data..persistent", 1 << 20, 8);
    let count = bytes / 30;
    section.variables = (0..count)
        .map(|number| {
            let mut variable = Variable::new(&format!("a_variable_with_a_name_{number}"), number * 8, 8, 8);
            variable.file = Some("foo.c".into());
            variable
        })
        .collect();
    let mut header = header();
    header.named = true;
    header.units = vec![section];
    let size = header.to_note(ByteOrder::Little).len();
    assert!(u64::try_from(size).unwrap() >= bytes, "{size}");
    header
}

#[test]
fn forty_reloads_with_a_large_header_stay_small() {
    let (folder, kernel, header) = (Folder::new(), kernel(), large_header(16 << 10));
    let details = ModuleDetails {
        name: "foo",
        file: None,
        header: Some(&header),
        build_id: &[7],
        sizes: &[],
        region: None,
    };
    for number in 0..40_u64 {
        record(&kernel, &folder, Some(details), true);
        let mut foo = FakeModule::new("foo").section(".text", 0xffff_ffff_c001_0000);
        foo.address = 0xffff_ffff_c001_0000 + (number << 12);
        kernel.add(foo);
        record(&kernel, &folder, Some(details), false);
        kernel.take("foo");
        record(&kernel, &folder, None, false);
    }
    let size = fs::metadata(folder.file()).unwrap().len();
    assert!(size < 256 << 10, "{size} bytes");
    let entries = folder.entries();
    let of_foo: Vec<_> = modules(&entries).into_iter().filter(|module| module.name == "foo").collect();
    assert_eq!(of_foo.len(), 80);
    assert!(of_foo.iter().all(|module| module.persistent.as_deref() == Some(&header)));
}

#[test]
fn only_what_is_new_is_asked_of_the_kernel() {
    let (folder, kernel) = (Folder::new(), kernel());
    for number in 0..100 {
        kernel.add(FakeModule::new(&format!("m{number}")).section(".text", 0x1000));
    }
    record(&kernel, &folder, None, false);
    let count = |kernel: &FakeKernel, op: Op| {
        let is_op = |call: &&Call| matches!(call, Call::Read { op: asked, .. } if *asked == op);
        kernel.calls().iter().filter(is_op).count()
    };
    assert_eq!((count(&kernel, Op::Sections), count(&kernel, Op::Kallsyms)), (101, 1));
    for number in 0..3 {
        let name = format!("new{number}");
        kernel.add(FakeModule::new(&name).section(".text", 0x2000));
        let details =
            ModuleDetails { name: &name, file: None, header: None, build_id: &[], sizes: &[], region: None };
        record(&kernel, &folder, Some(details), false);
    }
    assert_eq!((count(&kernel, Op::Sections), count(&kernel, Op::Kallsyms)), (104, 1));
}

#[test]
fn a_module_that_was_loaded_again_at_the_same_address_is_recorded_again() {
    let (folder, kernel) = (Folder::new(), kernel());
    let file = |path: &'static str| ModuleDetails {
        name: "foo",
        file: Some(Path::new(path)),
        header: None,
        build_id: &[],
        sizes: &[],
        region: None,
    };
    for path in ["/m/1.ko", "/m/2.ko"] {
        kernel.take("foo");
        kernel.add(FakeModule::new("foo"));
        record(&kernel, &folder, Some(file(path)), false);
    }
    let entries = folder.entries();
    let files: Vec<_> = modules(&entries).iter().filter_map(|module| module.file.as_deref()).collect();
    assert_eq!(files, ["/m/1.ko", "/m/2.ko"]);
}

#[test]
fn a_copy_of_a_keepers_note_is_not_recorded_as_kept_data() {
    let (folder, kernel) = (Folder::new(), kernel());
    let note = kernel.module("foo__persist").unwrap().notes.remove(NOTE_SECTION).unwrap();
    for name in ["copy", "copy__persist"] {
        kernel.add(FakeModule::new(name).note(NOTE_SECTION, &note));
    }
    record(&kernel, &folder, None, false);
    let entries = folder.entries();
    let kept = modules(&entries).into_iter().filter(|module| module.persistent.is_some());
    assert_eq!(kept.map(|module| module.name.as_str()).collect::<Vec<_>>(), ["foo__persist"]);
}

/// An index stands for what is before it, also where the file has none within the part that is read first.
#[test]
fn a_long_journal_of_the_first_version_is_read_whole_and_gets_an_index() {
    let (folder, kernel) = (Folder::new(), kernel());
    record(&kernel, &folder, None, false);
    let mut text = fs::read(folder.file()).unwrap();
    let gone =
        Entry::Unload(Unload { boot: "b-1".into(), name: "x".repeat(100), at: 1, ..Unload::default() });
    while text.len() < 300 << 10 {
        text.extend(gone.to_line());
    }
    fs::write(folder.file(), &text).unwrap();
    kernel.add(FakeModule::new("bar"));
    record(&kernel, &folder, None, false);
    let after = fs::read(folder.file()).unwrap();
    let new = String::from_utf8(after[text.len()..].to_vec()).unwrap();
    let lines: Vec<_> = new.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("\"bar\"") && lines[1].contains("\"index\""), "{new}");
    record(&kernel, &folder, None, false);
    assert_eq!(fs::read(folder.file()).unwrap(), after);
    assert_eq!(Journal::read(&after).skipped, 0);
}

#[test]
fn the_site_may_want_no_journal() {
    for (config, is_written) in [("journal=off\n", false), ("journal=on\n", true), ("", true)] {
        let (folder, kernel) = (Folder::new(), kernel());
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("modpersist.conf");
        fs::write(&path, config).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let policy = Rc::new(LazyPolicy::new(path));
        let recorder = Recorder::new(&kernel, &folder.path()).by_policy(&policy);
        recorder.update(None);
        assert_eq!((recorder.take_warning(), policy.take_warning()), (None, None));
        assert_eq!(folder.file().exists(), is_written, "{config}");
    }
}

#[test]
fn sizes_and_removals_are_written_down() {
    let (folder, kernel) = (Folder::new(), kernel());
    kernel.add(FakeModule::new("foo").section(".text", 0xffff_ffff_c001_0000).section(".data", 0));
    let sizes = [(".text".to_owned(), 0x100), (".bss".to_owned(), 8), (".data..persistent".to_owned(), 8)];
    let details =
        ModuleDetails { name: "foo", file: None, header: None, build_id: &[], sizes: &sizes, region: None };
    let recorder = Recorder::new(&kernel, &folder.path());
    recorder.update(Some(details));
    let entries = folder.entries();
    let foo = modules(&entries).into_iter().find(|module| module.name == "foo").unwrap();
    // Only of sections whose address is known.
    assert_eq!(foo.sizes, [(".text".to_owned(), 0x100)]);
    assert!(foo.init_freed && foo.memory.is_some_and(|size| size > 0), "{foo:?}");
    assert_eq!(foo.section_at(0xffff_ffff_c001_0010), Some((".text", 0x10)));
    assert_eq!(foo.section_at(0xffff_ffff_c001_0100), None);

    kernel.delete_module(c"foo", RemoveFlags::default()).unwrap();
    recorder.removed("foo");
    recorder.update(None);
    let unloads: Vec<_> = folder
        .entries()
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::Unload(unload) => Some((unload.name, unload.removed)),
            _ => None,
        })
        .collect();
    assert_eq!(unloads, [("foo".to_owned(), true)]);
}
