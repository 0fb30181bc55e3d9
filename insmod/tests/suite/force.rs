// SPDX-License-Identifier: MIT OR Apache-2.0
//! The force options: as flags, or in the image on a kernel without `finit_module`.

use libmodsys::{Errno, LoadFlags};
use modtest::{Call, FakeKernel, Op};
use object::{
    Architecture, BinaryFormat, Endianness, File, Object as _, ObjectSection, SectionFlags, SectionKind, elf,
    write,
};

use super::{Folder, IMAGE, insmod};

const INFO: &[u8] = b"license=GPL\0name=foo\0vermagic=6.1.0 SMP mod_unload modversions \0srcversion=1\0";
const KINDS: [(Architecture, Endianness); 4] = [
    (Architecture::X86_64, Endianness::Little),
    (Architecture::S390x, Endianness::Big),
    (Architecture::Arm, Endianness::Little),
    (Architecture::PowerPc, Endianness::Big),
];

/// [`INFO`] with its version magic overwritten.
fn blanked() -> Vec<u8> {
    let text = String::from_utf8(INFO.to_vec()).unwrap();
    let entry = text.split('\0').find(|entry| entry.starts_with("vermagic=")).unwrap();
    text.replace(entry, &"\0".repeat(entry.len())).into_bytes()
}

/// A relocatable file with the sections that matter.
fn image(kind: (Architecture, Endianness), info: &[u8], versions: bool) -> Vec<u8> {
    let mut object = write::Object::new(BinaryFormat::Elf, kind.0, kind.1);
    let mut section = |name: &str, content: &[u8]| {
        let id = object.add_section(Vec::new(), name.into(), SectionKind::ReadOnlyData);
        object.set_section_data(id, content.to_vec(), 8);
    };
    section(".modinfo", info);
    if versions {
        section("__versions", &[7; 64]);
    }
    object.write().unwrap()
}

fn is_allocated(image: &[u8], name: &str) -> bool {
    let file = File::parse(image).unwrap();
    match file.section_by_name(name).unwrap().flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(elf::SHF_ALLOC),
        _ => panic!("not ELF"),
    }
}

fn info(image: &[u8]) -> Vec<u8> {
    File::parse(image).unwrap().section_by_name(".modinfo").unwrap().data().unwrap().to_vec()
}

/// The image that a kernel without `finit_module` is given.
fn loaded(args: &[&str]) -> Vec<u8> {
    let kernel = FakeKernel::new();
    kernel.fail_always(Op::Finit, Errno::ENOSYS);
    insmod(&kernel, args).silent();
    match kernel.syscalls().pop() {
        Some(Call::Init { image, .. }) => image,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_option_has_its_flag() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", IMAGE);
    for (option, bits) in [("-f", 3), ("--force", 3), ("--force-modversion", 1), ("--force-vermagic", 2)] {
        let kernel = FakeKernel::new();
        insmod(&kernel, &[option, &file]).silent();
        let flags = LoadFlags::from_bits(bits);
        assert_eq!(kernel.syscalls(), [Call::Finit { image: IMAGE.to_vec(), params: c"".to_owned(), flags }]);
    }
}

#[test]
fn from_memory_both_are_taken_out_of_the_image() {
    for kind in KINDS {
        let whole = image(kind, INFO, true);
        let folder = Folder::new();
        let file = folder.file("foo.ko", &whole);
        let forced = loaded(&["-f", &file]);
        assert_eq!(forced.len(), whole.len());
        assert!(is_allocated(&whole, "__versions") && !is_allocated(&forced, "__versions"), "{kind:?}");
        assert_eq!(info(&forced), blanked());

        let no_versions = loaded(&["--force-modversion", &file]);
        assert!(!is_allocated(&no_versions, "__versions"));
        assert_eq!(info(&no_versions), INFO);

        let no_vermagic = loaded(&["--force-vermagic", &file]);
        assert!(is_allocated(&no_vermagic, "__versions"));
        assert_eq!(info(&no_vermagic), blanked());
    }
}

#[test]
fn nothing_else_in_the_image_changes() {
    let whole = image(KINDS[0], INFO, true);
    let folder = Folder::new();
    let file = folder.file("foo.ko", &whole);
    let forced = loaded(&["--force-modversion", &file]);
    let differing = whole.iter().zip(&forced).filter(|(one, other)| one != other).count();
    assert_eq!(differing, 1);
}

#[test]
fn a_module_without_versions_has_none_to_strip() {
    let whole = image(KINDS[0], INFO, false);
    let folder = Folder::new();
    let file = folder.file("foo.ko", &whole);
    assert_eq!(loaded(&["--force-modversion", &file]), whole);
}

#[test]
fn information_without_a_vermagic_is_an_error() {
    let folder = Folder::new();
    let file = folder.file("foo.ko", &image(KINDS[0], b"name=foo\0", true));
    let kernel = FakeKernel::new();
    kernel.fail_always(Op::Finit, Errno::ENOSYS);
    insmod(&kernel, &["-f", &file]).failed(&format!(
        "insmod: ERROR: Failed to strip version information: No data available\n\
         insmod: ERROR: could not insert module {file}: No data available\n"
    ));
    assert_eq!(kernel.syscalls().len(), 1);
}

#[test]
fn what_is_not_elf_cannot_be_stripped() {
    let whole = image(KINDS[0], INFO, true);
    let folder = Folder::new();
    for content in [b"no module at all", &whole[..70], &whole[..20]] {
        let file = folder.file("foo.ko", content);
        let kernel = FakeKernel::new();
        kernel.fail_always(Op::Finit, Errno::ENOSYS);
        insmod(&kernel, &["-f", &file])
            .failed(&format!("insmod: ERROR: could not insert module {file}: Invalid module format\n"));
        assert_eq!(kernel.syscalls().len(), 1);
    }
}
