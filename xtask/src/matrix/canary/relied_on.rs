// SPDX-License-Identifier: MIT OR Apache-2.0
//! What libmodfmt relies on, checked with a kernel's types, headers and modules.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use libmodfmt::btf::{Btf, TypeId};
use libmodfmt::elf::{Class, Machine, Object};
use libmodfmt::export::{ExportLayout, Release, Sample};
use libmodfmt::module::THIS_MODULE;

use super::btf;
use super::observed::{flags, sample_modules};
use crate::kernel::Kernel;

/// Members that must be where they are, in bytes. A structure that the kernel lacks is passed over: it has
/// no `modversion_info` without `CONFIG_MODVERSIONS`.
const MEMBERS: &[(&str, &[(&str, u64)])] = &[
    ("module", &[("state", 0), ("list", 8), ("name", 24)]),
    ("modversion_info", &[("crc", 0), ("name", 8)]),
];

/// An exported symbol, whose addresses are distances or, on other processors, addresses.
const EXPORTED: [&[(&str, u64)]; 2] = [
    &[("value_offset", 0), ("name_offset", 4), ("namespace_offset", 8)],
    &[("value", 0), ("name", 8), ("namespace", 16)],
];

/// Values that insmod passes to the kernel, and that a table of exports has.
const FLAGS: &[(&str, &str)] = &[
    ("MODULE_INIT_IGNORE_MODVERSIONS", "1"),
    ("MODULE_INIT_IGNORE_VERMAGIC", "2"),
    ("MODULE_INIT_COMPRESSED_FILE", "4"),
    ("KSYM_FLAG_GPL_ONLY", "1"),
];

/// What is known about a kernel.
pub struct Facts {
    /// In words, what differs from kernel to kernel.
    pub known: Vec<String>,
    /// What is not as libmodfmt needs it.
    pub problems: Vec<String>,
}

impl Facts {
    /// Looks at the kernel's files.
    pub fn of(kernel: &Kernel) -> Result<Self> {
        let release = Release::parse(&kernel.release).with_context(|| kernel.release.clone())?;
        let (machine, class) = machine(kernel)?;
        let table = ExportLayout::for_release(machine, release);
        let mut problems = Vec::new();
        let flags = flags(kernel);
        for (name, value) in FLAGS {
            if let Some(found) = flags.get(*name).filter(|found| found != value) {
                problems.push(format!("{name} is {found}, not {value}"));
            }
        }
        let known = match is_set(kernel, "DEBUG_INFO_BTF") {
            true => by_btf(kernel, machine, (&table, class), &mut problems)?,
            false => by_samples(kernel, (&table, class), &mut problems)?,
        };
        Ok(Self { known, problems })
    }
}

/// The machine that the kernel's modules are for.
fn machine(kernel: &Kernel) -> Result<(Machine, Class)> {
    Ok(match kernel.processor.map(|processor| processor.name) {
        None => (Machine::X86_64, Class::Elf64),
        Some("aarch64") => (Machine::AARCH64, Class::Elf64),
        Some("arm") => (Machine::ARM, Class::Elf32),
        Some("i386") => (Machine::I386, Class::Elf32),
        Some("riscv64") => (Machine::RISCV, Class::Elf64),
        Some("ppc64le") => (Machine::PPC64, Class::Elf64),
        Some("s390x") => (Machine::S390, Class::Elf64),
        Some(name) => bail!("nothing is known of the exports on {name}"),
    })
}

/// Compares the kernel's own types.
fn by_btf(
    kernel: &Kernel,
    machine: Machine,
    (table, class): (&ExportLayout, Class),
    problems: &mut Vec<String>,
) -> Result<Vec<String>> {
    let blob = btf::of(kernel)?;
    let btf = Btf::parse(&blob)?;
    ensure!(class == Class::Elf64, "the members of a 32-bit kernel's types are not known");
    let [distances, addresses] = EXPORTED;
    let exported = if table.entry_size(class) == 24 { addresses } else { distances };
    for (name, members) in MEMBERS.iter().chain(&[("kernel_symbol", exported)]) {
        let Some(id) = btf.find_struct(name) else { continue };
        for (member, offset) in *members {
            let found = btf.member(id, member)?.and_then(|member| member.byte_offset());
            if found != Some(*offset) {
                problems.push(format!("struct {name}: {member} is {}", place(found, *offset)));
            }
        }
    }
    match ExportLayout::from_btf(&btf, machine) {
        Ok(layout) if layout == *table => {}
        Ok(layout) => problems.push(format!("BTF shows exports as {layout:?}, the table has {table:?}")),
        Err(error) => problems.push(format!("exports: {error}")),
    }
    let module = btf.find_struct("module").context("BTF has no struct module")?;
    check_samples(kernel, &btf, module, problems)?;
    let memory = match btf.member(module, "mem")?.is_some() {
        true => "memory of modules by kind of section",
        false => "memory of modules in one piece",
    };
    Ok(known(kernel, btf.size_of(module)?, (table, class), memory))
}

