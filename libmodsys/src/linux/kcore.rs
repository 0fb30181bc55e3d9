// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/proc/kcore`: kernel memory as an ELF core file, whose segments say which address is where in it.
//!
//! The headers come from the kernel but are read with the same care as any file: a folder may stand for `/proc`.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::SysError;

/// More than the kernel ever writes; bounds the loop below.
const MAX_SEGMENTS: u64 = 1 << 16;
const PT_LOAD: u64 = 1;

pub(super) fn read(path: &Path, address: u64, length: usize) -> Result<Vec<u8>, SysError> {
    let file = File::open(path).map_err(|error| SysError::open(path, &error))?;
    let core = Core { path, file };
    let unmapped = || SysError::NotMapped { path: path.to_owned(), address, length };
    let offset = core.offset_of(address, length as u64)?.ok_or_else(unmapped)?;
    let mut memory = Vec::new();
    // A length that does not fit is an answer, not an abort.
    memory.try_reserve_exact(length).map_err(|_| unmapped())?;
    memory.resize(length, 0);
    core.fill(offset, &mut memory)?;
    Ok(memory)
}

struct Core<'a> {
    path: &'a Path,
    file: File,
}

/// Where the fields of a class's headers are: (offset, size).
struct Shape {
    phoff: (u64, usize),
    phentsize: (u64, usize),
    phnum: (u64, usize),
    p_offset: (u64, usize),
    p_vaddr: (u64, usize),
    p_memsz: (u64, usize),
}

const ELF32: Shape = Shape {
    phoff: (28, 4),
    phentsize: (42, 2),
    phnum: (44, 2),
    p_offset: (4, 4),
    p_vaddr: (8, 4),
    p_memsz: (20, 4),
};
const ELF64: Shape = Shape {
    phoff: (32, 8),
    phentsize: (54, 2),
    phnum: (56, 2),
    p_offset: (8, 8),
    p_vaddr: (16, 8),
    p_memsz: (40, 8),
};

impl Core<'_> {
    /// Offset in the file of the memory asked for, if one segment covers all of it.
    fn offset_of(&self, address: u64, length: u64) -> Result<Option<u64>, SysError> {
        let mut ident = [0; 16];
        self.fill(0, &mut ident)?;
        let [0x7f, b'E', b'L', b'F', class, data, ..] = ident else {
            return Err(self.malformed(0, "not an ELF file"));
        };
        let shape = match class {
            1 => ELF32,
            2 => ELF64,
            _ => return Err(self.malformed(4, "EI_CLASS is neither 1 nor 2")),
        };
        let big_endian = match data {
            1 => false,
            2 => true,
            _ => return Err(self.malformed(5, "EI_DATA is neither 1 nor 2")),
        };
        let field = |base: u64, (offset, size): (u64, usize)| -> Result<u64, SysError> {
            let at =
                base.checked_add(offset).ok_or_else(|| self.malformed(base, "a header lies beyond 2^64"))?;
            self.number(at, size, big_endian)
        };
        let table = field(0, shape.phoff)?;
        let entry = field(0, shape.phentsize)?;
        for index in 0..field(0, shape.phnum)?.min(MAX_SEGMENTS) {
            let header = index
                .checked_mul(entry)
                .and_then(|distance| table.checked_add(distance))
                .ok_or_else(|| self.malformed(table, "the program headers lie beyond 2^64"))?;
            if field(header, (0, 4))? != PT_LOAD {
                continue;
            }
            let start = field(header, shape.p_vaddr)?;
            let size = field(header, shape.p_memsz)?;
            let Some(distance) = address.checked_sub(start) else { continue };
            let covered = size.checked_sub(distance).is_some_and(|left| left >= length);
            if covered {
                let offset = field(header, shape.p_offset)?;
                return Ok(offset.checked_add(distance));
            }
        }
        Ok(None)
    }

    fn number(&self, offset: u64, size: usize, big_endian: bool) -> Result<u64, SysError> {
        let mut bytes = [0; 8];
        let bytes = bytes.get_mut(..size).unwrap_or_default();
        self.fill(offset, bytes)?;
        let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Ok(if big_endian { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) })
    }

    fn fill(&self, offset: u64, bytes: &mut [u8]) -> Result<(), SysError> {
        self.file.read_exact_at(bytes, offset).map_err(|error| SysError::read(self.path, &error))
    }

    fn malformed(&self, offset: u64, what: &'static str) -> SysError {
        SysError::Malformed { path: self.path.to_owned(), offset, what }
    }
}
