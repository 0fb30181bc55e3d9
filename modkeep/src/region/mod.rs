// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions: the persistent data that lives in the kernel now.
//!
//! The kernel is the only record.
//!
//! - `keeper.rs`: what a keeper shows below `/sys/module/NAME`: its header in `notes/`, its addresses in
//!   `sections/`, its users in `holders/`.
//! - `extended.rs`: the list of what an extended kernel keeps itself.
//! - `list.rs`: lists and finds regions, whatever keeps them.

mod extended;
mod keeper;
mod kept_by;
mod list;
mod owner_state;

use libmodfmt::persist::{Header, PersistentSection};
use libmodsys::SectionAddress;

pub use kept_by::KeptBy;
pub use list::UnreadableRegion;
pub use owner_state::OwnerState;

/// The persistent data of one owner, in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// What identifies it.
    pub header: Header,
    /// What keeps it.
    pub kept_by: KeptBy,
    /// The address of each section, as far as this process may know it.
    pub addresses: Vec<(PersistentSection, SectionAddress)>,
    /// State of its owner, whose name is in the header.
    pub owner_state: OwnerState,
    /// Modules that use it according to the kernel: the owner, if it is bound, and possibly others.
    pub users: Vec<String>,
}

impl Region {
    /// The address of one section, if it is known.
    #[must_use]
    pub fn address(&self, role: PersistentSection) -> Option<u64> {
        self.addresses.iter().find(|(own, _)| *own == role).and_then(|(_, address)| address.known())
    }
}
