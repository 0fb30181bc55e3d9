// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions: the persistent data that lives in the kernel now.
//!
//! The kernel is the only record.
//!
//! - `generation.rs`: what one keeper holds. A region has one generation or several.
//! - `keeper.rs`: what a keeper shows below `/sys/module/NAME`: its header in `notes/`, its addresses in
//!   `sections/`, its users in `holders/`.
//! - `in_force.rs`: the variables in force, with addresses and types.
//! - `memory.rs`: the bytes of kept variables.
//! - `pending.rs`: the mark on generations that are not in force yet.
//! - `extended.rs`: the list of what an extended kernel keeps itself, and its notes with their types.
//! - `list.rs`: lists and finds regions, whatever keeps them.

mod extended;
mod generation;
mod in_force;
mod keeper;
mod kept_by;
mod list;
mod memory;
mod owner_state;
mod pending;

use libmodfmt::persist::{Account, Header, UnitPlace};
use libmodsys::SectionAddress;

pub use generation::Generation;
pub use kept_by::KeptBy;
pub use list::UnreadableRegion;
pub use owner_state::OwnerState;

pub(crate) use extended::listed_for;
pub(crate) use in_force::{KeptVariable, MAX_SEARCHED_BYTES, variables_in_force};
pub(crate) use memory::RegionMemory;

/// The persistent data of one owner, in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The module whose source defines the variables.
    pub owner: String,
    /// What is in force, oldest first.
    pub generations: Vec<Generation>,
    /// What is not in force and to be removed by the next load, oldest first: what a load that failed has
    /// left, or a load or a discard that was killed; what `--fresh` has replaced; and what holds only
    /// variables that were converted since.
    pub stale: Vec<Generation>,
    /// The mark on a load under way, or that of one that was killed: a module's name.
    pub pending: Option<String>,
    /// State of the owner.
    pub owner_state: OwnerState,
    /// Modules that use the data according to the kernel: the owner, if it is bound, and possibly others.
    pub users: Vec<String>,
}

impl Region {
    /// The headers of the generations in force, oldest first.
    #[must_use]
    pub fn headers(&self) -> Vec<&Header> {
        self.generations.iter().map(|generation| &generation.header).collect()
    }

    /// The bytes in use of all generations in force.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.generations.iter().fold(0, |sum, generation| sum.saturating_add(generation.header.size()))
    }

    /// Whether an extended kernel keeps it, and no keeper.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.generations.iter().any(|generation| generation.kept_by == KeptBy::ExtendedKernel)
    }

    /// The units of a file where `account` puts them, for a file that uses this region. A unit that is new
    /// has no address yet.
    #[must_use]
    pub fn as_seen_by(&self, file: &Header, account: &Account) -> Self {
        let address = |place: &UnitPlace| {
            let UnitPlace::Kept { generation, ordinal, offset } = place else { return None };
            let kept = self.generations.iter().find(|kept| kept.header.generation == *generation)?;
            kept.address(usize::try_from(*ordinal).ok()?)?.checked_add_signed(*offset)
        };
        let addresses = account.units.iter().map(address);
        let seen = Generation {
            addresses: addresses
                .map(|address| address.map_or(SectionAddress::Denied, SectionAddress::Known))
                .collect(),
            header: file.clone(),
            kept_by: self.generations.first().map_or(KeptBy::ExtendedKernel, |first| first.kept_by.clone()),
            users: self.users.clone(),
            hold: None,
        };
        Self { generations: vec![seen], stale: Vec::new(), ..self.clone() }
    }

    /// The number that no generation has had yet.
    #[must_use]
    pub fn next_generation(&self) -> u32 {
        let all = self.generations.iter().chain(&self.stale);
        all.map(|generation| generation.header.generation).max().unwrap_or(0).saturating_add(1)
    }

    /// The modules that do nothing but hold keepers.
    pub fn holds(&self) -> impl Iterator<Item = &str> {
        self.generations.iter().chain(&self.stale).filter_map(|generation| generation.hold.as_deref())
    }

    /// The names of the keepers of what is in force, oldest first.
    pub fn keepers(&self) -> impl Iterator<Item = &str> {
        self.generations.iter().filter_map(|generation| generation.kept_by.keeper())
    }
}
