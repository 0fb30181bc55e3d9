// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses in persistent data: whose they are, and which field of which variable.

mod fields;
mod hit;
mod owner_file;
mod saved;
mod types;

use std::path::PathBuf;

use libmodfmt::journal::Journal;
use libmodfmt::persist::{Header, Role, keeper_name};
use libmodsys::Kernel;
use modkeep::OwnerState;

pub use fields::{Fields, is_types};
pub use hit::{Hit, Owner, find};
pub use saved::load as load_saved;

use crate::journal::{ModuleState, modules_at};

/// The bits of an address within a page of the smallest size.
const PAGE: u64 = 0xfff;

/// Persistent data as they were in the kernel of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// What identifies it.
    pub header: Header,
    /// Where its sections were.
    pub addresses: Vec<(Role, u64)>,
    /// The owner's file, where that is known.
    pub file: Option<PathBuf>,
    /// Who told.
    pub source: String,
    /// Whether the owner was loaded, by the source's account.
    pub owner_loaded: Option<bool>,
    /// They had been dropped by then: only a pointer that was held for too long leads there.
    pub discarded: bool,
}

/// The regions of one boot of the journal at the time of a report.
#[must_use]
pub fn of_journal(journal: &Journal, boot: &str, time_us: Option<u64>) -> Vec<Region> {
    let states = modules_at(journal, boot, time_us);
    let mut regions = Vec::new();
    for state in &states {
        let Some(header) = &state.module.persistent else { continue };
        let by_keeper = state.module.name == keeper_name(&header.owner);
        // An owner's own entry has addresses only where the kernel itself keeps them, also when it is gone.
        if !by_keeper && state.module.own_data().is_none() {
            continue;
        }
        let owner = states.iter().find(|other| other.module.name == header.owner);
        let address = |role: Role| Some((role, state.module.section(role.section_name())?));
        let region = Region {
            addresses: header.sections.iter().filter_map(|section| address(section.role)).collect(),
            header: header.clone(),
            file: owner.and_then(|owner| owner.module.file.as_ref()).map(PathBuf::from),
            source: format!("the journal of boot {boot}"),
            owner_loaded: Some(owner.is_some_and(|owner| owner.loaded)),
            discarded: if by_keeper { !state.loaded } else { state.discarded },
        };
        if !region.discarded || !is_reused(&region, &states) {
            regions.push(region);
        }
    }
    regions
}

/// Whether a module that was loaded later is where dropped data were.
fn is_reused(region: &Region, states: &[ModuleState<'_>]) -> bool {
    let pages = region.addresses.iter().filter_map(|(role, address)| {
        let size = region.header.section(*role)?.size;
        Some(address & !PAGE..=address.saturating_add(size) | PAGE)
    });
    let pages: Vec<_> = pages.collect();
    let later = states.iter().filter(|state| state.loaded && state.module.name != region.header.owner);
    later
        .flat_map(|state| state.module.sections.iter().map(|(_, address)| *address).chain(state.module.base))
        .any(|start| pages.iter().any(|pages| pages.contains(&start)))
}

/// The regions of the running kernel.
#[must_use]
pub fn of_kernel(kernel: &dyn Kernel, warnings: &mut Vec<String>) -> Vec<Region> {
    let regions = match modkeep::Region::list(kernel) {
        Ok(regions) => regions,
        Err(error) => {
            warnings.push(format!("persistent data of the running kernel: {error}"));
            return Vec::new();
        }
    };
    let known = |region: modkeep::Region| Region {
        addresses: Role::ALL.into_iter().filter_map(|role| Some((role, region.address(role)?))).collect(),
        file: None,
        source: "the running kernel".to_owned(),
        owner_loaded: Some(region.owner_state != OwnerState::Unloaded),
        discarded: false,
        header: region.header,
    };
    regions.into_iter().map(known).collect()
}
