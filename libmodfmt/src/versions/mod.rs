// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checksums of imported symbols (`CONFIG_MODVERSIONS`).
//!
//! A module carries, for each symbol it imports, the checksum that the symbol had when the module
//! was built, and the kernel compares it with the exporter's. An owner image needs one more entry
//! for each base symbol of its keeper: mainline accepts a missing one with a warning, Debian's
//! kernels refuse it (5.10 to 7.3).
//!
//! There are two forms. [`Versions`] is `__versions`, an array of `struct modversion_info`.
//! [`ExtendedVersions`] is the pair `__version_ext_crcs` and `__version_ext_names`, which allows
//! long names (seen from 6.18 on). If a module has it, the kernel looks at nothing else.
//! A module may have either or both. Entries that are already there keep their bytes.
//!
//! ```
//! use libmodfmt::elf::{ByteOrder, Class};
//! use libmodfmt::versions::Versions;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut versions = Versions::parse(&[], Class::Elf64, ByteOrder::Little)?;
//! versions.push(b"foo_persist_base", 0x1234_5678)?;
//! assert_eq!(versions.get(b"foo_persist_base"), Some(0x1234_5678));
//!
//! let section = versions.into_bytes();
//! assert_eq!(section.len(), 64);
//! assert!(section.starts_with(&[0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, b'f', b'o', b'o']));
//! # Ok(())
//! # }
//! ```

mod basic;
mod error;
mod extended;
#[cfg(test)]
mod tests;

pub use basic::Versions;
pub use error::VersionsError;
pub use extended::ExtendedVersions;

/// Size of `struct modversion_info` in bytes, for both classes and every release.
pub const ENTRY_SIZE: usize = 64;

/// Longest symbol name the kernel handles, in bytes without the NUL: `KSYM_NAME_LEN` is 512 from
/// 6.1 on, 128 before.
pub const MAX_SYMBOL_NAME: usize = 511;

/// An imported symbol and its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version<'a> {
    /// Name of the symbol.
    pub name: &'a [u8],
    /// Its checksum.
    pub crc: u32,
}

/// A name for a new entry: neither empty, nor with a NUL, nor too long.
fn check_name(section: &'static str, name: &[u8], limit: usize) -> Result<(), VersionsError> {
    let text = || String::from_utf8_lossy(name).into_owned();
    if name.is_empty() || name.contains(&0) {
        return Err(VersionsError::Name { section, name: text() });
    }
    if name.len() > limit {
        return Err(VersionsError::NameTooLong { section, name: text(), length: name.len(), limit });
    }
    Ok(())
}
