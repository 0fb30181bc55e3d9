// SPDX-License-Identifier: MIT OR Apache-2.0
//! What arguments mean.

use std::fs;

use libmodsys::RemoveFlags;
use modtest::{Call, FakeKernel, FakeModule};
use tempfile::TempDir;

use super::rmmod;

#[test]
fn a_name_is_brought_into_the_kernels_spelling() {
    for argument in ["foo_bar", "foo-bar", "foo_bar.o", "foo-bar.ko", "foo-bar.ko.xz", "foo_bar.x.ko"] {
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo_bar"));
        rmmod(&kernel, &[argument]).silent();
        assert_eq!(
            kernel.syscalls(),
            [Call::Delete { name: c"foo_bar".to_owned(), flags: RemoveFlags::default() }]
        );
    }
}

#[test]
fn a_path_that_exists_counts_by_its_base_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("foo-bar.ko");
    // The content of the file does not matter.
    fs::write(&path, b"\0name=other\0").unwrap();
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo_bar"));
    rmmod(&kernel, &[path.to_str().unwrap()]).silent();
}

#[test]
fn a_path_that_does_not_exist_is_a_name() {
    rmmod(&FakeKernel::new(), &["/no/such/junk"])
        .failed("rmmod: ERROR: Module /no/such/junk is not currently loaded\n");
    rmmod(&FakeKernel::new(), &["./no-such.ko"]).failed("rmmod: ERROR: Module  is not currently loaded\n");
}

#[test]
fn a_path_without_a_base_name_ends_it() {
    let folder = TempDir::new().unwrap();
    let directory = format!("{}/", folder.path().display());
    let kernel = FakeKernel::new();
    kernel.add(FakeModule::new("foo"));
    rmmod(&kernel, &["bar", &directory, "foo"]).failed(&format!(
        "rmmod: ERROR: Module bar is not currently loaded\n\
         rmmod: ERROR: could not use module {directory}: No such file or directory\n"
    ));
    assert!(kernel.is_loaded("foo"));
}

#[test]
fn a_path_is_never_built_in() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ext4.ko");
    fs::write(&path, b"").unwrap();
    let kernel = FakeKernel::new();
    kernel.set(|settings| settings.builtin = vec!["ext4".into()]);
    rmmod(&kernel, &["ext4"]).failed("rmmod: ERROR: Module ext4 is builtin.\n");
    rmmod(&kernel, &[path.to_str().unwrap()]).failed("rmmod: ERROR: Module ext4 is not currently loaded\n");
}
