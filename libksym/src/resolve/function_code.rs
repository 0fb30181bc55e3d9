// SPDX-License-Identifier: MIT OR Apache-2.0
//! The code of a function, as the file of the kernel or module has it.

use std::path::PathBuf;

use super::open_files::OpenFiles;
use crate::answer::Location;
use crate::symbols_and_debug::Binary;

/// The rest of a longer function is not read.
const MAX_FUNCTION_BYTES: u64 = 1 << 16;

/// The code of a function in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionCode {
    /// The code from the function's start to the next symbol, or 64 KiB of it.
    pub bytes: Vec<u8>,
    /// Whether the file is linked. In a module's file distances and addresses are not filled in.
    pub is_linked: bool,
    /// The file.
    pub file: PathBuf,
}

/// The function that a place is in.
pub(super) fn read(files: &OpenFiles, place: &Location) -> Option<FunctionCode> {
    match &place.module {
        None => of_binary(files.kernel()?, place),
        Some(module) => of_binary(&*files.module(module)?, place),
    }
}

fn of_binary(binary: &Binary, place: &Location) -> Option<FunctionCode> {
    let image = &binary.image;
    let extent = extent(binary, place)?;
    let bytes = image.read_raw(extent.section, extent.offset, extent.size).ok()?;
    if bytes.is_empty() {
        return None;
    }
    Some(FunctionCode { bytes, is_linked: !image.is_relocatable(), file: image.path().to_owned() })
}

/// Where the code of a function is in a file.
pub(super) struct Extent {
    /// Index of the section.
    pub section: usize,
    /// Offset in the section.
    pub offset: u64,
    /// In bytes.
    pub size: u64,
    /// The function's address in the image.
    pub address: u64,
}

/// Where the code of the function is that a place is in.
pub(super) fn extent(binary: &Binary, place: &Location) -> Option<Extent> {
    let image = &binary.image;
    let mut symbols = binary.table.by_name(place.symbol.as_bytes()).filter_map(|symbol| {
        let index = symbol.section as usize;
        let section = image.sections().get(index).filter(|section| section.is_code())?;
        let base = if image.is_relocatable() { section.address } else { 0 };
        let is_there = symbol.address.wrapping_add(place.offset).wrapping_sub(base) == place.link_address;
        let offset = symbol.address.checked_sub(section.address).filter(|_| is_there)?;
        let rest = section.file_size().checked_sub(offset)?;
        let size = binary.table.size(symbol).gap.unwrap_or(rest).min(rest).min(MAX_FUNCTION_BYTES);
        Some(Extent { section: index, offset, size, address: symbol.address })
    });
    symbols.next()
}
