// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections that are compressed one by one (`SHF_COMPRESSED`).

use super::{Ident, Image, ImageError, Section};
use gimli::RunTimeEndian;
use libmodfmt::compress;
use libmodfmt::elf::{ByteOrder, Class, Ident as ElfIdent, Machine};

/// Largest content. The largest section known today has 170 MB.
const LIMIT: u64 = 1 << 30;

pub(super) fn inflate(image: &Image, section: &Section) -> Result<Vec<u8>, ImageError> {
    let error = |reason: String| ImageError::Inflate { section: section.name.clone(), reason };
    let bytes = image.store.read(section.offset, section.file_size());
    let bytes = bytes.ok_or_else(|| error("leads out of the file".to_owned()))?;
    compress::section(&bytes, elf_ident(image.ident), LIMIT).map_err(|source| error(source.to_string()))
}

fn elf_ident(ident: Ident) -> ElfIdent {
    ElfIdent {
        class: if ident.is_64 { Class::Elf64 } else { Class::Elf32 },
        order: if ident.endian == RunTimeEndian::Big { ByteOrder::Big } else { ByteOrder::Little },
        machine: Machine(ident.machine),
    }
}
