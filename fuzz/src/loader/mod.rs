// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel's module loader does with an x86-64 module, as far as memory is concerned: sections are
//! placed, symbols resolved, relocations applied (kernel/module/main.c, arch/x86/kernel/module.c). Written
//! for the tests from the kernel's source; it shares no code with libmodfmt, whose images it judges.

mod error;
mod file;
mod loaded;
mod relocate;
mod symbols;

use file::ElfFile;
use loaded::ALLOC;

pub use error::LoadError;
pub use loaded::{Loaded, Place, Resolve};

/// Largest memory of a module that is loaded here, in bytes.
const MAX_MEMORY: u64 = 64 << 20;

/// `SHT_NOBITS`
const NOBITS: u32 = 8;
/// `SHT_NULL`, `SHT_SYMTAB`, `SHT_STRTAB`, `SHT_RELA`, `SHT_REL`
const TABLES: [u32; 5] = [0, 2, 3, 4, 9];

/// Loads a file: the sections that stay in memory, by index.
///
/// # Errors
/// [`LoadError`]: the kernel would not load it.
pub fn load(data: &[u8], place: Place<'_>, resolve: Resolve<'_>) -> Result<Vec<Loaded>, LoadError> {
    let file = ElfFile::parse(data)?;
    let mut sections = Vec::new();
    let mut memory = 0_u64;
    for (index, header) in file.sections.iter().enumerate().skip(1) {
        if header.flags & ALLOC == 0 {
            continue;
        }
        memory = memory.saturating_add(header.size);
        if memory > MAX_MEMORY {
            return Err(LoadError::TooLarge);
        }
        let bytes = match header.kind {
            NOBITS => vec![0; usize::try_from(header.size).unwrap_or_default()],
            _ => file.bytes(header)?.to_vec(),
        };
        let name = file.name(header)?.to_vec();
        let (align, is_table) = (header.align.max(1), TABLES.contains(&header.kind));
        let mut section = Loaded { index, name, address: 0, align, is_table, bytes };
        section.address = place(&section);
        sections.push(section);
    }
    let symbols = symbols::values(&file, &sections, resolve)?;
    relocate::apply(&file, &mut sections, &symbols)?;
    Ok(sections)
}

/// The bytes at an address, up to the end of their section.
#[must_use]
pub fn bytes_at(sections: &[Loaded], address: u64) -> Option<&[u8]> {
    sections.iter().find_map(|section| {
        let offset = usize::try_from(address.checked_sub(section.address)?).ok()?;
        section.bytes.get(offset..).filter(|bytes| !bytes.is_empty())
    })
}
