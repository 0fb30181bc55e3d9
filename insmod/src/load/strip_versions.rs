// SPDX-License-Identifier: MIT OR Apache-2.0
//! The force options without flags: takes out of an image what the kernel would compare.
//!
//! `init_module` takes no flags. To have symbol versions ignored, `SHF_ALLOC` is cleared in the flags of
//! section `__versions`; to have the version magic ignored, its entry in `.modinfo` is overwritten with NULs.
//! Size and offsets stay as they are. kmod does the same.

use libmodsys::{Errno, LoadFlags};
use object::elf::{FileHeader32, FileHeader64};
use object::endian::Endianness;
use object::read::elf::{FileHeader, SectionHeader};

/// Why an image cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum StripError {
    /// It is not an ELF file, or its section table is broken.
    #[error("not a valid ELF file")]
    NotElf,
    /// `.modinfo` has no version magic.
    #[error("no version magic in .modinfo")]
    NoVermagic,
}

impl StripError {
    /// The error number that kmod returns for it.
    pub(super) fn errno(self) -> Errno {
        match self {
            Self::NotElf => Errno::ENOEXEC,
            Self::NoVermagic => Errno::ENODATA,
        }
    }
}

/// Offset of `sh_flags` in a section header of either class.
const SH_FLAGS: usize = 8;
/// `SHF_ALLOC`; it is in the lowest byte of the flags.
const SHF_ALLOC: u8 = 2;
const VERMAGIC: &[u8] = b"vermagic=";

/// The image without what the flags say is to be ignored.
///
/// # Errors
/// [`StripError`]
pub(super) fn strip(image: &[u8], flags: LoadFlags) -> Result<Vec<u8>, StripError> {
    // EI_CLASS
    match image.get(4) {
        Some(1) => strip_class::<FileHeader32<Endianness>>(image, flags),
        Some(2) => strip_class::<FileHeader64<Endianness>>(image, flags),
        _ => Err(StripError::NotElf),
    }
}

fn strip_class<Elf: FileHeader<Endian = Endianness>>(
    image: &[u8],
    flags: LoadFlags,
) -> Result<Vec<u8>, StripError> {
    let not_elf = |_| StripError::NotElf;
    let header = Elf::parse(image).map_err(not_elf)?;
    let endian = header.endian().map_err(not_elf)?;
    let sections = header.sections(endian, image).map_err(not_elf)?;
    let mut changed = image.to_vec();
    let versions = sections.section_by_name(endian, b"__versions");
    if let Some((index, _)) = versions.filter(|_| flags.contains(LoadFlags::IGNORE_MODVERSIONS)) {
        let at = flags_byte(header, endian, index.0).ok_or(StripError::NotElf)?;
        *changed.get_mut(at).ok_or(StripError::NotElf)? &= !SHF_ALLOC;
    }
    let info = sections.section_by_name(endian, b".modinfo");
    if let Some((_, section)) = info.filter(|_| flags.contains(LoadFlags::IGNORE_VERMAGIC)) {
        let content = section.data(endian, image).map_err(not_elf)?;
        let (from, size) = vermagic(content).ok_or(StripError::NoVermagic)?;
        let (start, _) = section.file_range(endian).ok_or(StripError::NotElf)?;
        let start = usize::try_from(start).map_err(|_| StripError::NotElf)?;
        let entry = start.checked_add(from).and_then(|from| changed.get_mut(from..from.checked_add(size)?));
        entry.ok_or(StripError::NotElf)?.fill(0);
    }
    Ok(changed)
}

/// File offset of the lowest byte of a section's flags.
fn flags_byte<Elf: FileHeader>(header: &Elf, endian: Elf::Endian, index: usize) -> Option<usize> {
    let table = usize::try_from(header.e_shoff(endian).into()).ok()?;
    let entry = index.checked_mul(header.e_shentsize(endian).into())?;
    let lowest = match (header.is_little_endian(), header.is_class_64()) {
        (true, _) => 0,
        (false, false) => 3,
        (false, true) => 7,
    };
    table.checked_add(entry)?.checked_add(SH_FLAGS + lowest)
}

/// Offset and size of the version magic's entry.
fn vermagic(info: &[u8]) -> Option<(usize, usize)> {
    let mut offset = 0;
    for entry in info.split(|&byte| byte == 0) {
        if entry.starts_with(VERMAGIC) {
            return Some((offset, entry.len()));
        }
        offset += entry.len() + 1;
    }
    None
}
