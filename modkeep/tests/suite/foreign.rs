// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules of somebody else's that have the names of keepers.

use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{Header, NOTE_SECTION, NoteError};
use libmodsys::{Errno, InitState};
use modkeep::{KeepError, KeepMode, Obstacle, OwnerState, Plan, Region, Request, plan};
use modtest::{FakeKernel, FakeModule, Op};

use super::{file, keep, kernel, load, request};
use modtest::keeper_exports::note_of_unknown_version;
use modtest::module::Make;

fn error(kernel: &FakeKernel, fresh: bool) -> KeepError {
    let calls = kernel.syscalls().len();
    let error = load(kernel, Request { fresh, ..request(&file(&Make::typical("foo"))) }).unwrap_err();
    assert_eq!(kernel.syscalls().len(), calls, "nothing was loaded or removed");
    error
}

#[test]
fn a_note_of_an_unknown_version_is_said_and_nothing_is_touched() {
    let kernel = kernel();
    kernel.add(FakeModule::new("foo__persist").note(NOTE_SECTION, &note_of_unknown_version()));
    for fresh in [false, true] {
        let error = error(&kernel, fresh);
        assert_eq!(error.to_string(), "foo__persist keeps data, but its header cannot be read");
        assert_eq!(
            error.details(),
            ["version 9 of the header note is not known (this program reads versions 1 to 2)"]
        );
        assert!(error.remedy().unwrap().contains("remove foo__persist with kmod's rmmod"));
    }
    assert!(matches!(
        modkeep::discard(&kernel, "foo"),
        Err(KeepError::UnreadableHeader { source: NoteError::Version { version: 9 }, .. })
    ));
    assert!(Region::list(&kernel).is_err());
    keep(&kernel, &Make::typical("bar"));
    let entries = Region::entries(&kernel).unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.is_ok()).count(), 1);
    assert_eq!(entries.len(), 2, "the unreadable one does not hide the other");
    assert!(kernel.is_loaded("foo__persist"));
}

#[test]
fn a_note_of_an_unknown_version_does_not_stop_a_load_that_keeps_nothing() {
    let kernel = kernel();
    kernel.add(FakeModule::new("foo__persist").note(NOTE_SECTION, &note_of_unknown_version()));
    let file = file(&Make::typical("foo"));
    let Plan::Plain { warning: Some(warning) } =
        plan(&kernel, Request { keep: KeepMode::Off, ..request(&file) }).unwrap()
    else {
        panic!()
    };
    assert!(warning.contains("foo__persist keeps data, but its header cannot be read"), "{warning}");
}

#[test]
fn a_foreign_module_with_the_keepers_name_is_an_obstacle() {
    let kernel = kernel();
    kernel.add(FakeModule::new("foo__persist"));
    let file = file(&Make::typical("foo"));
    let Plan::Plain { warning: Some(warning) } = plan(&kernel, request(&file)).unwrap() else { panic!() };
    assert!(warning.contains("a module named foo__persist is loaded, but it is not a keeper"), "{warning}");
    let required = plan(&kernel, Request { keep: KeepMode::Require, ..request(&file) }).unwrap_err();
    assert!(matches!(required, KeepError::Impossible { obstacle: Obstacle::NameTaken { .. } }));
    assert_eq!(Region::list(&kernel).unwrap(), []);
    assert!(matches!(modkeep::discard(&kernel, "foo"), Err(KeepError::NothingKept { .. })));
    assert!(kernel.is_loaded("foo__persist"));
}

/// Names that are too long are cut and get a hash; two owners may end up with one keeper.
#[test]
fn a_keeper_of_another_owner_is_not_touched() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("bar"));
    let note = kernel.take("bar__persist").unwrap().notes.remove(NOTE_SECTION).unwrap();
    kernel.add(FakeModule::new("foo__persist").note(NOTE_SECTION, &note));
    for fresh in [false, true] {
        let error = error(&kernel, fresh);
        assert_eq!(error.to_string(), "foo__persist keeps the data of bar, not of foo");
    }
    assert!(matches!(modkeep::discard(&kernel, "foo"), Err(KeepError::OtherOwner { .. })));
    assert!(kernel.is_loaded("foo__persist"));
}

