// SPDX-License-Identifier: MIT OR Apache-2.0
//! What libmodfmt relies on, checked with a kernel's types, headers and modules.

use std::fs;

use anyhow::{Context, Result, bail};
use libmodfmt::btf::{Btf, TypeId};
use libmodfmt::elf::{Class, Machine, Object};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::module::THIS_MODULE;

use super::btf;
use super::observed::{flags, sample_modules};
use crate::kernel::Kernel;

/// Members that must be where they are, in bytes. A structure that the kernel lacks is passed over: it has
/// no `modversion_info` without `CONFIG_MODVERSIONS`.
const MEMBERS: &[(&str, &[(&str, u64)])] = &[
    ("kernel_symbol", &[("value_offset", 0), ("name_offset", 4), ("namespace_offset", 8)]),
    ("module", &[("state", 0), ("list", 8), ("name", 24)]),
    ("modversion_info", &[("crc", 0), ("name", 8)]),
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
        let blob = btf::of(kernel)?;
        let btf = Btf::parse(&blob)?;
        let mut problems = Vec::new();
        for (name, members) in MEMBERS {
            let Some(id) = btf.find_struct(name) else { continue };
            for (member, offset) in *members {
                let found = btf.member(id, member)?.and_then(|member| member.byte_offset());
                if found != Some(*offset) {
                    problems.push(format!("struct {name}: {member} is {}", place(found, *offset)));
                }
            }
        }
        let release = Release::parse(&kernel.release).with_context(|| kernel.release.clone())?;
        let machine = match &kernel.processor {
            None => Machine::X86_64,
            Some(processor) if processor.debian == "arm64" => Machine::AARCH64,
            Some(processor) => bail!("nothing is known of the exports on {}", processor.name),
        };
        let table = ExportLayout::for_release(machine, release);
        match ExportLayout::from_btf(&btf, machine) {
            Ok(layout) if layout == table => {}
            Ok(layout) => problems.push(format!("BTF shows exports as {layout:?}, the table has {table:?}")),
            Err(error) => problems.push(format!("exports: {error}")),
        }
        let flags = flags(kernel);
        for (name, value) in FLAGS {
            if let Some(found) = flags.get(*name).filter(|found| found != value) {
                problems.push(format!("{name} is {found}, not {value}"));
            }
        }
        let module = btf.find_struct("module").context("BTF has no struct module")?;
        check_samples(kernel, &btf, module, &mut problems)?;
        Ok(Self { known: known(kernel, &btf, module, &table)?, problems })
    }
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

fn known(kernel: &Kernel, btf: &Btf<'_>, module: TypeId, table: &ExportLayout) -> Result<Vec<String>> {
    let has = |name| Ok::<_, anyhow::Error>(btf.member(module, name)?.is_some());
    let config = fs::read_to_string(kernel.build.join(".config")).unwrap_or_default();
    let set = |option: &str| config.lines().any(|line| line == format!("CONFIG_{option}=y"));
    let mut known = vec![
        format!("`struct module` has {} bytes", btf.size_of(module)?),
        format!("an exported symbol has {} bytes", table.entry_size(Class::Elf64)),
    ];
    known.push(
        match table.kflagstab {
            true => "exports have flags in `__kflagstab`",
            false => "GPL-only exports have tables of their own",
        }
        .to_owned(),
    );
    known.push(
        match has("mem")? {
            true => "memory of modules by kind of section",
            false => "memory of modules in one piece",
        }
        .to_owned(),
    );
    known.push(
        match (set("MODVERSIONS"), set("EXTENDED_MODVERSIONS")) {
            (true, true) => "symbol versions in both forms",
            (true, false) => "symbol versions",
            (false, _) => "no symbol versions",
        }
        .to_owned(),
    );
    Ok(known)
}
