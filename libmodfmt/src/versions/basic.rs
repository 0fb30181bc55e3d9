// SPDX-License-Identifier: MIT OR Apache-2.0
//! `__versions`: `struct modversion_info { unsigned long crc; char name[64 - sizeof(long)]; }`.

use std::borrow::Cow;

use super::{ENTRY_SIZE, Version, VersionsError, check_name};
use crate::elf::{ByteOrder, Class};

const SECTION: &str = "__versions";

/// A `__versions` section, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions<'d> {
    bytes: Cow<'d, [u8]>,
    class: Class,
    order: ByteOrder,
}

impl<'d> Versions<'d> {
    /// The longest name that fits, in bytes without the NUL: 55 in 64-bit files, 59 in 32-bit ones.
    #[must_use]
    pub const fn max_name(class: Class) -> usize {
        ENTRY_SIZE - class.word_size() - 1
    }

    /// Reads the bytes of the section; an empty slice makes a new table.
    ///
    /// # Errors
    ///
    /// - [`VersionsError::Size`]: not a multiple of [`ENTRY_SIZE`].
    /// - [`VersionsError::Unterminated`]: a name fills its field to the end.
    /// - [`VersionsError::Crc`]: a 64-bit file has a checksum of more than 32 bits.
    pub fn parse(section: &'d [u8], class: Class, order: ByteOrder) -> Result<Self, VersionsError> {
        let (entries, rest) = section.as_chunks::<ENTRY_SIZE>();
        if !rest.is_empty() {
            let (size, entry) = (section.len() as u64, ENTRY_SIZE as u64);
            return Err(VersionsError::Size { section: SECTION, size, entry });
        }
        for (index, entry) in entries.iter().enumerate() {
            let offset = (index as u64).saturating_mul(ENTRY_SIZE as u64);
            let (crc, name) = fields(entry, class, order);
            if u32::try_from(crc).is_err() {
                return Err(VersionsError::Crc { section: SECTION, index, offset, value: crc });
            }
            if !name.contains(&0) {
                let offset = offset.saturating_add(class.word_size() as u64);
                return Err(VersionsError::Unterminated { section: SECTION, index, offset });
            }
        }
        Ok(Self { bytes: Cow::Borrowed(section), class, order })
    }

    /// The entries in the order of the section.
    pub fn iter(&self) -> impl Iterator<Item = Version<'_>> {
        let (entries, _) = self.bytes.as_chunks::<ENTRY_SIZE>();
        entries.iter().map(|entry| {
            let (crc, name) = fields(entry, self.class, self.order);
            let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
            // parse() and push() let nothing larger in.
            Version { name, crc: u32::try_from(crc).unwrap_or_default() }
        })
    }

    /// The checksum of the first entry of that name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<u32> {
        self.iter().find(|version| version.name == name).map(|version| version.crc)
    }

    /// Adds an entry at the end.
    ///
    /// # Errors
    ///
    /// - [`VersionsError::Name`]: the name is empty or has a NUL in it.
    /// - [`VersionsError::NameTooLong`]: it is longer than [`Versions::max_name`].
    pub fn push(&mut self, name: &[u8], crc: u32) -> Result<(), VersionsError> {
        check_name(SECTION, name, Self::max_name(self.class))?;
        let bytes = self.bytes.to_mut();
        let end = bytes.len().saturating_add(ENTRY_SIZE);
        match self.class {
            Class::Elf32 => bytes.extend_from_slice(&self.order.bytes32(crc)),
            Class::Elf64 => bytes.extend_from_slice(&self.order.bytes64(crc.into())),
        }
        bytes.extend_from_slice(name);
        bytes.resize(end, 0);
        Ok(())
    }

    /// The bytes of the section.
    #[must_use]
    pub fn into_bytes(self) -> Cow<'d, [u8]> {
        self.bytes
    }
}

/// The two fields of an entry.
fn fields(entry: &[u8; ENTRY_SIZE], class: Class, order: ByteOrder) -> (u64, &[u8]) {
    let narrow = || entry.split_first_chunk().map(|(crc, name)| (u64::from(order.u32(*crc)), name));
    let wide = || entry.split_first_chunk().map(|(crc, name)| (order.u64(*crc), name));
    let split = match class {
        Class::Elf32 => narrow(),
        Class::Elf64 => wide(),
    };
    split.unwrap_or_default()
}
