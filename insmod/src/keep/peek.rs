// SPDX-License-Identifier: MIT OR Apache-2.0
//! A look at the section table: is there anything to keep?

use std::os::unix::fs::FileExt;

use libmodfmt::elf;
use libmodfmt::persist::PersistentSection;

use crate::{ImageError, ModuleInput};

/// Whether the file names a persistent section. For a plain file only its section table is read, a
/// compressed one has to be decompressed. A file that cannot be understood has none: the kernel
/// will say what is wrong with it.
///
/// # Errors
/// A compressed file that cannot be decompressed: it may have some.
pub(super) fn has_persistent_data(module: &ModuleInput) -> Result<bool, ImageError> {
    let names = if module.compression().is_some() {
        let image = module.image()?;
        elf::section_names(|offset, size| {
            let start = usize::try_from(offset).ok()?;
            image.get(start..start.checked_add(size)?).map(<[u8]>::to_vec)
        })
    } else {
        elf::section_names(|offset, size| {
            // The size comes from the file: nothing is set aside for more than there is.
            let end = offset.checked_add(u64::try_from(size).ok()?)?;
            if end > module.file().metadata().ok()?.len() {
                return None;
            }
            let mut bytes = vec![0; size];
            module.file().read_exact_at(&mut bytes, offset).ok()?;
            Some(bytes)
        })
    };
    Ok(names.is_some_and(|names| names.iter().any(|name| PersistentSection::from_name(name).is_some())))
}
