// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module of a distribution, made one with persistent data: its ordinary data sections get other names.
//! Initial values that point into the module itself, which would be refused, are left out.

use anyhow::{Context, Result};

use super::elf::{Elf, Section};

/// Sections, and the names that they get.
const RENAMED: &[(&str, &str)] = &[
    (".data", ".data..persistent"),
    (".bss", ".bss..persistent"),
    (".data..read_mostly", ".data..persistent.read_mostly.0"),
    (".data.rel", ".data..persistent.rel.0"),
];

/// Whether a section has persistent data.
pub fn is_persistent(section: &Section) -> bool {
    RENAMED.iter().any(|(_, name)| section.name == *name)
}

/// The file. `None` if it has no such data.
pub fn of(image: Vec<u8>) -> Result<Option<Vec<u8>>> {
    of_sections(image, |_| true)
}

/// The file with the data of one section only. `None` if it has none.
pub fn of_section(image: Vec<u8>, name: &str) -> Result<Option<Vec<u8>>> {
    of_sections(image, |section| section == name)
}

fn of_sections(image: Vec<u8>, is_chosen: impl Fn(&str) -> bool) -> Result<Option<Vec<u8>>> {
    let mut elf = Elf::parse(image)?;
    let names = elf.section(elf.names)?;
    let (header, mut strings) = (names.header, elf.bytes(names)?.to_vec());
    let mut renamed = Vec::new();
    for (index, section) in elf.sections.iter().enumerate() {
        let chosen = RENAMED.iter().find(|(name, _)| section.name == *name && is_chosen(name));
        if let Some((_, name)) = chosen.filter(|_| section.size > 0) {
            renamed.push((index, section.header, u32::try_from(strings.len())?));
            strings.extend_from_slice(name.as_bytes());
            strings.push(0);
        }
    }
    if renamed.is_empty() {
        return Ok(None);
    }
    for (_, header, name) in &renamed {
        elf.set_u32(*header, *name)?;
    }
    let place = elf.data.len();
    elf.data.extend_from_slice(&strings);
    elf.set_offset(header, place)?;
    elf.set_size(header, strings.len())?;
    let is_renamed = |section: usize| renamed.iter().any(|(index, ..)| *index == section);
    for (table, target) in elf.tables() {
        if is_renamed(target) {
            keep(&mut elf, table, &is_renamed)?;
        }
    }
    Ok(Some(elf.data))
}

/// Keeps the relocations of a table that lead into persistent data, or out of the module.
fn keep(elf: &mut Elf, table: usize, is_renamed: &dyn Fn(usize) -> bool) -> Result<()> {
    let relocations = elf.relocations(table)?;
    let section = elf.section(table)?;
    let (header, start, size) = (section.header, section.offset, elf.relocation_bytes(section));
    let mut place = start;
    for (number, relocation) in relocations.iter().enumerate() {
        let symbol = elf.symbols.get(relocation.symbol).context("no such symbol")?;
        if symbol.section == 0 || is_renamed(symbol.section.into()) {
            let from = start + number * size;
            let entry = elf.data.get(from..from + size).context("a table is cut off")?.to_vec();
            elf.set(place, &entry)?;
            place += size;
        }
    }
    elf.set_size(header, place - start)
}
