// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules with persistent data: what is loaded, and what is printed.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libmodfmt::elf::{ByteOrder, Object};
use libmodfmt::persist::NOTE_SECTION;
use libmodsys::{Errno, InitState, Kernel, KernelCompression, PersistSupport, RemoveFlags};
use modcli::Status;
use modtest::{Call, FakeKernel, FakeModule, Op};

use super::{Folder, insmod, unattended};
use modtest::keeper_exports::{kernel, note_of_unknown_version};
use modtest::module::{DATA, Make, R_64, signed};

fn remove(kernel: &FakeKernel, name: &std::ffi::CStr) {
    kernel.delete_module(name, RemoveFlags::default()).unwrap();
}

#[test]
fn loading_and_loading_again_says_nothing() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_twice").build());
    let kernel = kernel();
    insmod(&kernel, &[&file, "size=3"]).silent();
    let before = kernel.data_address("keep_twice__persist");
    remove(&kernel, c"keep_twice");
    insmod(&kernel, &["--keep=require", &file]).silent();
    assert_eq!(kernel.data_address("keep_twice__persist"), before);
    assert_eq!(kernel.history(), ["+keep_twice__persist", "+keep_twice", "-keep_twice", "+keep_twice"]);
    let params: Vec<_> = kernel
        .syscalls()
        .into_iter()
        .filter_map(|call| match call {
            Call::Init { params, .. } => Some(params),
            _ => None,
        })
        .collect();
    assert_eq!(
        params,
        [c"".to_owned(), c"size=3".to_owned(), c"".to_owned()],
        "the keeper has no parameters"
    );
}

#[test]
fn verbose_says_what_became_of_the_data() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_verbose").build());
    let kernel = kernel();
    let ran = insmod(&kernel, &["-vvv", &file]);
    assert!(ran.err.contains("keep_verbose: its persistent data is kept from now on"), "{}", ran.err);
    remove(&kernel, c"keep_verbose");
    let ran = insmod(&kernel, &["-vvv", &file]);
    assert!(ran.err.contains("keep_verbose: uses its 4160 bytes of kept data"), "{}", ran.err);
    remove(&kernel, c"keep_verbose");
    let ran = insmod(&kernel, &["-vvv", "--fresh", &file]);
    assert!(ran.err.contains("4160 bytes of kept data dropped, starts afresh"), "{}", ran.err);
}

#[test]
fn a_compressed_file_is_kept_whatever_the_kernel_decompresses() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&Make::typical("keep_gzip").build()).unwrap();
    let folder = Folder::new();
    let file = folder.file("foo.ko.gz", &encoder.finish().unwrap());
    for compression in [None, Some(KernelCompression::Gzip)] {
        let kernel = kernel();
        kernel.set(|settings| settings.compression = compression);
        insmod(&kernel, &[&file]).silent();
        assert_eq!(kernel.history(), ["+keep_gzip__persist", "+keep_gzip"]);
    }
}

#[test]
fn a_lost_signature_is_warned_of_once() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &signed(&Make::typical("keep_signed").build()));
    let ran = insmod(&kernel(), &[&file]);
    assert_eq!(
        ran.err,
        format!(
            "insmod: WARNING: {file}: its signature is lost: the images that keep data differ from the signed file\n"
        )
    );
    assert_eq!(ran.status, Status::Success);
}

#[test]
fn where_nothing_can_be_kept_the_file_goes_in_plain_with_one_warning() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &signed(&Make::typical("keep_plain").build()));
    let enforced = || {
        let kernel = kernel();
        kernel.set(|settings| settings.sig_enforce = Some(true));
        kernel
    };
    let kernel = enforced();
    let ran = insmod(&kernel, &[&file]);
    assert_eq!(
        ran.err,
        format!(
            "insmod: WARNING: {file}: its persistent data will not be kept: this kernel loads only signed modules \
             (module.sig_enforce), and the images that keep data have no signature\n"
        )
    );
    assert_eq!((ran.status, kernel.history()), (Status::Success, vec!["+file keep_plain".to_owned()]));

    let kernel = enforced();
    let ran = insmod(&kernel, &["--keep=require", &file]);
    assert!(
        ran.err.ends_with("insmod: ERROR: --keep=auto loads it without keeping anything\n"),
        "{}",
        ran.err
    );
    assert_eq!((ran.status, kernel.syscalls().len()), (Status::Failure, 0));

    let kernel = enforced();
    insmod(&kernel, &["--keep=off", &file]).silent();
    assert_eq!(kernel.history(), ["+file keep_plain"]);

    // Without a signature no option helps.
    let file = folder.file("foo.ko", &Make::typical("keep_plain").build());
    let ran = insmod(&enforced(), &["--keep=require", &file]);
    assert!(ran.err.contains("the file is not signed") && !ran.err.contains("--keep=auto"), "{}", ran.err);
}

