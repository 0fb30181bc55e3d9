// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words in kept data that point to where they should not: into a module that went, or to the old place of a
//! variable that moves.
//!
//! Where the types are known, their pointers are looked at, and a hit is named by its field. Elsewhere every
//! aligned word is looked at; a number that happens to look like an address is a hit as well, so such hits
//! are said to be guesses. For a caller who can read memory, [`leads`] lists the objects one pointer away,
//! and [`chain_heads`] the lists and trees, which [`NodeWalk`] goes along.
//!
//! ```
//! use libmodfmt::elf::{ByteOrder, Class};
//! use libmodfmt::pointers::{AddressRanges, Searched, search};
//!
//! let gone = AddressRanges::new(vec![(0xffff_c000..0xffff_d000, "foo .text".to_owned())]);
//! let bytes = [0_u64, 0xffff_c010].map(u64::to_le_bytes).concat();
//! let searched = Searched { name: "stats", is_behind_pointer: false, bytes: &bytes, ty: None };
//! let result = search(searched, &gone, ByteOrder::Little, Class::Elf64);
//! let found = &result.found[0];
//! assert_eq!((&*found.path, &*found.label, found.distance), ("stats+0x8", "foo .text", 0x10));
//! assert!(found.is_guess);
//! ```

mod holder;
mod map;
mod nodes;
mod ranges;
mod search;
#[cfg(test)]
mod tests;

pub use holder::Holder;
pub use nodes::{NodeWalk, Nodes};
pub use ranges::AddressRanges;
pub use search::{ChainHead, Lead, PointerFound, PointerSearch, Searched};
pub use search::{chain_heads, leads, may_hold_pointers, search, search_for};
