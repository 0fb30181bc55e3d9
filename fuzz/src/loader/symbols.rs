// SPDX-License-Identifier: MIT OR Apache-2.0
//! `simplify_symbols`: each symbol's value becomes an address.

use super::error::LoadError;
use super::file::{ElfFile, text, u16_at, u32_at, u64_at};
use super::loaded::{Loaded, Resolve};

const SHT_SYMTAB: u32 = 2;
const SYMBOL_BYTES: usize = 24;
const SHN_UNDEF: u16 = 0;
const SHN_ABS: u16 = 0xfff1;
const SHN_COMMON: u16 = 0xfff2;
const STB_WEAK: u8 = 2;

/// Where sections that are not loaded seem to be. The kernel has them in the copy of the file, somewhere
/// else.
const NOT_LOADED: u64 = 0xffff_c900_0000_0000;

pub(super) fn values(
    file: &ElfFile<'_>,
    sections: &[Loaded],
    resolve: Resolve<'_>,
) -> Result<Vec<u64>, LoadError> {
    let mut tables = file.sections.iter().filter(|header| header.kind == SHT_SYMTAB);
    let (Some(table), None) = (tables.next(), tables.next()) else {
        return Err(LoadError::Broken("not one symbol table"));
    };
    let names = file.sections.get(table.link as usize).ok_or(LoadError::Broken("no symbol names"))?;
    let names = file.bytes(names)?;
    let mut values = Vec::new();
    for (index, symbol) in file.bytes(table)?.chunks_exact(SYMBOL_BYTES).enumerate() {
        values.push(
            value(file, sections, resolve, names, symbol)
                .map_err(|why| match index {
                    // The kernel does not look at the null symbol.
                    0 => None,
                    _ => Some(LoadError::Symbol { index, why }),
                })
                .or_else(|error| error.map_or(Ok(0), Err))?,
        );
    }
    Ok(values)
}

fn value(
    file: &ElfFile<'_>,
    sections: &[Loaded],
    resolve: Resolve<'_>,
    names: &[u8],
    symbol: &[u8],
) -> Result<u64, &'static str> {
    let short = "is cut off";
    let name = text(names, u32_at(symbol, 0).ok_or(short)? as usize).ok_or("has no name")?;
    let binding = symbol.get(4).ok_or(short)? >> 4;
    let place = u16_at(symbol, 6).ok_or(short)?;
    let value = u64_at(symbol, 8).ok_or(short)?;
    match place {
        SHN_ABS => Ok(value),
        SHN_COMMON => Err("is a common symbol"),
        SHN_UNDEF => match resolve(name) {
            Some(address) => Ok(address),
            None if binding == STB_WEAK => Ok(value),
            None => Err("is unknown"),
        },
        _ if usize::from(place) >= file.sections.len() => Err("is in no section"),
        _ => {
            let section = sections.iter().find(|section| section.index == usize::from(place));
            let elsewhere = NOT_LOADED + (u64::from(place) << 24);
            Ok(value.wrapping_add(section.map_or(elsewhere, |section| section.address)))
        }
    }
}
