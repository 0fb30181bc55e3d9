// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/proc/kcore`: kernel memory as an ELF core file, whose segments say which address is where in it.
//!
//! The headers come from the kernel but are read with the same care as any file: a folder may stand in for
//! `/proc`.

use std::fs::File;
use std::mem::size_of;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf::{ELFCLASS32, ELFCLASS64, ELFMAG, FileClass, FileHeader32, FileHeader64, PT_LOAD};
use object::pod::{Pod, from_bytes, slice_from_bytes};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::SysError;

/// An open `/proc/kcore`, with its segments as they were when it was opened. They change where memory is
/// plugged in; the addresses of modules stay within one segment.
#[derive(Debug)]
pub(super) struct Core {
    path: PathBuf,
    file: File,
    segments: Vec<Segment>,
}

/// Memory that is in the file.
#[derive(Debug, Clone, Copy)]
struct Segment {
    address: u64,
    /// Bytes.
    size: u64,
    /// Where it begins in the file.
    offset: u64,
}

impl Core {
    pub(super) fn open(path: &Path) -> Result<Self, SysError> {
        let file = File::open(path).map_err(|error| SysError::open(path, &error))?;
        let mut core = Self { path: path.to_owned(), file, segments: Vec::new() };
        // e_ident, which is the same in both classes.
        let mut ident = [0; 16];
        core.fill(0, &mut ident)?;
        let Some(&[class, ..]) = ident.strip_prefix(&ELFMAG) else {
            return Err(core.malformed(0, "not an ELF file"));
        };
        core.segments = match FileClass(class) {
            ELFCLASS32 => core.read_segments::<FileHeader32<Endianness>>()?,
            ELFCLASS64 => core.read_segments::<FileHeader64<Endianness>>()?,
            _ => return Err(core.malformed(4, "EI_CLASS is neither 1 nor 2")),
        };
        Ok(core)
    }

    /// Reads `length` bytes of kernel memory from `address` on.
    pub(super) fn read(&self, address: u64, length: usize) -> Result<Vec<u8>, SysError> {
        let unmapped = || SysError::NotMapped { path: self.path.clone(), address, length };
        let offset = self.offset_of(address, length as u64).ok_or_else(unmapped)?;
        let mut memory = Vec::new();
        // For a length that does not fit into memory this returns an error, where `vec!` would abort.
        memory.try_reserve_exact(length).map_err(|_| unmapped())?;
        memory.resize(length, 0);
        self.fill(offset, &mut memory)?;
        Ok(memory)
    }

    /// Offset in the file of the memory at `address`, if one segment covers all of it.
    fn offset_of(&self, address: u64, length: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let distance = address.checked_sub(segment.address)?;
            let left = segment.size.checked_sub(distance)?;
            if left < length {
                return None;
            }
            segment.offset.checked_add(distance)
        })
    }

    fn read_segments<H>(&self) -> Result<Vec<Segment>, SysError>
    where
        H: FileHeader<Endian = Endianness>,
    {
        let mut bytes = vec![0; size_of::<H>()];
        self.fill(0, &mut bytes)?;
        let (header, _) = from_bytes::<H>(&bytes).map_err(|()| self.malformed(0, "a header is cut off"))?;
        let endian = header.endian().map_err(|_| self.malformed(5, "EI_DATA is neither 1 nor 2"))?;
        let table: u64 = header.e_phoff(endian).into();
        let count = usize::from(header.e_phnum(endian));
        if usize::from(header.e_phentsize(endian)) != size_of::<H::ProgramHeader>() {
            return Err(self.malformed(table, "program headers of another size"));
        }
        // At most 65,535 entries of 56 bytes.
        let mut bytes = vec![0; count.saturating_mul(size_of::<H::ProgramHeader>())];
        self.fill(table, &mut bytes)?;
        let entries = self.table::<H::ProgramHeader>(table, &bytes, count)?;
        let loaded = entries.iter().filter(|entry| entry.p_type(endian) == PT_LOAD);
        Ok(loaded
            .map(|entry| Segment {
                address: entry.p_vaddr(endian).into(),
                size: entry.p_memsz(endian).into(),
                offset: entry.p_offset(endian).into(),
            })
            .collect())
    }

    fn table<'b, T: Pod>(&self, offset: u64, bytes: &'b [u8], count: usize) -> Result<&'b [T], SysError> {
        let (entries, _) = slice_from_bytes(bytes, count)
            .map_err(|()| self.malformed(offset, "the program headers are cut off"))?;
        Ok(entries)
    }

    fn fill(&self, offset: u64, bytes: &mut [u8]) -> Result<(), SysError> {
        self.file.read_exact_at(bytes, offset).map_err(|error| SysError::read(&self.path, &error))
    }

    fn malformed(&self, offset: u64, what: &'static str) -> SysError {
        SysError::Malformed { path: self.path.clone(), offset, what }
    }
}
