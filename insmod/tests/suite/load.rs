// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain load that works: what reaches the kernel.

use libmodsys::{Errno, LoadFlags};
use modtest::{Call, FakeKernel, Op};

use super::{Folder, IMAGE, insmod};

fn finit(params: &std::ffi::CStr, flags: LoadFlags) -> Call {
    Call::Finit { image: IMAGE.to_vec(), params: params.to_owned(), flags }
}

#[test]
fn the_file_goes_to_the_kernel_by_its_descriptor() {
    let file = Folder::new("descriptor").file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file]).silent();
    // And that is all there was to it: the kernel was asked nothing else.
    assert_eq!(kernel.syscalls(), [finit(c"", LoadFlags::NONE)]);
}

#[test]
fn parameters_are_joined_and_quoted() {
    let file = Folder::new("params").file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file, "a=1", "label=x y", "flag"]).silent();
    assert_eq!(kernel.syscalls(), [finit(c"a=1 label=\"x y\" flag", LoadFlags::NONE)]);
}

#[test]
fn options_behind_the_file_are_our_own_unless_behind_two_dashes() {
    let file = Folder::new("permuted").file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file, "-f"]).silent();
    kernel.take("foo");
    insmod(&kernel, &["--", &file, "-f"]).silent();
    let force = LoadFlags::IGNORE_MODVERSIONS | LoadFlags::IGNORE_VERMAGIC;
    assert_eq!(kernel.syscalls(), [finit(c"", force), finit(c"-f", LoadFlags::NONE)]);
}

#[test]
fn a_failed_kernel_without_finit_gets_the_image_in_memory() {
    let file = Folder::new("no_finit").file("foo.ko", IMAGE);
    let kernel = FakeKernel::new();
    kernel.fail_always(Op::Finit, Errno::ENOSYS);
    insmod(&kernel, &[&file, "a=1"]).silent();
    let init = Call::Init { image: IMAGE.to_vec(), params: c"a=1".to_owned() };
    assert_eq!(kernel.syscalls(), [finit(c"a=1", LoadFlags::NONE), init]);
}

#[test]
fn verbose_says_nothing_about_success() {
    let file = Folder::new("verbose").file("foo.ko", IMAGE);
    insmod(&FakeKernel::new(), &["-v", &file]).silent();
    insmod(&FakeKernel::new(), &["-vvvv", &file]).silent();
}

#[test]
fn the_name_of_the_file_means_nothing() {
    let file = Folder::new("any_name").file("what ever", IMAGE);
    let kernel = FakeKernel::new();
    insmod(&kernel, &[&file]).silent();
    assert!(kernel.is_loaded("foo"));
}
