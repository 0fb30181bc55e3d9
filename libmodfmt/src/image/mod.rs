// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two images that keep persistent data on a stock kernel.
//!
//! The *keeper* is the owner's file without its code: the persistent sections, exported under one
//! base symbol each, and a note with the header. The *owner image* is the owner's file with every
//! use of persistent data turned into a use of those symbols. The kernel's own loader links the two,
//! and its own reference count keeps the keeper loaded while the owner is.
//!
//! [`keeper`] and [`owner`] make them. Before they are returned, strict checks read both images again:
//! what a caller gets is safe to load.
//!
//! ```
//! use libmodfmt::image::Base;
//! use libmodfmt::persist::{PersistentSection, SectionHeader};
//!
//! let section = SectionHeader::new(PersistentSection::Data, 8, 8);
//! let base = Base::of("foo", &section);
//! assert_eq!(base.symbol, "foo__persist_data");
//! assert_eq!(base.crc, section.crc());
//! ```

mod check;
mod error;
mod input_check;
mod keeper;
mod keeper_exports;
mod keeper_options;
mod owner;
mod symbols;
mod zero_bytes;

pub use error::ImageError;
pub use keeper::keeper;
pub use keeper_options::KeeperOptions;
pub use owner::owner;

use crate::persist::{Header, PersistentSection, SectionHeader, base_symbol};

/// The exported symbol that stands for the start of one persistent section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Base {
    /// Which section.
    pub role: PersistentSection,
    /// The symbol's name.
    pub symbol: String,
    /// The symbol's version: the layout hash of the section as it is kept.
    pub crc: u32,
}

impl Base {
    /// The base symbol of one section of `owner`.
    #[must_use]
    pub fn of(owner: &str, section: &SectionHeader) -> Self {
        Self { role: section.role, symbol: base_symbol(owner, section.role), crc: section.crc() }
    }

    /// The base symbols of all sections of a region.
    #[must_use]
    pub fn all(header: &Header) -> Vec<Self> {
        header.sections.iter().map(|section| Self::of(&header.owner, section)).collect()
    }
}
