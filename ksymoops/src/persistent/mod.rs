// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses in persistent data: which module owns the data, and which field of which variable is there.
//!
//! A [`KnownRegion`] comes from the journal, from copies of `/sys/module/KEEPER`, or from the running kernel.
//! [`find_address`] looks an address up in the regions; [`FieldNames`] names the field by the types in
//! the region's header, or by the owner's debug information. Memory that modules have allocated and left is
//! known by the tokens ([`KnownToken`], [`find_token`]).

mod address;
mod btf_field;
mod dwarf_field;
mod field_names;
mod field_text;
mod from_copies;
mod from_journal;
mod from_kernel;
mod kept_sections;
mod owner_file;
mod owner_status;
mod region;
mod token;
mod token_sources;

pub use address::{PersistentAddress, find_address};
pub use field_names::FieldNames;
pub use from_copies::regions_of_copies;
pub(crate) use from_journal::regions_of_boot;
pub use from_kernel::regions_of_kernel;
pub(crate) use kept_sections::add_kept_sections;
pub use owner_status::OwnerStatus;
pub use region::KnownRegion;
pub use token::{KnownToken, TokenAddress, find_token};
pub(crate) use token_sources::tokens_of_boot;
pub use token_sources::tokens_of_kernel;