#[test]
fn a_plain_load_that_fails_has_only_the_kernels_reason() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_refused").build());
    let kernel = kernel();
    kernel.fail_next(Op::Init, Errno::EPERM);
    kernel.fail_next(Op::Finit, Errno::EPERM);
    insmod(&kernel, &[&file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: Operation not permitted\n"));
}

#[test]
fn the_owners_verdicts_have_the_words_of_a_plain_load() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_verdict").build());
    let kernel = kernel();
    kernel.fail_after(Op::Init, 1, Errno::ENODEV);
    insmod(&kernel, &[&file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: No such device\n"));
    assert!(!kernel.is_loaded("keep_verdict__persist"));
    insmod(&kernel, &[&file]).silent();
    insmod(&kernel, &[&file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: File exists\n"));
}

#[test]
fn force_does_not_get_around_the_layout_but_holds_for_the_images() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_force").build());
    let mut other = Make::typical("keep_force");
    other.local("more", DATA, 60, 4);
    let other = folder.file("other.ko", &other.build());
    let kernel = kernel();
    insmod(&kernel, &["-f", &file]).silent();
    for call in kernel.syscalls() {
        let Call::Init { image, .. } = call else { panic!("{call:?}") };
        let object = Object::parse(&image).unwrap();
        assert!(!object.section("__versions").unwrap().1.is_alloc());
        assert!(!image.windows(9).any(|bytes| bytes == b"vermagic="));
    }
    remove(&kernel, c"keep_force");
    let ran = insmod(&kernel, &["-f", &other]);
    assert!(ran.err.contains("bar.c:more: new (4 bytes at offset 0x3c)"), "{}", ran.err);
    assert_eq!((ran.status, kernel.is_loaded("keep_force")), (Status::Failure, false));
}

#[test]
fn a_refusal_names_the_variable_and_its_target() {
    let mut make = Make::typical("keep_pointer");
    make.relocate(DATA, 0, R_64, "init_module", 0);
    let folder = Folder::new();
    let file = folder.file("foo.ko", &make.build());
    let kernel = kernel();
    insmod(&kernel, &[&file]).failed(&format!(
        "insmod: ERROR: could not insert module {file}: its persistent data cannot be kept\n\
         insmod: ERROR:   foo.c:stats (offset 0x0 of .data..persistent) is initialised with the address of function \
         init_module in .init.text in the module itself, which is gone after rmmod\n\
         insmod: ERROR: change the source, or load it with --keep=off to keep nothing\n"
    ));
    assert_eq!(kernel.syscalls(), []);
}

#[test]
fn an_owner_stuck_in_its_init_is_explained() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_stuck").build());
    let kernel = kernel();
    insmod(&kernel, &[&file]).silent();
    kernel.change("keep_stuck", |module| module.state = InitState::Coming);
    let ran = insmod(&kernel, &[&file]);
    assert!(
        ran.err.contains("keep_stuck has been in its init function since an earlier load"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("can be removed before the next boot"), "{}", ran.err);
}

#[test]
fn a_note_of_an_unknown_version_stops_it() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_future").build());
    let kernel = kernel();
    kernel.add(FakeModule::new("keep_future__persist").note(NOTE_SECTION, &note_of_unknown_version()));
    insmod(&kernel, &[&file]).failed(&format!(
        "insmod: ERROR: could not insert module {file}: keep_future__persist keeps data, but its header cannot be read\n\
         insmod: ERROR:   version 9 of the header note is not known (this program reads versions 1 to 2)\n\
         insmod: ERROR: use the version of this program that made it, or remove keep_future__persist with kmod's \
         rmmod, which drops the data\n"
    ));
    assert_eq!(kernel.syscalls(), []);
}

#[test]
fn fresh_is_not_used_with_off() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_exclude").build());
    let kernel = kernel();
    insmod(&kernel, &["--fresh", "--keep=off", &file])
        .failed("insmod: ERROR: --fresh cannot be used with --keep=off\n");
    assert_eq!(kernel.calls(), []);
}

#[test]
fn a_refusal_that_nobody_reads_is_in_the_kernel_log() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_autoload").build());
    let bare = folder.file("keep-autoload.ko", &Make::bare("keep_autoload").build());
    let kernel = kernel();
    unattended(&kernel, &[&file]).silent();
    remove(&kernel, c"keep_autoload");
    assert_eq!(insmod(&kernel, &[&bare]).status, Status::Failure);
    let log = || {
        let mut log = Vec::new();
        kernel.set(|settings| log = settings.added_to_log.clone());
        log
    };
    assert_eq!(log(), [""; 0], "somebody reads standard error");
    let ran = unattended(&kernel, &[&bare]);
    assert!(ran.err.contains("differs from what is kept in the kernel"), "{}", ran.err);
    let lines = log();
    let start =
        "insmod: keep_autoload: not loaded: its persistent data differs from what is kept in the kernel: ";
    assert!(lines.len() == 1 && lines[0].starts_with(start), "{lines:?}");

    // Not for a module without persistent data: kmod's insmod does not write there.
    let plain = folder.file("plain.ko", &Make::bare("plain").build());
    kernel.fail_next(Op::Init, Errno::ENODEV);
    kernel.fail_next(Op::Finit, Errno::ENODEV);
    assert_eq!(unattended(&kernel, &[&plain]).status, Status::Failure);
    assert_eq!(log().len(), 1);
}

