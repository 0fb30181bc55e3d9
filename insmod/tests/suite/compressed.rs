// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compressed files: decompressed by the kernel if it can, else here.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libmodsys::{Errno, KernelCompression, LoadFlags};
use modtest::{Call, FakeKernel, Op};

use super::{Folder, IMAGE, insmod};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn kernel(compression: Option<KernelCompression>) -> FakeKernel {
    let kernel = FakeKernel::new();
    kernel.set(|settings| settings.compression = compression);
    kernel
}

fn in_memory() -> [Call; 1] {
    [Call::Init { image: IMAGE.to_vec(), params: c"".to_owned() }]
}

#[test]
fn a_kernel_that_knows_the_format_gets_the_file() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &gzip(IMAGE));
    let kernel = kernel(Some(KernelCompression::Gzip));
    insmod(&kernel, &["-f", &file]).silent();
    let flags = LoadFlags::IGNORE_MODVERSIONS | LoadFlags::IGNORE_VERMAGIC | LoadFlags::COMPRESSED;
    assert_eq!(kernel.syscalls(), [Call::Finit { image: gzip(IMAGE), params: c"".to_owned(), flags }]);
}

#[test]
fn any_other_kernel_gets_the_image_and_finit_is_not_tried() {
    let folder = Folder::new();
    let file = folder.file("foo.ko.gz", &gzip(IMAGE));
    for compression in [None, Some(KernelCompression::Xz), Some(KernelCompression::Zstd)] {
        let kernel = kernel(compression);
        insmod(&kernel, &[&file]).silent();
        assert_eq!(kernel.syscalls(), in_memory());
    }
}

#[test]
fn an_unknown_compression_is_reported_and_taken_for_none() {
    let folder = Folder::new();
    let file = folder.file("foo.ko.gz", &gzip(IMAGE));
    let kernel = kernel(Some(KernelCompression::Unknown("lz4".into())));
    let ran = insmod(&kernel, &[&file]);
    assert_eq!(ran.err, "insmod: ERROR: unknown kernel compression lz4\n");
    assert_eq!(ran.status, modcli::Status::Success);
    assert_eq!(kernel.syscalls(), in_memory());
}

#[test]
fn what_the_kernel_cannot_decompress_is_not_tried_again() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &gzip(IMAGE));
    let kernel = kernel(Some(KernelCompression::Gzip));
    kernel.fail_next(Op::Finit, Errno::EINVAL);
    insmod(&kernel, &[&file])
        .failed(&format!("insmod: ERROR: could not insert module {file}: Invalid parameters\n"));
    assert_eq!(kernel.syscalls().len(), 1);
}

#[test]
fn a_broken_file_never_reaches_the_kernel() {
    let whole = gzip(IMAGE);
    let folder = Folder::new();
    let file = folder.file("foo.ko.gz", &whole[..whole.len() - 9]);
    let kernel = kernel(None);
    let ran = insmod(&kernel, &[&file]);
    assert_eq!(ran.status, modcli::Status::Failure);
    let (first, second) = ran.err.split_once('\n').unwrap();
    assert!(first.starts_with(&format!("insmod: ERROR: {file}: gzip data ")), "{first}");
    assert_eq!(second, format!("insmod: ERROR: could not insert module {file}: Invalid parameters\n"));
    assert_eq!(kernel.syscalls(), []);
}
