// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbols of an ELF file that the kernel would know too.

use super::{Symbol, Table, names};
use crate::image::{Image, ImageError};
use std::rc::Rc;

const KIND_SECTION: u8 = 3;
const KIND_FILE: u8 = 4;

/// Symbols that `scripts/kallsyms.c` leaves out, by how they start.
const LEFT_OUT: [&[u8]; 8] =
    [b"$", b".L", b"__crc_", b"__kstrtab_", b"__kstrtabns_", b"__efistub_", b"__pi_", b"__kvm_nvhe_$"];

impl Table {
    /// The symbols of sections that are in memory when the kernel runs.
    pub(crate) fn from_image(image: &Image) -> Result<Self, ImageError> {
        let raw = image.symbols()?;
        let loaded: Vec<bool> = image.sections.iter().map(|section| section.is_loaded()).collect();
        let mut symbols = Vec::with_capacity(raw.symbols.len());
        for (number, symbol) in (0_u32..).zip(&raw.symbols) {
            let is_loaded = loaded.get(symbol.section as usize).copied().unwrap_or(false);
            if symbol.section == 0 || !is_loaded || matches!(symbol.kind, KIND_SECTION | KIND_FILE) {
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
            if image.ident.relocatable {
                let base = image.sections.get(symbol.section as usize).map_or(0, |section| section.address);
                address = base.wrapping_add(symbol.value);
            } else {
                // The kernel's own table has weak names last, and those with underscores.
                let name = names::name(&raw.names, symbol.name);
                let underscores = name.iter().take_while(|&&byte| byte == b'_').count().min(15);
                let underscores = u32::try_from(underscores).unwrap_or(0);
                rank = (u32::from(symbol.weak) << 31) | (underscores << 27) | (number & 0x07ff_ffff);
            }
            symbols.push(Symbol {
                address,
                name: symbol.name,
                rank,
                section: symbol.section,
                own_size: symbol.size,
            });
        }
        let ends = image.sections.iter().map(|section| section.address.saturating_add(section.size));
        Ok(Self::new(symbols, Rc::clone(&raw.names), ends.collect()))
    }
}
