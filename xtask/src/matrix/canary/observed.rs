// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything about a kernel that is written down: members of structures, flags, and sections of modules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use libmodfmt::btf::Btf;
use libmodfmt::elf::Object;
use libmodfmt::file::ModuleFile;

use super::btf;
use crate::kernel::Kernel;

/// The structures: those of files, and those of the loader.
const STRUCTURES: &[&str] =
    &["kernel_symbol", "modversion_info", "module", "module_memory", "mod_kallsyms", "load_info"];

/// Headers with flags, from the headers' package.
const HEADERS: &[&str] = &["include/uapi/linux/module.h", "include/linux/module_symbol.h"];

/// What the names of flags start with.
const FLAGS: &[&str] = &["MODULE_INIT_", "KSYM_FLAG_"];

/// Of the kernel's modules, every one of this number is read.
const EVERY: usize = 100;

/// The size limit of a decompressed module.
const MAX_MODULE_BYTES: u64 = 256 << 20;

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The kernel's release.
    pub release: String,
    /// Of each structure its size, and its members with their places in bits.
    structures: BTreeMap<String, (u64, Vec<(String, u64)>)>,
    flags: BTreeMap<String, String>,
    sections: BTreeSet<String>,
}

impl Observed {
    /// Looks at a kernel's files.
    pub fn of(kernel: &Kernel) -> Result<Self> {
        let blob = btf::of(kernel)?;
        let btf = Btf::parse(&blob)?;
        let mut structures = BTreeMap::new();
        for name in STRUCTURES {
            let Some(id) = btf.find_struct(name) else { continue };
            let mut members = Vec::new();
            for member in btf.members(id)? {
                let member = member?;
                let name = if member.name.is_empty() { "(unnamed)" } else { member.name };
                members.push((name.to_owned(), member.bit_offset));
            }
            structures.insert((*name).to_owned(), (btf.size_of(id)?, members));
        }
        let mut sections = BTreeSet::new();
        for (name, image) in sample_modules(kernel)? {
            let object = Object::parse(&image).with_context(|| name)?;
            sections.extend(
                object
                    .sections
                    .iter()
                    .map(|section| String::from_utf8_lossy(&section.name).into_owned())
                    .filter(|name| is_of_kernel(name)),
            );
        }
        Ok(Self { release: kernel.release.clone(), structures, flags: flags(kernel), sections })
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Result<Self> {
        let mut found = Self::default();
        let mut structure = String::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["kernel", release] => found.release = release.to_owned(),
                ["struct", name, size] => {
                    structure = name.to_owned();
                    found.structures.insert(structure.clone(), (size.parse()?, Vec::new()));
                }
                ["member", place, name] => {
                    let (_, members) =
                        found.structures.get_mut(&structure).context("a member before any structure")?;
                    members.push((name.to_owned(), place.parse()?));
                }
                ["flag", name, value] => drop(found.flags.insert(name.to_owned(), value.to_owned())),
                ["section", name] => drop(found.sections.insert(name.to_owned())),
                _ => bail!("{line:?} is no line of this file"),
            }
        }
        ensure!(!found.release.is_empty(), "no line names the kernel");
        Ok(found)
    }

    /// Everything that is not as in `expected`, in words.
    pub fn differences_from(&self, expected: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, (size, members)) in &self.structures {
            let Some((old_size, old)) = expected.structures.get(name) else {
                found.push(format!("struct {name} is new, or was not in BTF"));
                continue;
            };
            if size != old_size {
                found.push(format!("struct {name} has {size} bytes, not {old_size}"));
            }
            members_differ(name, members, old, &mut found);
        }
        let gone = expected.structures.keys().filter(|name| !self.structures.contains_key(*name));
        found.extend(gone.map(|name| format!("struct {name} is gone, or not in BTF")));
        for (name, value) in &self.flags {
            match expected.flags.get(name) {
                None => found.push(format!("{name} is new: {value}")),
                Some(old) if old != value => found.push(format!("{name} is {value}, not {old}")),
                Some(_) => {}
            }
        }
        let gone = expected.flags.keys().filter(|name| !self.flags.contains_key(*name));
        found.extend(gone.map(|name| format!("{name} is gone")));
        found.extend(
            self.sections.difference(&expected.sections).map(|name| format!("section {name} is new")),
        );
        found.extend(expected.sections.difference(&self.sections).map(|name| format!("no section {name}")));
        found
    }
}

/// Names members that are new, gone, or in another order. What has only moved because of those is not named.
fn members_differ(structure: &str, new: &[(String, u64)], old: &[(String, u64)], found: &mut Vec<String>) {
    let has = |list: &[(String, u64)], name: &str| list.iter().any(|(other, _)| other == name);
    for (index, (name, bits)) in new.iter().enumerate() {
        if !has(old, name) {
            let before = index.checked_sub(1).and_then(|before| new.get(before));
            let behind = before.map_or_else(|| "first".to_owned(), |(name, _)| format!("behind {name}"));
            found.push(format!("struct {structure}: {name} is new, {behind}, at {}", bytes(*bits)));
        }
    }
    for (name, bits) in old.iter().filter(|(name, _)| !has(new, name)) {
        found.push(format!("struct {structure}: {name} is gone; it was at {}", bytes(*bits)));
    }
    let common = |list: &[(String, u64)], other: &[(String, u64)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).filter(|name| has(other, name)).collect()
    };
    let (in_new, in_old) = (common(new, old), common(old, new));
    if let Some((name, other)) = in_new.iter().zip(&in_old).find(|(one, other)| one != other) {
        found.push(format!("struct {structure}: {name} stands where {other} was"));
    }
}

