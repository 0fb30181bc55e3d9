// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbols of an ELF file that the kernel's own table (`kallsyms`) would have too.

use std::rc::Rc;

use object::elf;

use super::symbol::{Symbol, hash, name_and_more};
use super::table::SymbolTable;
use crate::image::{Image, ImageError};

/// Prefixes of the symbols that `scripts/kallsyms.c` leaves out, by which [`is_left_out`] goes.
const LEFT_OUT: [&[u8]; 8] =
    [b"$", b".L", b"__crc_", b"__kstrtab_", b"__kstrtabns_", b"__efistub_", b"__pi_", b"__kvm_nvhe_$"];

impl SymbolTable {
    /// The symbols of sections that are in memory when the kernel runs.
    pub(crate) fn from_image(image: &Image) -> Result<Self, ImageError> {
        let raw = image.symbols()?;
        let loaded: Vec<bool> = image.sections().iter().map(|section| section.is_loaded()).collect();
        let mut symbols = Vec::with_capacity(raw.len());
        for (number, symbol) in (0_u32..).zip(raw.iter()) {
            let is_loaded = loaded.get(symbol.section as usize).copied().unwrap_or(false);
            if symbol.section == 0 || !is_loaded || matches!(symbol.kind, elf::STT_SECTION | elf::STT_FILE) {
                continue;
            }
            let name = name_and_more(&raw.names, symbol.name);
            if is_left_out(name) {
                continue;
            }
            let mut address = symbol.value;
            let mut rank = number;
            if image.is_relocatable() {
                let base = image.sections().get(symbol.section as usize).map_or(0, |section| section.address);
                address = base.wrapping_add(symbol.value);
            } else {
                // The kernel's own table has weak names last, and those with underscores.
                let underscores = name.iter().take(15).take_while(|&&byte| byte == b'_').count();
                let underscores = u32::try_from(underscores).unwrap_or(0);
                rank = (u32::from(symbol.is_weak) << 31) | (underscores << 27) | (number & 0x07ff_ffff);
            }
            symbols.push(Symbol {
                address,
                name: symbol.name,
                rank,
                section: symbol.section,
                elf_size: u32::try_from(symbol.size).unwrap_or(0),
                hash: hash(name),
            });
        }
        let ends = image.sections().iter().map(|section| section.address.saturating_add(section.size));
        Ok(Self::new(symbols, Rc::clone(&raw.names), ends.collect()))
    }
}

/// Whether a symbol is not in the kernel's own table, by its name, which the bytes begin with.
fn is_left_out(name: &[u8]) -> bool {
    match name {
        [] | [b'\0'..=b' ', ..] => true,
        // All of `LEFT_OUT` begin so, and few other names do.
        [b'$', ..] | [b'.', b'L', ..] | [b'_', b'_', b'c' | b'e' | b'k' | b'p', ..] => {
            LEFT_OUT.iter().any(|start| name.starts_with(start))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_left_out_by_their_beginnings() {
        for start in LEFT_OUT {
            assert!(is_left_out(&[start, b"name"].concat()));
            let shorter = &start[..start.len() - 1];
            assert!(!is_left_out(&[shorter, b"!"].concat()));
        }
        assert!(is_left_out(b"") && is_left_out(b"\0name"));
        assert!(!is_left_out(b"start_kernel") && !is_left_out(b"__pfx_start_kernel"));
    }
}
