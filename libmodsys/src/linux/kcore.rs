// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/proc/kcore`: kernel memory as an ELF core file, whose segments say which address is where in it.
//!
//! The headers come from the kernel but are read with the same care as any file: a folder may stand in for
//! `/proc`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::mem::size_of;
use std::os::unix::fs::FileExt;
use std::path::Path;

use object::Endianness;
use object::elf::{ELFCLASS32, ELFCLASS64, ELFMAG, FileClass, FileHeader32, FileHeader64, PT_LOAD};
use object::pod::{Pod, from_bytes};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::SysError;

/// Reads `length` bytes of kernel memory from `address` on.
pub(super) fn read(path: &Path, address: u64, length: usize) -> Result<Vec<u8>, SysError> {
    let file = File::open(path).map_err(|error| SysError::open(path, &error))?;
    let core = Core { path, file };
    let unmapped = || SysError::NotMapped { path: path.to_owned(), address, length };
    let offset = core.offset_of(address, length as u64)?.ok_or_else(unmapped)?;
    let mut memory = Vec::new();
    // For a length that does not fit into memory this returns an error, where `vec!` would abort.
    memory.try_reserve_exact(length).map_err(|_| unmapped())?;
    core.append(offset, length, &mut memory)?;
    Ok(memory)
}

struct Core<'a> {
    path: &'a Path,
    file: File,
}

impl Core<'_> {
    /// Offset in the file of the memory at `address`, if one segment covers all of it.
    fn offset_of(&self, address: u64, length: u64) -> Result<Option<u64>, SysError> {
        // e_ident, which is the same in both classes.
        let mut ident = [0; 16];
        self.fill(0, &mut ident)?;
        let Some(&[class, ..]) = ident.strip_prefix(&ELFMAG) else {
            return Err(self.malformed(0, "not an ELF file"));
        };
        match FileClass(class) {
            ELFCLASS32 => self.find_segment::<FileHeader32<Endianness>>(address, length),
            ELFCLASS64 => self.find_segment::<FileHeader64<Endianness>>(address, length),
            _ => Err(self.malformed(4, "EI_CLASS is neither 1 nor 2")),
        }
    }

    fn find_segment<H>(&self, address: u64, length: u64) -> Result<Option<u64>, SysError>
    where
        H: FileHeader<Endian = Endianness>,
    {
        let header: H = self.structure(0)?;
        let endian = header.endian().map_err(|_| self.malformed(5, "EI_DATA is neither 1 nor 2"))?;
        let table: u64 = header.e_phoff(endian).into();
        let stride = u64::from(header.e_phentsize(endian));
        for index in 0..u64::from(header.e_phnum(endian)) {
            let offset = index
                .checked_mul(stride)
                .and_then(|distance| table.checked_add(distance))
                .ok_or_else(|| self.malformed(table, "the program headers lie beyond 2^64"))?;
            let segment: H::ProgramHeader = self.structure(offset)?;
            if segment.p_type(endian) != PT_LOAD {
                continue;
            }
            let Some(distance) = address.checked_sub(segment.p_vaddr(endian).into()) else { continue };
            let size: u64 = segment.p_memsz(endian).into();
            if size.checked_sub(distance).is_some_and(|left| left >= length) {
                let start: u64 = segment.p_offset(endian).into();
                return Ok(start.checked_add(distance));
            }
        }
        Ok(None)
    }

    /// One structure of the file format.
    fn structure<T: Pod>(&self, offset: u64) -> Result<T, SysError> {
        let mut bytes = vec![0; size_of::<T>()];
        self.fill(offset, &mut bytes)?;
        match from_bytes(&bytes) {
            Ok((structure, _)) => Ok(*structure),
            Err(()) => Err(self.malformed(offset, "a header is cut off")),
        }
    }

    fn fill(&self, offset: u64, bytes: &mut [u8]) -> Result<(), SysError> {
        self.file.read_exact_at(bytes, offset).map_err(|error| SysError::read(self.path, &error))
    }

    /// Appends so many bytes from an offset on. They need no zeros in their place before.
    fn append(&self, offset: u64, length: usize, into: &mut Vec<u8>) -> Result<(), SysError> {
        let mut file = &self.file;
        let mut read = || -> io::Result<()> {
            file.seek(SeekFrom::Start(offset))?;
            match file.take(length as u64).read_to_end(into)? {
                all if all == length => Ok(()),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        };
        read().map_err(|error| SysError::read(self.path, &error))
    }

    fn malformed(&self, offset: u64, what: &'static str) -> SysError {
        SysError::Malformed { path: self.path.to_owned(), offset, what }
    }
}
