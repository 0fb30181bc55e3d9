// SPDX-License-Identifier: MIT OR Apache-2.0
//! Persistent data stays when its owner goes, until it is discarded.

use libmodfmt::elf::ByteOrder;
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Header, NOTE_SECTION, Unit, Variable};
use libmodfmt::types::Type;
use libmodsys::{Errno, InitState, Kernel};
use modcli::{Output, Status};
use modkeep::{KeepMode, KeeperLoad, Plan, Request, plan};
use modrecord::Paths;
use modrecord::owner_sections::OwnerSections;
use modtest::keeper_exports::{kernel, note_of_unknown_version};
use modtest::module::{Make, parse};
use modtest::{FakeKernel, FakeModule, Op};
use rmmod::Leaving;

use super::rmmod;

/// A kernel with the module loaded and its data kept.
fn loaded(name: &str) -> FakeKernel {
    let kernel = kernel();
    let file = ModuleFile::new(Make::typical(name).build(), 1 << 20);
    let request = Request { keep: KeepMode::Require, ..Request::new(&file) };
    let Plan::Keeper { region_use, owner, images, .. } = plan(&kernel, request).unwrap() else { panic!() };
    let action =
        KeeperLoad { region_use, owner: &owner, region: None, images: &images, may_fall_back: false };
    action.run(&kernel, c"", &|_| ()).unwrap();
    kernel
}

#[test]
fn the_owner_goes_and_its_data_stays() {
    let kernel = loaded("rm_stay");
    rmmod(&kernel, &["rm_stay"]).silent();
    assert_eq!(kernel.history()[2..], ["-rm_stay"]);
    assert!(kernel.is_loaded("rm_stay__persist"));
}

#[test]
fn discard_drops_the_data_with_the_owner_or_alone() {
    let kernel = loaded("rm_discard");
    rmmod(&kernel, &["--discard", "rm_discard"]).silent();
    assert_eq!(kernel.history()[2..], ["-rm_discard", "-rm_discard__persist"]);

    let kernel = loaded("rm_discard");
    rmmod(&kernel, &["rm_discard"]).silent();
    rmmod(&kernel, &["--discard", "rm_discard"]).silent();
    assert!(!kernel.is_loaded("rm_discard__persist"));
    rmmod(&kernel, &["--discard", "rm_discard"])
        .failed("rmmod: ERROR: Module rm_discard is not currently loaded\n");
}

#[test]
fn discard_of_a_module_without_data_removes_it() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo"));
    rmmod(&kernel, &["--discard", "foo"]).silent();
}

#[test]
fn a_keeper_is_not_removed_by_its_name() {
    let kernel = loaded("rm_keeper");
    for args in [&["rm_keeper__persist"][..], &["-f", "rm_keeper__persist"]] {
        let ran = rmmod(&kernel, args);
        assert!(
            ran.err.starts_with("rmmod: ERROR: Module rm_keeper__persist keeps 4160 bytes"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("to drop the data: rmmod --discard rm_keeper\n"), "{}", ran.err);
        assert_eq!(ran.status, Status::Failure);
    }
    assert_eq!(kernel.history().len(), 2);
}

#[test]
fn a_keeper_that_cannot_be_read_is_not_removed() {
    for op in [Op::InitState, Op::Notes, Op::Sections, Op::Holders] {
        let kernel = loaded("rm_unread");
        rmmod(&kernel, &["rm_unread"]).silent();
        kernel.fail_always(op, Errno::EIO);
        assert_eq!(rmmod(&kernel, &["-f", "rm_unread__persist"]).status, Status::Failure);
        assert!(kernel.is_loaded("rm_unread__persist"), "{op:?}");
    }
}

#[test]
fn a_note_of_an_unknown_version_refuses() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo__persist").note(NOTE_SECTION, &note_of_unknown_version()));
    for args in [&["foo__persist"][..], &["--discard", "foo"]] {
        let ran = rmmod(&kernel, args);
        let first = "rmmod: ERROR: foo__persist keeps data, but its header cannot be read\n\
                     rmmod: ERROR:   version 9 of the header note is not known";
        assert!(ran.err.starts_with(first), "{}", ran.err);
        assert_eq!((ran.status, kernel.syscalls().len()), (Status::Failure, 0));
    }
}

#[test]
fn a_foreign_module_with_the_name_of_a_keeper_is_removed() {
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo__persist"));
    rmmod(&kernel, &["foo__persist"]).silent();
}

#[test]
fn a_module_with_a_copy_of_a_keepers_note_is_removed_like_any_other() {
    for verbose in [false, true] {
        let kernel = loaded("rm_real");
        let note = kernel.module("rm_real__persist").unwrap().notes.remove(NOTE_SECTION).unwrap();
        kernel.add(FakeModule::new("rm_copy").note(NOTE_SECTION, &note));
        let ran = rmmod(&kernel, if verbose { &["-v", "rm_copy"] } else { &["rm_copy"] });
        assert_eq!(ran.status, Status::Success);
        let said = "rmmod: WARNING: rm_copy carries a header of rm_real's data, but is not its keeper\n";
        assert_eq!(ran.err, if verbose { said } else { "" });
        assert!(!kernel.is_loaded("rm_copy"));
        assert!(kernel.is_loaded("rm_real__persist"));
    }
}