/// Any module may carry a copy of a keeper's note; advice to discard would drop the real data.
#[test]
fn a_copy_of_a_keepers_note_does_not_make_a_keeper() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    let note = kernel.module("foo__persist").unwrap().notes.remove(NOTE_SECTION).unwrap();
    for name in ["other", "foo__persist_2", "xfoo__persist"] {
        kernel.add(FakeModule::new(name).note(NOTE_SECTION, &note).section(".data..persistent", 0x1000));
        assert_eq!(Region::of_keeper(&kernel, name).unwrap(), None);
        assert_eq!(Region::foreign_header(&kernel, name).unwrap().as_deref(), Some("foo"));
    }
    assert_eq!(Region::foreign_header(&kernel, "foo__persist").unwrap(), None);
    assert_eq!(Region::list(&kernel).unwrap().len(), 1);
    // One that cannot be read says nothing about a module without a keeper's name.
    kernel.add(FakeModule::new("damaged").note(NOTE_SECTION, &note_of_unknown_version()));
    assert_eq!(Region::of_keeper(&kernel, "damaged").unwrap(), None);
    assert_eq!(Region::entries(&kernel).unwrap().len(), 1);
    modkeep::discard(&kernel, "foo").unwrap();
    for name in ["other", "foo__persist_2", "xfoo__persist", "damaged"] {
        assert!(kernel.is_loaded(name));
    }
    assert!(matches!(modkeep::discard(&kernel, "foo"), Err(KeepError::NothingKept { .. })));
}

#[test]
fn notes_of_somebody_else_in_a_section_of_that_name_are_no_keepers() {
    let kernel = kernel();
    let note = libmodfmt::note::encode(b"other", 7, b"data", ByteOrder::Little);
    kernel.add(FakeModule::new("other").note(NOTE_SECTION, &note));
    assert_eq!(Region::list(&kernel).unwrap(), []);
}

#[test]
fn a_keeper_that_vanishes_while_it_is_looked_at_is_absent() {
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    kernel.fail_next(Op::Holders, Errno::ENOENT);
    // The module is still there, so this is an error.
    assert!(Region::of_keeper(&kernel, "foo__persist").is_err());
    assert!(Region::of_keeper(&kernel, "foo__persist").unwrap().is_some());
}

#[test]
fn a_keeper_on_its_way_is_waited_for() {
    for (state, word) in [(InitState::Coming, "loaded"), (InitState::Going, "removed")] {
        let kernel = kernel();
        kernel.add(FakeModule::new("foo__persist").state(state));
        let error = error(&kernel, false);
        assert_eq!(error.to_string(), format!("foo__persist is being {word} now"));
        assert!(error.remedy().unwrap().contains("try again"));
    }
}

#[test]
fn an_owner_in_each_state() {
    for (state, kept_as) in [
        (InitState::Coming, OwnerState::Coming),
        (InitState::Going, OwnerState::Going),
        (InitState::Live, OwnerState::Unbound),
    ] {
        for kept in [false, true] {
            let kernel = kernel();
            if kept {
                keep(&kernel, &Make::typical("foo"));
            }
            kernel.add(FakeModule::new("foo").state(state));
            let error = error(&kernel, false);
            match (state, &error) {
                (InitState::Coming, KeepError::StuckInInit { kept: said, .. }) => assert_eq!(*said, kept),
                (InitState::Going | InitState::Live, KeepError::AlreadyLoaded { .. }) => {}
                _ => panic!("{error}"),
            }
            if kept {
                let region = Region::find(&kernel, "foo").unwrap().unwrap();
                assert_eq!((region.owner_state, region.users.len()), (kept_as, 0));
            }
        }
    }
}

#[test]
fn built_in_code_of_the_owners_name_does_not_matter() {
    let kernel = kernel();
    kernel.add(FakeModule::new("foo").state(InitState::DirectoryOnly));
    assert!(matches!(plan(&kernel, request(&file(&Make::typical("foo")))), Ok(Plan::Keeper { .. })));
}

#[test]
fn a_region_in_use_names_its_owner_and_addresses() {
    let kernel = kernel();
    load(&kernel, request(&file(&Make::typical("foo")))).unwrap();
    let region = &Region::list(&kernel).unwrap()[0];
    assert_eq!((region.owner_state, &region.users[..]), (OwnerState::Bound, &["foo".to_owned()][..]));
    assert!(region.generations[0].addresses.iter().all(|address| address.known().is_some()));
    assert_eq!(kernel.history().len(), 2);
}

#[test]
fn a_file_stripped_of_its_names_binds_to_its_own_build_only() {
    let stripped = |build: u8| {
        let mut make = Make::typical("foo");
        make.symbols(|symbol| symbol.kind != libmodfmt::elf::SymbolKind::FILE);
        make.change(".note.gnu.build-id", |section| {
            section.set_data(libmodfmt::note::encode(b"GNU", 3, &[build; 20], ByteOrder::Little));
        });
        file(&make)
    };
    let kernel = kernel();
    keep(&kernel, &Make::typical("foo"));
    assert!(matches!(load(&kernel, request(&stripped(8))), Err(KeepError::LayoutDiffers { .. })));
    assert!(load(&kernel, request(&stripped(7))).is_ok());
    let note = &kernel.module("foo__persist").unwrap().notes[NOTE_SECTION];
    assert!(Header::from_note(note, ByteOrder::Little).unwrap().named);
}