fn bytes(bits: u64) -> String {
    if bits.is_multiple_of(8) { (bits / 8).to_string() } else { format!("bit {bits}") }
}

impl Display for Observed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "kernel {}", self.release)?;
        for (name, (size, members)) in &self.structures {
            writeln!(f, "struct {name} {size}")?;
            for (member, bits) in members {
                writeln!(f, "member {bits} {member}")?;
            }
        }
        for (name, value) in &self.flags {
            writeln!(f, "flag {name} {value}")?;
        }
        for name in &self.sections {
            writeln!(f, "section {name}")?;
        }
        Ok(())
    }
}

/// Sections whose names the kernel or its build chooses, not the module's source.
fn is_of_kernel(name: &str) -> bool {
    let is_named_after_code = [".text.", ".rela", ".debug", ".data..", ".bss..", ".rodata.", ".data.rel"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    !name.is_empty() && !is_named_after_code
}

/// The flags in the kernel's headers, with their values.
pub fn flags(kernel: &Kernel) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for header in HEADERS {
        let text = crate::checks::export_layout::header(kernel, header);
        for line in text.lines() {
            // `#define NAME 1` or, in an enumeration, `NAME = 1 << 0,`.
            let line = line.trim().trim_start_matches("#define").replace('=', " ");
            let mut words = line.split_whitespace();
            let Some(name) = words.next().filter(|name| FLAGS.iter().any(|flag| name.starts_with(flag)))
            else {
                continue;
            };
            let rest: Vec<&str> = words.collect();
            let text = rest.join(" ");
            let text = text.split("/*").next().unwrap_or_default().trim().trim_end_matches(',');
            let value = number(text).map_or_else(|| text.replace(' ', ""), |value| value.to_string());
            found.insert(name.to_owned(), value);
        }
    }
    found
}

/// A number, or `(1 << N)`, or `BIT(N)`.
fn number(text: &str) -> Option<u64> {
    let text = text.trim_matches(['(', ')']);
    if let Some(bit) = text.strip_prefix("BIT(") {
        return 1_u64.checked_shl(bit.parse().ok()?);
    }
    if let Some((one, places)) = text.split_once("<<") {
        return number(one.trim())?.checked_shl(places.trim().parse().ok()?);
    }
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Some of the kernel's modules, as they were built.
pub fn sample_modules(kernel: &Kernel) -> Result<Vec<(String, Vec<u8>)>> {
    let Some(modules) = &kernel.modules else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for file in crate::checks::export_layout::module_files(modules)?.iter().step_by(EVERY) {
        let name = file.file_name().map(Path::new).unwrap_or(file).display().to_string();
        let content = ModuleFile::new(fs::read(file)?, MAX_MODULE_BYTES);
        found.push((name, content.unsigned_image()?.to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str =
        "kernel 1.0\nstruct module 16\nmember 0 state\nmember 64 name\nflag MODULE_INIT_A 1\nsection .plt\n";

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(Observed::parse(OLD).unwrap().to_string(), OLD);
        assert!(Observed::parse("kernel 1.0\nmember 0 x\n").is_err());
    }

    #[test]
    fn differences_are_named_by_member() {
        let new = "kernel 1.1\nstruct load_info 8\nstruct module 24\nmember 0 state\nmember 64 extra\nmember 128 name\n";
        let (new, old) = (Observed::parse(new).unwrap(), Observed::parse(OLD).unwrap());
        assert_eq!(
            new.differences_from(&old),
            [
                "struct load_info is new, or was not in BTF",
                "struct module has 24 bytes, not 16",
                "struct module: extra is new, behind state, at 8",
                "MODULE_INIT_A is gone",
                "no section .plt",
            ]
        );
        let back = old.differences_from(&new);
        assert!(back.contains(&"struct module: extra is gone; it was at 8".to_owned()), "{back:?}");
    }

    #[test]
    fn another_order_is_named() {
        let of = |members: &str| Observed::parse(&format!("kernel 1\nstruct module 16\n{members}")).unwrap();
        let (old, new) = (of("member 0 a\nmember 8 b\n"), of("member 0 b\nmember 8 a\n"));
        assert_eq!(new.differences_from(&old), ["struct module: b stands where a was"]);
    }

    #[test]
    fn flags_are_numbers_in_three_forms() {
        assert_eq!(number("0x04"), Some(4));
        assert_eq!(number("(1 << 2)"), Some(4));
        assert_eq!(number("BIT(2)"), Some(4));
        assert_eq!(number("OTHER"), None);
    }
}
