// SPDX-License-Identifier: MIT OR Apache-2.0
//! The variables of a compiled source file as kept data of a fake kernel.

use std::path::{Path, PathBuf};
use std::process::Command;

use libmodfmt::dwarf::{DebugInfo, DebugSections, DebugVariable, DwarfTypes};
use libmodfmt::elf::{ByteOrder, Object, Section};
use libmodfmt::persist::{Header, NOTE_SECTION, Unit, Variable, keeper_name};
use libmodfmt::types::{Type, c_text};
use modtest::compile::{Folder, folder};
use modtest::{FakeKernel, FakeModule};

const SOURCE: &str = include_str!("values.c");

/// Where the first variable is.
pub const BASE: u64 = 0xffff_ffff_c080_0000;

/// `values.c`, compiled.
pub struct Compiled {
    pub folder: Folder,
    pub object: PathBuf,
    pub header: Header,
    /// From one variable to the next.
    distance: u64,
    /// The bytes of each variable; all are of sections that a file has.
    pub contents: Vec<Vec<u8>>,
    /// Where they are in the object file.
    pub file_offsets: Vec<usize>,
}

/// With the compiler that the fixtures are made with. `names` are those of the variables.
pub fn compiled(names: &[&str]) -> Compiled {
    let folder = folder("values");
    let (source, object) = (folder.join("values.c"), folder.join("values.o"));
    std::fs::write(&source, SOURCE).unwrap();
    let built = Command::new("gcc")
        .args(["-c", "-O1", "-g", "-fno-common", "-fno-zero-initialized-in-bss", "-o"])
        .args([&object, &source])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    read(folder, object, 0x1000, |variable, _| names.iter().position(|name| **name == *variable.name))
}

/// The persistent variables of a module's file, which is copied.
pub fn module(file: &Path) -> Compiled {
    let folder = folder("module");
    let object = folder.join("module.ko");
    let mut bytes = std::fs::read(file).unwrap();
    without_addresses(&mut bytes);
    std::fs::write(&object, bytes).unwrap();
    let mut count = 0;
    read(folder, object, 0x1_0000, |_, section| {
        let is_persistent = section.name.starts_with(b".data..persistent");
        count += usize::from(is_persistent);
        is_persistent.then_some(count)
    })
}

/// gdb finds addresses for the sections of a relocatable file only if none has one. Some linkers leave one.
fn without_addresses(file: &mut [u8]) {
    let number = |at: usize, size: usize| {
        file[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    // e_shoff, e_shentsize and e_shnum; sh_addr.
    let (table, size, count) = (number(0x28, 8), number(0x3a, 2), number(0x3c, 2));
    for header in 0..count {
        file[table + header * size + 0x10..][..8].fill(0);
    }
}

/// `place` says which variables are taken, and in which order. One called `held_sample` is a pointer to what
/// is held.
fn read(
    folder: Folder,
    object: PathBuf,
    distance: u64,
    mut place: impl FnMut(&DebugVariable, &Section<'_>) -> Option<usize>,
) -> Compiled {
    let bytes = std::fs::read(&object).unwrap();
    let read = Object::parse(&bytes).unwrap();
    let sections = DebugSections::of(&read).unwrap();
    let info = DebugInfo::read(&sections).unwrap();
    let found = info.variables();
    let types = DwarfTypes::new(&info);
    let mut taken: Vec<_> = found
        .iter()
        .filter_map(|variable| Some((place(variable, &read.sections[variable.section])?, variable)))
        .collect();
    taken.sort_by_key(|(place, _)| *place);
    let held = found.iter().find(|variable| variable.name == "held_sample");
    // What PERSISTENT_HOLDS() makes is a pointer to the type.
    let roots: Vec<_> = taken
        .iter()
        .map(|(_, variable)| *variable)
        .chain(held)
        .map(|variable| types.of_variable(variable).unwrap())
        .collect();
    let mut made = types.table(&roots, None, 100_000);
    if held.is_some() {
        let pointer = made.roots.pop().unwrap();
        let Type::Pointer { target, .. } = &*made.table.types()[pointer.0 as usize] else { panic!() };
        let target = *target;
        made.table.set_held(vec![target]);
    }
    let mut header = Header::new("values");
    let (mut contents, mut file_offsets) = (Vec::new(), Vec::new());
    for ((_, variable), id) in taken.into_iter().zip(made.roots) {
        let name = &variable.name;
        let section = &read.sections[variable.section];
        let size = variable.size.unwrap();
        let start = usize::try_from(variable.offset).unwrap();
        contents.push(section.data[start..start + usize::try_from(size).unwrap()].to_vec());
        // The data is borrowed from the file.
        let offset = section.data.as_ptr() as usize - bytes.as_ptr() as usize;
        file_offsets.push(offset + start);
        let mut unit = Unit::new(&format!(".data..persistent.values.{}", contents.len()), size, 8);
        let mut kept = Variable::new(name, 0, size, 8);
        (kept.file, kept.type_id) = (Some("values.c".into()), Some(id));
        kept.type_name = Some(c_text(&made.table, id));
        unit.variables.push(kept);
        header.units.push(unit);
    }
    header.types = made.table;
    Compiled { folder, object, header, distance, contents, file_offsets }
}

impl Compiled {
    /// The address of a variable.
    pub fn address(&self, name: &str) -> u64 {
        let index = self.header.units.iter().position(|unit| unit.variables[0].name == name).unwrap();
        BASE + index as u64 * self.distance
    }

    /// Writes into a variable.
    pub fn set(&mut self, name: &str, offset: usize, value: u64) {
        let index = self.header.units.iter().position(|unit| unit.variables[0].name == name).unwrap();
        self.contents[index][offset..offset + 8].copy_from_slice(&value.to_ne_bytes());
    }

    /// A kernel that keeps the variables.
    pub fn kernel(&self) -> FakeKernel {
        let kernel = FakeKernel::new();
        let mut keeper = FakeModule::new(&keeper_name("values"))
            .note(NOTE_SECTION, &self.header.to_note(ByteOrder::NATIVE));
        for (index, unit) in self.header.units.iter().enumerate() {
            keeper = keeper.section(&unit.section, BASE + index as u64 * self.distance);
        }
        kernel.add(keeper);
        kernel.set(|settings| {
            for (index, bytes) in self.contents.iter().enumerate() {
                settings.memory.insert(BASE + index as u64 * self.distance, bytes.clone());
            }
        });
        kernel
    }
}