#[test]
fn an_owner_stuck_in_its_init_is_explained() {
    let kernel = loaded("rm_stuck");
    kernel.change("rm_stuck", |module| module.state = InitState::Coming);
    let ran = rmmod(&kernel, &["rm_stuck"]);
    assert!(
        ran.err.starts_with(
            "rmmod: ERROR: could not remove 'rm_stuck': Device or resource busy\n\
             rmmod: ERROR: could not remove module rm_stuck: Device or resource busy\n\
             rmmod: ERROR: rm_stuck has been in its init function since an earlier load"
        ),
        "{}",
        ran.err
    );
    assert!(kernel.is_loaded("rm_stuck__persist"));
}

#[test]
fn an_owner_that_does_not_go_keeps_its_data() {
    let kernel = loaded("rm_busy");
    kernel.fail_next(Op::Delete, Errno::EBUSY);
    assert_eq!(rmmod(&kernel, &["--discard", "rm_busy"]).status, Status::Failure);
    assert!(kernel.is_loaded("rm_busy") && kernel.is_loaded("rm_busy__persist"));
}

#[test]
fn a_discard_that_the_kernel_refuses_is_reported() {
    let kernel = loaded("rm_refused");
    kernel.fail_after(Op::Delete, 1, Errno::EPERM);
    let ran = rmmod(&kernel, &["--discard", "rm_refused"]);
    assert!(ran.err.contains("could not remove rm_refused__persist: "), "{}", ran.err);
    assert_eq!(ran.status, Status::Failure);
    assert!(!kernel.is_loaded("rm_refused") && kernel.is_loaded("rm_refused__persist"));
    assert!(kernel.init_state("rm_refused").unwrap().is_none());
}

/// A load that has begun may be about to keep something.
#[test]
fn a_discard_takes_the_lock_whatever_is_kept() {
    use libmodsys::lock::{self, Lock};
    use libmodsys::paths::RUN_DIRECTORY;
    if !matches!(lock::acquire("rm_any", std::time::Duration::ZERO), Ok(Lock::Held(_))) {
        return;
    }
    let file = std::path::Path::new(RUN_DIRECTORY).join("rm_bare.lock");
    let _ = std::fs::remove_file(&file);
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("rm_bare"));
    rmmod(&kernel, &["rm_bare"]).silent();
    assert!(!file.exists());
    kernel.add(FakeModule::new("rm_bare"));
    rmmod(&kernel, &["--discard", "rm_bare"]).silent();
    assert!(file.exists());
}

#[test]
fn what_points_into_a_module_that_a_reload_did_not_bring_back_is_said() {
    const UNIT: &str = ".data..persistent.foo.1";
    let (kept, code) = (0xffff_c100_0000, 0xffff_c000_0000_u64);
    let mut header = Header::new("foo");
    let target = header.types.push(Type::Void);
    let pointer = header.types.push(Type::Pointer { size: 8, target });
    let mut unit = Unit::new(UNIT, 8, 8);
    let mut variable = Variable::new("ops", 0, 8, 8);
    (variable.file, variable.type_id) = (Some("foo.c".into()), Some(pointer));
    unit.variables.push(variable);
    header.units.push(unit);
    let kernel = FakeKernel::new();
    let note = header.to_note(ByteOrder::NATIVE);
    kernel.add(FakeModule::new("foo__persist").note(NOTE_SECTION, &note).section(UNIT, kept));
    kernel.add(FakeModule::new("foo").section(".text", code).section(".data", code + 0x1000));
    kernel.set(|settings| {
        settings.boot = Some(Default::default());
        settings.memory.insert(kept, (code + 0x10).to_ne_bytes().to_vec());
        settings.kallsyms = b"ffffc0000010 t work [foo]\n".to_vec();
    });
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths { owner_sections: folder.path().join("sections"), ..Paths::default() };
    let file = Make::typical("foo").build();
    OwnerSections::of_loaded(&kernel, &parse(&file)).unwrap().write("foo", &paths).unwrap();
    let mut output = Output::captured("modpersist");
    let leaving = Leaving::begin("foo", &kernel, &paths).unwrap();
    leaving.remove(&kernel, &mut output).unwrap();
    leaving.is_gone(&kernel, &paths, &mut output);
    assert_eq!(
        output.stderr(),
        "modpersist: WARNING: kept data points into foo, which is gone; its exit function should have \
         cleared:\n\
         modpersist: WARNING:   foo.c:ops -> work [gone]\n"
    );
}
