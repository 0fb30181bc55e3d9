// SPDX-License-Identifier: MIT OR Apache-2.0
//! BTF, the compact type description of a running kernel.
//!
//! `/sys/kernel/btf/vmlinux` tells what headers do not tell for certain: how large `struct module` is
//! in this very kernel, and which members `struct kernel_symbol` has. Anyone may read it if the
//! kernel has `CONFIG_DEBUG_INFO_BTF`. [`Btf`] reads such a blob, and that of a module on top of
//! it, in either byte order, with all kinds up to `ENUM64` (kernel 6.0; none was added until 7.3).
//!
//! Types stay in the blob and are decoded when they are asked for; only their offsets are kept.
//! [`search_prefix`] reads no more of the kernel's blob than it needs.
//!
//! ```
//! use libmodfmt::btf::Btf;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # fn number(blob: &mut Vec<u8>, values: &[u32]) { for v in values { blob.extend(v.to_le_bytes()); } }
//! # let mut blob = vec![0x9f, 0xeb, 1, 0];
//! # number(&mut blob, &[24, 0, 64, 64, 17]);
//! # number(&mut blob, &[1, 1 << 24, 4, 32]); // int
//! # number(&mut blob, &[0, 3 << 24, 0, 1, 1, 16]); // array of 16
//! # number(&mut blob, &[5, 4 << 24 | 1, 68, 12, 2, 32]);
//! # blob.extend(b"\0int\0module\0name\0");
//! // In practice: the content of /sys/kernel/btf/vmlinux.
//! let btf = Btf::parse(&blob)?;
//! let module = btf.find_struct("module").ok_or("no struct module")?;
//! assert_eq!(btf.size_of(module)?, 68);
//! let name = btf.member(module, "name")?.ok_or("no name")?;
//! assert_eq!(name.byte_offset(), Some(4));
//! assert_eq!(btf.path_at(module, 12)?.map(|p| p.path), Some("name[2]".to_owned()));
//! # Ok(())
//! # }
//! ```

mod declared;
mod error;
mod header;
mod kind;
mod lookup;
mod member;
mod path;
mod prefix;
#[cfg(test)]
pub(crate) mod tests;
mod type_source;
mod types;
mod variable;

pub use error::BtfError;
pub use kind::Kind;
pub use member::Member;
pub use path::BtfFieldPath;
pub use prefix::search_prefix;
pub use type_source::{BtfTypes, KernelBtf};
pub use types::{Type, TypeId};
pub use variable::BtfVariable;

use crate::elf::ByteOrder;

/// A parsed blob: vmlinux's, or a module's together with that of its kernel.
#[derive(Clone, Debug)]
pub struct Btf<'d> {
    order: ByteOrder,
    types: &'d [u8],
    strings: &'d [u8],
    /// Where each type of this blob starts in `types`.
    offsets: Vec<u32>,
    /// Id of the first type of this blob: 1, or one more than the base has.
    first_id: u32,
    /// String offsets below this belong to the base.
    first_string: u32,
    base: Option<&'d Btf<'d>>,
    pointer_size: Option<u64>,
}

impl<'d> Btf<'d> {
    /// Reads a self-contained blob, such as `/sys/kernel/btf/vmlinux`.
    ///
    /// # Errors
    ///
    /// [`BtfError`] if the header, the bounds of a type or its kind are wrong. References to other
    /// types and names are checked when they are followed.
    pub fn parse(blob: &'d [u8]) -> Result<Self, BtfError> {
        Self::read(blob, None)
    }

    /// Reads a module's blob: the `.BTF` section, or `/sys/kernel/btf/<module>`. Its types refer
    /// to those of `base`.
    ///
    /// # Errors
    ///
    /// Those of [`Btf::parse`], and [`BtfError::Order`] if the byte orders differ.
    pub fn parse_split(blob: &'d [u8], base: &'d Btf<'d>) -> Result<Self, BtfError> {
        Self::read(blob, Some(base))
    }

    fn read(blob: &'d [u8], base: Option<&'d Btf<'d>>) -> Result<Self, BtfError> {
        let header = header::Header::read(blob, base.is_some())?;
        if let Some(base) = base
            && base.order != header.order
        {
            return Err(BtfError::Order);
        }
        let mut btf = Self {
            order: header.order,
            types: header.types,
            strings: header.strings,
            offsets: Vec::new(),
            first_id: base.map_or(1, Btf::next_id),
            first_string: base.map_or(0, Btf::next_string),
            base,
            pointer_size: base.and_then(|base| base.pointer_size),
        };
        btf.index()?;
        Ok(btf)
    }

    /// Byte order of the blob, which is the kernel's.
    #[must_use]
    pub fn order(&self) -> ByteOrder {
        self.order
    }

    /// Size of a pointer in bytes, taken from the type `long`, as BTF itself does not say it.
    #[must_use]
    pub fn pointer_size(&self) -> Option<u64> {
        self.pointer_size
    }

    /// The ids of all types: first those of the base, then this blob's own. Id 0, `void`, is left out.
    pub fn ids(&self) -> impl Iterator<Item = TypeId> + use<> {
        (1..self.next_id()).map(TypeId)
    }

    /// The ids of this blob's own types.
    /// Structures and unions that have a name, with their sizes in bytes, without those of the base.
    pub fn records(&self) -> impl Iterator<Item = (&'d str, u64)> + use<'_, 'd> {
        let tagged = self.own_ids().filter_map(|id| self.get(id).ok());
        let records =
            tagged.filter(|ty| matches!(ty.kind, Kind::Struct | Kind::Union) && !ty.name.is_empty());
        records.map(|ty| (ty.name, u64::from(ty.size_or_type)))
    }

    pub(crate) fn own_ids(&self) -> impl Iterator<Item = TypeId> + use<> {
        (self.first_id..self.next_id()).map(TypeId)
    }

    pub(crate) fn next_id(&self) -> u32 {
        // There are fewer types than bytes, and bytes are counted in 32 bits.
        self.first_id.saturating_add(u32::try_from(self.offsets.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn next_string(&self) -> u32 {
        self.first_string.saturating_add(u32::try_from(self.strings.len()).unwrap_or(u32::MAX))
    }
}
