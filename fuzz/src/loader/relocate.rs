// SPDX-License-Identifier: MIT OR Apache-2.0
//! `apply_relocations` and x86's `apply_relocate_add`.

use super::error::LoadError;
use super::file::{ElfFile, u32_at, u64_at};
use super::loaded::{ALLOC, Loaded};

const SHT_RELA: u32 = 4;
const SHT_REL: u32 = 9;
const RELA_BYTES: usize = 24;
/// `SHF_RELA_LIVEPATCH`
const LIVEPATCH: u64 = 0x0010_0000;

const R_NONE: u32 = 0;
const R_64: u32 = 1;
const R_PC32: u32 = 2;
const R_PLT32: u32 = 4;
const R_32: u32 = 10;
const R_32S: u32 = 11;
const R_PC64: u32 = 24;

pub(super) fn apply(file: &ElfFile<'_>, sections: &mut [Loaded], symbols: &[u64]) -> Result<(), LoadError> {
    for table in file.sections.iter().skip(1) {
        let target = table.info as usize;
        let is_loaded = file.sections.get(target).is_some_and(|header| header.flags & ALLOC != 0);
        if !is_loaded || ![SHT_REL, SHT_RELA].contains(&table.kind) || table.flags & LIVEPATCH != 0 {
            continue;
        }
        if table.kind == SHT_REL {
            return Err(LoadError::Broken("relocations without addends"));
        }
        let Some(section) = sections.iter_mut().find(|section| section.index == target) else { continue };
        for entry in file.bytes(table)?.chunks_exact(RELA_BYTES) {
            let offset = u64_at(entry, 0).unwrap_or_default();
            relocate(section, entry, symbols).map_err(|why| LoadError::Relocation {
                section: target,
                offset,
                why,
            })?;
        }
    }
    Ok(())
}

fn relocate(section: &mut Loaded, entry: &[u8], symbols: &[u64]) -> Result<(), &'static str> {
    let field = |at| u64_at(entry, at).ok_or("is cut off");
    let (offset, addend) = (field(0)?, field(16)?);
    let kind = u32_at(entry, 8).ok_or("is cut off")?;
    let symbol = u32_at(entry, 12).ok_or("is cut off")? as usize;
    let value = symbols.get(symbol).ok_or("no such symbol")?.wrapping_add(addend);
    let distance = value.wrapping_sub(section.address.wrapping_add(offset));
    let (value, size) = match kind {
        R_NONE => return Ok(()),
        R_64 => (value, 8),
        R_32 if value > u64::from(u32::MAX) => return Err("does not fit 32 bits"),
        R_32 => (value, 4),
        R_32S if i32::try_from(value.cast_signed()).is_err() => return Err("does not fit 32 signed bits"),
        R_32S => (value, 4),
        R_PC32 | R_PLT32 => (distance, 4),
        R_PC64 => (distance, 8),
        _ => return Err("unknown type"),
    };
    let start = usize::try_from(offset).map_err(|_| "outside of the section")?;
    let end = start.checked_add(size).ok_or("outside of the section")?;
    let place = section.bytes.get_mut(start..end).ok_or("outside of the section")?;
    if place.iter().any(|byte| *byte != 0) {
        return Err("the place is not zero");
    }
    place.copy_from_slice(&value.to_le_bytes()[..size]);
    Ok(())
}
