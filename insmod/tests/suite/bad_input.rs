// SPDX-License-Identifier: MIT OR Apache-2.0
//! Broken files. One that has persistent data is never loaded; if its section table cannot be read, the
//! kernel is left to judge.

use libmodfmt::elf::Object;
use libmodsys::{Errno, LoadFlags};
use modcli::Status;
use modtest::{Call, FakeKernel, Op};

use super::{Folder, insmod};
use modtest::keeper_exports::kernel;
use modtest::module::{DATA, Make, R_64, signed};

/// Offset of a field of a section's header.
fn field(file: &[u8], section: &str, field: usize) -> usize {
    let (index, _) = Object::parse(file).unwrap().section(section).map(|(i, s)| (i, s.size)).unwrap();
    table(file) + 64 * index + field
}

fn table(file: &[u8]) -> usize {
    usize::try_from(u64::from_le_bytes(file[40..48].try_into().unwrap())).unwrap()
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The one error for a broken file that has persistent data. Nothing was loaded.
#[track_caller]
fn refused(content: &[u8]) -> String {
    let folder = Folder::new();
    let path = folder.file("bad.ko", content);
    let kernel = kernel();
    let ran = insmod(&kernel, &[&path]);
    assert_eq!((ran.status, &*ran.out), (Status::Failure, ""), "{}", ran.err);
    assert_eq!(kernel.syscalls(), [], "{}", ran.err);
    let start = format!("insmod: ERROR: could not insert module {path}: ");
    ran.err.strip_prefix(&start).unwrap_or_else(|| panic!("{}", ran.err)).trim_end().to_owned()
}

/// The kernel was given the file itself, and nothing else.
#[track_caller]
fn plain(content: &[u8]) {
    let folder = Folder::new();
    let path = folder.file("bad.ko", content);
    let kernel = FakeKernel::new();
    kernel.fail_next(Op::Finit, Errno::ENOEXEC);
    insmod(&kernel, &[&path])
        .failed(&format!("insmod: ERROR: could not insert module {path}: Invalid module format\n"));
    let call = Call::Finit { image: content.to_vec(), params: c"".to_owned(), flags: LoadFlags::NONE };
    assert_eq!(kernel.syscalls(), [call]);
}

#[test]
fn a_section_table_that_cannot_be_read_is_left_to_the_kernel() {
    let whole = Make::typical("foo").build();
    plain(&whole[..whole.len() - 1]);
    plain(&whole[..100]);
    for (at, bytes) in [
        (0, &b"\x7fELG"[..]),
        (4, &[9]),
        (40, &[0xff; 8]),
        (58, &[1, 0]),
        (60, &[0xff, 0xff]),
        (62, &[0xfe, 0xfe]),
    ] {
        let mut file = whole.clone();
        put(&mut file, at, bytes);
        plain(&file);
    }
    let mut huge = whole.clone();
    put(&mut huge, 60, &[0, 0]);
    let first = table(&huge);
    put(&mut huge, first + 32, &[0xff; 8]);
    plain(&huge);
}

#[test]
fn a_module_without_persistent_data_is_plain() {
    plain(&Make::bare("foo").build());
}

#[test]
fn a_section_outside_of_the_file() {
    let mut file = Make::typical("foo").build();
    let at = field(&file, DATA, 32);
    put(&mut file, at, &[0xff, 0xff, 0xff]);
    let text = refused(&file);
    assert!(text.starts_with("section 11 (.data..persistent) at offset 0x"), "{text}");
    assert!(text.contains("size 0xffffff, lies outside of the file ("), "{text}");
}

#[test]
fn sections_that_overlap() {
    let mut file = Make::typical("foo").build();
    let from = field(&file, ".text", 24);
    let offset = file[from..from + 8].to_vec();
    let to = field(&file, DATA, 24);
    put(&mut file, to, &offset);
    let text = refused(&file);
    assert!(
        text.contains("(.data..persistent) and section") || text.contains("(.text) and section"),
        "{text}"
    );
    assert!(text.contains("overlap at offset 0x"), "{text}");
}

#[test]
fn a_variable_that_leaves_its_section() {
    let mut make = Make::typical("foo");
    make.local("wild", DATA, 60, 8);
    assert_eq!(
        refused(&make.build()),
        ".data..persistent: variable wild at offset 0x3c, size 0x8, ends past the end of the section (0x40 bytes)"
    );
}

#[test]
fn relocations_that_leave_their_section_or_their_symbols() {
    let mut make = Make::typical("foo");
    make.relocate(".data", 30, R_64, "shared", 0);
    let text = refused(&make.build());
    assert!(text.contains("(.rela.data): relocation 2: r_offset is 0x1e: outside of the section"), "{text}");

    let mut file = Make::typical("foo").build();
    let at = field(&file, ".rela.text", 24);
    let start = usize::try_from(u64::from_le_bytes(file[at..at + 8].try_into().unwrap())).unwrap();
    put(&mut file, start + 12, &[0xff, 0xff]);
    let text = refused(&file);
    assert!(text.contains("(.rela.text): relocation 0: symbol is 0xffff: no such symbol"), "{text}");
}

#[test]
fn tables_of_module_information() {
    let mut make = Make::typical("foo");
    make.change(".modinfo", |section| section.set_data(section.data[..20].to_vec()));
    assert_eq!(
        refused(&make.build()),
        "section .modinfo: .modinfo: entry at offset 0xc is not ended by a NUL"
    );
    let mut make = Make::typical("foo");
    make.change("__versions", |section| section.set_data(section.data[..100].to_vec()));
    let text = refused(&make.build());
    assert!(text.starts_with("symbol versions: __versions"), "{text}");
}

#[test]
fn a_signature_that_points_nowhere() {
    let mut file = signed(&Make::typical("foo").build());
    let at = file.len() - 32;
    put(&mut file, at, &[0xff; 4]);
    let text = refused(&file);
    assert!(text.contains("sig_len"), "{text}");
}

#[test]
fn a_name_that_is_no_file_name() {
    for name in ["../foo", "", "..", "a\nb", "a\x1b[2Jb", &"x".repeat(56)] {
        let text = refused(&Make::typical(name).build());
        assert_eq!(text, format!("'{}' cannot be the name of a module", modcli::escape::line(name)));
    }
}

/// Whatever is damaged, the kernel gets either the file itself or well-formed images.
#[test]
fn any_byte_of_the_section_table_may_be_wrong() {
    let whole = Make::small("bad_bytes").build();
    let folder = Folder::new();
    for at in table(&whole)..whole.len() {
        for value in [0, 0xff] {
            let mut file = whole.clone();
            file[at] = value;
            let path = folder.file("bad.ko", &file);
            let kernel = kernel();
            let ran = insmod(&kernel, &[&path]);
            for call in kernel.syscalls() {
                match call {
                    Call::Finit { image, .. } => assert_eq!(image, file),
                    Call::Init { image, .. } => assert!(Object::parse(&image).is_ok(), "{at}"),
                    // A keeper whose owner the kernel refused.
                    Call::Delete { name, .. } => assert_eq!(&*name, c"bad_bytes__persist", "{at}"),
                    other @ (Call::Read { .. } | Call::Release { .. } | Call::SetNote { .. }) => {
                        panic!("{at}: {other:?}")
                    }
                }
            }
            assert!(ran.status == Status::Success || !ran.err.is_empty());
        }
    }
}

/// A zstd frame of blocks that repeat one byte: 4 bytes for each 128 KiB.
fn bomb(size: u64) -> Vec<u8> {
    const BLOCK: u64 = 128 << 10;
    // Magic, no content size, no checksum; a window of 128 KiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    let block = u32::try_from(BLOCK << 3 | 1 << 1).unwrap().to_le_bytes();
    for _ in 0..=size / BLOCK {
        frame.extend_from_slice(&block[..3]);
        frame.push(0);
    }
    frame.extend_from_slice(&[1, 0, 0]);
    frame
}

#[test]
fn a_decompression_bomb_is_never_loaded() {
    let content = bomb(insmod::MAX_IMAGE_BYTES);
    assert!(content.len() < 64 << 10);
    let folder = Folder::new();
    let path = folder.file("bomb.ko.zst", &content);
    let kernel = kernel();
    let ran = insmod(&kernel, &[&path]);
    assert!(ran.err.starts_with(&format!("insmod: ERROR: {path}: zstd ")), "{}", ran.err);
    assert!(ran.err.ends_with(&format!("could not insert module {path}: File too large\n")), "{}", ran.err);
    assert_eq!((ran.status, kernel.syscalls().len()), (Status::Failure, 0));
}
