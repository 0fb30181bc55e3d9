// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist show` of a variable whose type the header only names: it is described by the BTF of a module
//! that the owner builds on.

use libmodfmt::btf::{Btf, BtfTypes};
use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{Header, NOTE_SECTION, Unit, Variable, keeper_name};
use libmodfmt::types::{TagKind, Type, TypeId, TypeTable, layout_hash};
use modpersist::{Args, Command, ShowArgs};
use modtest::{FakeKernel, FakeModule};

const ADDRESS: u64 = 0xffff_ffff_c080_0000;

/// BTF with these types and names.
fn blob(types: &[u32], names: &[u8]) -> Vec<u8> {
    let size = |count: usize| u32::try_from(count).unwrap();
    let (types_size, names_size) = (size(types.len() * 4), size(names.len()));
    let mut blob = vec![];
    blob.extend(0xeb9f_u16.to_ne_bytes());
    // Version and flags.
    blob.extend([1, 0]);
    for word in [24, 0, types_size, types_size, names_size].iter().chain(types) {
        blob.extend(word.to_ne_bytes());
    }
    blob.extend(names);
    blob
}

/// Type 1: `int`.
fn vmlinux() -> Vec<u8> {
    blob(&[1, 1 << 24, 4, 1 << 24 | 32], b"\0int\0")
}

/// Type 2, on top of [`vmlinux`]: `struct camera { int width; int height; }`
fn videodev() -> Vec<u8> {
    blob(&[5, 4 << 24 | 2, 8, 12, 1, 0, 18, 1, 32], b"camera\0width\0height\0")
}

fn kernel_with(modules: &str) -> FakeKernel {
    let (vmlinux, videodev) = (vmlinux(), videodev());
    let base = Btf::parse(&vmlinux).unwrap();
    let module = Btf::parse_split(&videodev, &base).unwrap();
    let hash = layout_hash(&BtfTypes::new(&module), TypeId(2));
    let mut types = TypeTable::default();
    let id = types.push(Type::Kernel { kind: TagKind::Struct, name: "camera".into(), size: 8, hash });
    let mut variable = Variable::new("front", 0, 8, 4);
    (variable.file, variable.type_id) = (Some("cam.c".into()), Some(id));
    let mut unit = Unit::new(".data..persistent.cam.1", 8, 8);
    unit.variables.push(variable);
    let mut header = Header::new("cam");
    header.units.push(unit);
    header.types = types;
    let kernel = FakeKernel::new();
    kernel.add(
        FakeModule::new(&keeper_name("cam"))
            .note(NOTE_SECTION, &header.to_note(ByteOrder::NATIVE))
            .section(".data..persistent.cam.1", ADDRESS),
    );
    if !modules.is_empty() {
        kernel.add(FakeModule::new(modules));
    }
    kernel.set(|settings| {
        settings.vmlinux_btf = Some(vmlinux.clone());
        settings.module_btf.insert("videodev".into(), videodev.clone());
        let bytes = [640_u32, 480].iter().flat_map(|word| word.to_ne_bytes()).collect();
        settings.memory.insert(ADDRESS, bytes);
    });
    kernel
}

fn show(kernel: &FakeKernel) -> String {
    let mut out = Vec::new();
    let args = Args { command: Command::Show(ShowArgs::of("cam")) };
    modpersist::run(&args, kernel, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_types_of_a_loaded_module_have_fields() {
    let text = show(&kernel_with("videodev"));
    assert!(text.contains("width = 640") && text.contains("height = 480"), "{text}");
}

#[test]
fn the_types_of_a_module_that_is_gone_are_bytes() {
    let text = show(&kernel_with(""));
    assert!(text.contains("front") && !text.contains("width"), "{text}");
}
