// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections in memory.

/// `SHF_ALLOC`
pub(super) const ALLOC: u64 = 2;

/// A section in memory.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Index in the file.
    pub index: usize,
    /// Name.
    pub name: Vec<u8>,
    /// Address of its first byte.
    pub address: u64,
    /// Alignment in bytes, at least 1.
    pub align: u64,
    /// Symbols, strings or relocations, or nothing.
    pub is_table: bool,
    /// Its bytes after relocation.
    pub bytes: Vec<u8>,
}

/// Where a section goes: its index, name and size in bytes to an address.
pub type Place<'f> = &'f mut dyn FnMut(&Loaded) -> u64;
/// The address of a symbol that the file does not define.
pub type Resolve<'f> = &'f dyn Fn(&[u8]) -> Option<u64>;
