// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbols of an ELF file that the kernel's own table (`kallsyms`) would have too.

use std::rc::Rc;

use object::elf;

use super::symbol::{Symbol, name};
use super::table::SymbolTable;
use crate::image::{Image, ImageError};

/// Prefixes of the symbols that `scripts/kallsyms.c` leaves out.
const LEFT_OUT: [&[u8]; 8] =
    [b"$", b".L", b"__crc_", b"__kstrtab_", b"__kstrtabns_", b"__efistub_", b"__pi_", b"__kvm_nvhe_$"];

impl SymbolTable {
    /// The symbols of sections that are in memory when the kernel runs.
    pub(crate) fn from_image(image: &Image) -> Result<Self, ImageError> {
        let raw = image.symbols()?;
        let loaded: Vec<bool> = image.sections().iter().map(|section| section.is_loaded()).collect();
        let mut symbols = Vec::with_capacity(raw.symbols.len());
        for (number, symbol) in (0_u32..).zip(&raw.symbols) {
            let is_loaded = loaded.get(symbol.section as usize).copied().unwrap_or(false);
            if symbol.section == 0 || !is_loaded || matches!(symbol.kind, elf::STT_SECTION | elf::STT_FILE) {
                continue;
            }
            let rest = raw.names.get(symbol.name as usize..).unwrap_or_default();
            if rest.first().is_none_or(|&byte| byte <= b' ')
                || LEFT_OUT.iter().any(|start| rest.starts_with(start))
            {
                continue;
            }
            let mut address = symbol.value;
            let mut rank = number;
            if image.is_relocatable() {
                let base = image.sections().get(symbol.section as usize).map_or(0, |section| section.address);
                address = base.wrapping_add(symbol.value);
            } else {
                // The kernel's own table has weak names last, and those with underscores.
                let name = name(&raw.names, symbol.name);
                let underscores = name.iter().take_while(|&&byte| byte == b'_').count().min(15);
                let underscores = u32::try_from(underscores).unwrap_or(0);
                rank = (u32::from(symbol.is_weak) << 31) | (underscores << 27) | (number & 0x07ff_ffff);
            }
            symbols.push(Symbol {
                address,
                name: symbol.name,
                rank,
                section: symbol.section,
                elf_size: symbol.size,
            });
        }
        let ends = image.sections().iter().map(|section| section.address.saturating_add(section.size));
        Ok(Self::new(symbols, Rc::clone(&raw.names), ends.collect()))
    }
}
