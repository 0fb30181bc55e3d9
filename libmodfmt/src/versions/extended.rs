// SPDX-License-Identifier: MIT OR Apache-2.0
//! `__version_ext_crcs` and `__version_ext_names`.

use std::borrow::Cow;

use super::{MAX_SYMBOL_NAME, Version, VersionsError, check_name};
use crate::elf::ByteOrder;

const CRCS: &str = "__version_ext_crcs";
const NAMES: &str = "__version_ext_names";

/// The two sections of the extended form, checked against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedVersions<'d> {
    crcs: Cow<'d, [u8]>,
    /// Exactly one NUL-ended string per checksum.
    names: Cow<'d, [u8]>,
    /// NULs after the last name: the build writes a C string, which ends with one more.
    padding: usize,
    order: ByteOrder,
}

impl<'d> ExtendedVersions<'d> {
    /// Reads the bytes of `__version_ext_crcs` and `__version_ext_names`.
    ///
    /// # Errors
    ///
    /// - [`VersionsError::Size`]: the checksums are not whole 32-bit numbers.
    /// - [`VersionsError::Unterminated`]: there are fewer names than checksums.
    /// - [`VersionsError::Count`]: there are more.
    pub fn parse(crcs: &'d [u8], names: &'d [u8], order: ByteOrder) -> Result<Self, VersionsError> {
        let (numbers, rest) = crcs.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(VersionsError::Size { section: CRCS, size: crcs.len() as u64, entry: 4 });
        }
        let mut end = 0;
        for index in 0..numbers.len() {
            let tail = names.get(end..).unwrap_or_default();
            let Some(length) = tail.iter().position(|&byte| byte == 0) else {
                return Err(VersionsError::Unterminated { section: NAMES, index, offset: end as u64 });
            };
            end = end.saturating_add(length).saturating_add(1);
        }
        let (names, padding) = names.split_at_checked(end).unwrap_or((names, &[]));
        if let Some(place) = padding.iter().position(|&byte| byte != 0) {
            let offset = end.saturating_add(place) as u64;
            return Err(VersionsError::Count { section: NAMES, crcs: numbers.len(), offset });
        }
        Ok(Self { crcs: crcs.into(), names: names.into(), padding: padding.len(), order })
    }

    /// The entries in the order of the sections.
    pub fn iter(&self) -> impl Iterator<Item = Version<'_>> {
        let (crcs, _) = self.crcs.as_chunks::<4>();
        let names = self.names.split(|&byte| byte == 0);
        crcs.iter().zip(names).map(|(crc, name)| Version { name, crc: self.order.u32(*crc) })
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
    /// - [`VersionsError::NameTooLong`]: it is longer than [`MAX_SYMBOL_NAME`].
    pub fn push(&mut self, name: &[u8], crc: u32) -> Result<(), VersionsError> {
        check_name(NAMES, name, MAX_SYMBOL_NAME)?;
        self.crcs.to_mut().extend_from_slice(&self.order.bytes32(crc));
        let names = self.names.to_mut();
        names.extend_from_slice(name);
        names.push(0);
        Ok(())
    }

    /// The bytes of `__version_ext_crcs` and of `__version_ext_names`.
    #[must_use]
    pub fn into_bytes(self) -> (Vec<u8>, Vec<u8>) {
        let mut names = self.names.into_owned();
        names.resize(names.len().saturating_add(self.padding), 0);
        (self.crcs.into_owned(), names)
    }
}