/// Without BTF, the kernel's modules show what they can.
fn by_samples(
    kernel: &Kernel,
    (table, class): (&ExportLayout, Class),
    problems: &mut Vec<String>,
) -> Result<Vec<String>> {
    let (mut size, mut exporting) = (None, 0_usize);
    for (name, image) in sample_modules(kernel)? {
        let object = Object::parse(&image).with_context(|| name.clone())?;
        match (object.section(THIS_MODULE).map(|(_, section)| section.size), size) {
            (None, _) => problems.push(format!("{name} has no {THIS_MODULE}")),
            (Some(found), Some(before)) if found != before => {
                problems.push(format!("{name}: {THIS_MODULE} has {found} bytes, in other modules {before}"));
            }
            (found, _) => size = found,
        }
        let Ok(sample) = Sample::of(&object) else { continue };
        exporting = exporting.saturating_add(1);
        match ExportLayout::from_sample(&sample) {
            Ok(layout) if layout == *table => {}
            Ok(layout) => problems.push(format!("{name} shows exports as {layout:?}, the table {table:?}")),
            Err(error) => problems.push(format!("{name}: exports: {error}")),
        }
    }
    ensure!(exporting > 0, "none of the modules that were read exports anything");
    Ok(known(kernel, size.context("no module has its size")?, (table, class), "no BTF"))
}

/// Whether the kernel's configuration has an option.
fn is_set(kernel: &Kernel, option: &str) -> bool {
    let config = fs::read_to_string(kernel.build.join(".config")).unwrap_or_default();
    config
        .lines()
        .any(|line| line.strip_prefix("CONFIG_").and_then(|rest| rest.strip_prefix(option)) == Some("=y"))
}

fn place(found: Option<u64>, wanted: u64) -> String {
    match found {
        Some(found) => format!("at {found}, not {wanted}"),
        None => format!("gone; it was at {wanted}"),
    }
}

/// The kernel's own modules have the `struct module` that BTF describes, with init and exit in it.
fn check_samples(kernel: &Kernel, btf: &Btf<'_>, module: TypeId, problems: &mut Vec<String>) -> Result<()> {
    let size = btf.size_of(module)?;
    let place = |name| Ok::<_, anyhow::Error>(btf.member(module, name)?.and_then(|it| it.byte_offset()));
    let known = [place("init")?, place("exit")?];
    for (name, image) in sample_modules(kernel)? {
        let object = Object::parse(&image).with_context(|| name.clone())?;
        let Some((index, section)) = object.section(THIS_MODULE) else {
            problems.push(format!("{name} has no {THIS_MODULE}"));
            continue;
        };
        if section.size != size {
            problems.push(format!("{name}: {THIS_MODULE} has {} bytes, struct module {size}", section.size));
        }
        for relocation in object.relocations_of(index)? {
            if !known.contains(&Some(relocation.offset)) {
                problems.push(format!(
                    "{name}: {THIS_MODULE} has a relocation at {}, which is neither init nor exit",
                    relocation.offset
                ));
            }
        }
    }
    Ok(())
}

/// What differs from kernel to kernel, in words.
fn known(kernel: &Kernel, size: u64, (table, class): (&ExportLayout, Class), memory: &str) -> Vec<String> {
    let exports = match table.kflagstab {
        true => "exports have flags in `__kflagstab`",
        false => "GPL-only exports have tables of their own",
    };
    let versions = match (is_set(kernel, "MODVERSIONS"), is_set(kernel, "EXTENDED_MODVERSIONS")) {
        (true, true) => "symbol versions in both forms",
        (true, false) => "symbol versions",
        (false, _) => "no symbol versions",
    };
    let mut known = vec![
        format!("`struct module` has {size} bytes"),
        format!("an exported symbol has {} bytes", table.entry_size(class)),
    ];
    known.extend([exports, memory, versions].map(str::to_owned));
    known.extend(page_size(kernel));
    known
}

/// The size of a page, where it is not what most kernels have.
fn page_size(kernel: &Kernel) -> Option<String> {
    let sizes = [("64K_PAGES", 64), ("16K_PAGES", 16)];
    let names = ["ARM64_", "PPC_"];
    let has = |name: &str| names.iter().any(|prefix| is_set(kernel, &format!("{prefix}{name}")));
    sizes.iter().find(|(name, _)| has(name)).map(|(_, kib)| format!("pages of {kib} KB"))
}