#[test]
fn a_fresh_start_that_fails_drops_nothing() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_dropped").build());
    let kernel = kernel();
    insmod(&kernel, &[&file]).silent();
    remove(&kernel, c"keep_dropped");
    kernel.fail_after(Op::Init, 2, Errno::ENODEV);
    insmod(&kernel, &["--fresh", &file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: No such device\n"));
    assert_eq!(kernel.module_names(), ["keep_dropped__persist"]);
}

#[test]
fn a_version_without_persistent_data_is_not_loaded_over_what_is_kept() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_bare").build());
    let bare = folder.file("keep-bare.ko", &Make::bare("keep_bare").build());
    let kernel = kernel();
    insmod(&kernel, &[&file]).silent();
    remove(&kernel, c"keep_bare");
    let ran = insmod(&kernel, &[&bare]);
    assert!(ran.err.contains("differs from what is kept in the kernel"), "{}", ran.err);
    assert!(ran.err.contains(".data..persistent: kept, but not in the file"), "{}", ran.err);
    assert!(!kernel.is_loaded("keep_bare"));
    let ran = insmod(&kernel, &["--keep=off", &bare]);
    assert!(ran.err.contains("4160 bytes of data of keep_bare are kept"), "{}", ran.err);
    remove(&kernel, c"keep_bare");
    insmod(&kernel, &["--fresh", &bare]).silent();
    assert!(kernel.is_loaded("keep_bare") && !kernel.is_loaded("keep_bare__persist"));
}

#[test]
fn a_file_that_cannot_be_decompressed_may_have_persistent_data() {
    let folder = Folder::new();
    let broken = folder.file("keep_broken.ko.gz", b"\x1f\x8b\x08\x00 is no gzip");
    let kernel = kernel();
    kernel.set(|settings| settings.compression = Some(KernelCompression::Gzip));
    let ran = insmod(&kernel, &["--keep=require", &broken]);
    assert_eq!((ran.status, kernel.syscalls().len()), (Status::Failure, 0));
    insmod(&kernel, &[&broken])
        .failed(&format!("insmod: ERROR: could not insert module {broken}: Invalid parameters\n"));
    assert_eq!(kernel.syscalls().len(), 1, "the kernel decides where nothing is at stake");
    let file = folder.file("foo.ko", &Make::typical("keep_broken").build());
    insmod(&kernel, &[&file]).silent();
    remove(&kernel, c"keep_broken");
    let calls = kernel.syscalls().len();
    let ran = insmod(&kernel, &[&broken]);
    assert!(ran.err.contains("keep_broken.ko.gz: "), "{}", ran.err);
    assert_eq!((ran.status, kernel.syscalls().len()), (Status::Failure, calls));
}

