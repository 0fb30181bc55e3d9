// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain load that works: what the kernel is given.

use libmodsys::{Errno, LoadFlags};
use modtest::{Call, FakeKernel, Op};

use super::{Folder, IMAGE, insmod};

fn finit(params: &std::ffi::CStr, flags: LoadFlags) -> Call {
    Call::Finit { image: IMAGE.to_vec(), params: params.to_owned(), flags }
}

#[test]
fn the_file_goes_to_the_kernel_by_its_descriptor() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file]).silent();
    // Nothing else was asked of the kernel.
    assert_eq!(kernel.syscalls(), [finit(c"", LoadFlags::NONE)]);
}

#[test]
fn parameters_are_joined_and_quoted() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file, "a=1", "label=x y", "flag"]).silent();
    assert_eq!(kernel.syscalls(), [finit(c"a=1 label=\"x y\" flag", LoadFlags::NONE)]);
}

#[test]
fn options_after_the_file_are_insmods_unless_after_two_dashes() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file, "-f"]).silent();
    kernel.take("foo");
    insmod(&kernel, &["--", &file, "-f"]).silent();
    let force = LoadFlags::IGNORE_MODVERSIONS | LoadFlags::IGNORE_VERMAGIC;
    assert_eq!(kernel.syscalls(), [finit(c"", force), finit(c"-f", LoadFlags::NONE)]);
}

#[test]
fn a_kernel_without_finit_module_gets_the_image_from_memory() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    kernel.fail_always(Op::Finit, Errno::ENOSYS);
    insmod(&kernel, &[&file, "a=1"]).silent();
    let init = Call::Init { image: IMAGE.to_vec(), params: c"a=1".to_owned() };
    assert_eq!(kernel.syscalls(), [finit(c"a=1", LoadFlags::NONE), init]);
}

#[test]
fn verbose_prints_nothing_on_success() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    insmod(&FakeKernel::new(), &["-v", &file]).silent();
    insmod(&FakeKernel::new(), &["-vvvv", &file]).silent();
}

#[test]
fn the_name_of_the_file_means_nothing() {
    let folder = Folder::new();
    let file = folder.file("what ever", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file]).silent();
    assert!(kernel.is_loaded("foo"));
}