#[test]
fn a_keeper_that_appears_is_bound_to() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_appears").build());
    let kernel = kernel();
    kernel.fail_next(Op::Init, Errno::EEXIST);
    insmod(&kernel, &[&file]).silent();
    remove(&kernel, c"keep_appears");
    kernel.delete_module(c"keep_appears__persist", RemoveFlags::default()).unwrap();
    kernel.fail_next(Op::Init, Errno::EEXIST);
    kernel.fail_next(Op::Init, Errno::EEXIST);
    let ran = insmod(&kernel, &[&file]);
    assert!(ran.err.contains("keep_appears__persist was loaded by another program"), "{}", ran.err);
    assert!(!kernel.is_loaded("keep_appears"));
}

#[test]
fn a_refused_binding_says_that_the_data_stays() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_locked").build());
    let kernel = kernel();
    insmod(&kernel, &[&file]).silent();
    remove(&kernel, c"keep_locked");
    kernel.fail_next(Op::Init, Errno::EPERM);
    insmod(&kernel, &[&file]).failed(&format!(
        "insmod: ERROR: could not insert module {file}: Operation not permitted\n\
         insmod: ERROR:   4160 bytes of data of keep_locked stay kept and untouched\n"
    ));
}

#[test]
fn a_dry_run_tells_what_a_load_would_do_with_the_data() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &Make::typical("keep_look").build());
    let enforced = kernel();
    enforced.set(|settings| settings.lockdown = Some(libmodsys::Lockdown::Integrity));
    let ran = insmod(&enforced, &["-n", &file]);
    assert!(ran.err.contains("it is not signed") && ran.err.contains("(lockdown)"), "{}", ran.err);
    let with_signature = folder.file("signed.ko", &signed(&Make::typical("keep_look").build()));
    assert_eq!(insmod(&enforced, &["-n", "--keep=require", &with_signature]).status, Status::Failure);
    let ran = insmod(&enforced, &["-n", &with_signature]);
    assert!(ran.err.contains("WARNING") && ran.err.contains("will not be kept"), "{}", ran.err);
    assert_eq!((ran.status, enforced.syscalls().len()), (Status::Success, 0));

    // Also while the module is loaded and uses its data: the question is what happens after rmmod.
    let kernel = kernel();
    insmod(&kernel, &[&file]).silent();
    let calls = kernel.syscalls().len();
    for options in [&["-n"][..], &["--probe"], &["-n", "--fresh"], &["-n", "--keep=require"]] {
        insmod(&kernel, &[options, &[&*file]].concat()).silent();
    }
    let mut grown = Make::typical("keep_look");
    grown.change(DATA, |section| section.set_data([&section.data[..], &[0; 32]].concat()));
    grown.local("more", DATA, 64, 32);
    let other = folder.file("other.ko", &grown.build());
    let ran = insmod(&kernel, &["-n", &other]);
    assert!(ran.err.contains("its persistent data differs from what is kept"), "{}", ran.err);
    assert_eq!(ran.status, Status::Failure);
    assert_eq!(kernel.syscalls().len(), calls, "a dry run changes nothing");
}

#[test]
fn an_extended_kernel_that_keeps_another_build_is_warned_of_once() {
    let folder = Folder::new();
    let file = |name: &str, id: u8| {
        let mut make = Make::bare("keep_builds");
        let section = format!("{DATA}.foo.0");
        make.file("foo.c");
        make.section(&section, 3, 8, &[0; 8]);
        make.local("count", &section, 0, 8);
        make.note(".note.gnu.build-id", libmodfmt::note::encode(b"GNU", 3, &[id; 20], ByteOrder::Little));
        folder.file(name, &make.build())
    };
    let (first, second) = (file("first.ko", 1), file("second.ko", 2));
    let kernel = kernel();
    kernel.set(|settings| settings.persist_support = PersistSupport::Extended);
    for _ in 0..2 {
        insmod(&kernel, &[&first]).silent();
        remove(&kernel, c"keep_builds");
    }
    let said = format!(
        "insmod: WARNING: {second}: the types of 1 of 1 variables were not compared with what is kept: debug \
         information is missing or incomplete (build with -g, do not strip it)\n"
    );
    for options in [&["-n"][..], &[]] {
        let ran = insmod(&kernel, &[options, &[&*second]].concat());
        assert_eq!((ran.status, ran.err), (Status::Success, said.clone()));
    }
}
