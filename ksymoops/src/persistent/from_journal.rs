// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions from the journal.

use std::path::PathBuf;

use libmodfmt::journal::Journal;
use libmodfmt::persist::{PersistentSection, keeper_name};

use super::KnownRegion;
use crate::journal::{ModuleState, modules_at};

/// The bits of an address within a page of the smallest size.
const PAGE_MASK: u64 = 0xfff;

/// Returns the regions of one boot of the journal at the time of a report, in microseconds since boot.
pub(crate) fn regions_of_boot(journal: &Journal, boot: &str, time_us: Option<u64>) -> Vec<KnownRegion> {
    let states = modules_at(journal, boot, time_us);
    let mut regions = Vec::new();
    for state in &states {
        let Some(header) = &state.module.persistent else { continue };
        let by_keeper = state.module.name == keeper_name(&header.owner);
        // The owner's own entry has addresses only on an extended kernel, also after the owner is gone.
        if !by_keeper && state.module.own_data().is_none() {
            continue;
        }
        let owner = states.iter().find(|other| other.module.name == header.owner);
        let address = |role: PersistentSection| Some((role, state.module.section(role.section_name())?));
        let region = KnownRegion {
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

/// Whether a module that was loaded later is where discarded data was.
fn is_reused(region: &KnownRegion, states: &[ModuleState<'_>]) -> bool {
    let pages = region.addresses.iter().filter_map(|(role, address)| {
        let size = region.header.section(*role)?.size;
        Some(address & !PAGE_MASK..=address.saturating_add(size) | PAGE_MASK)
    });
    let pages: Vec<_> = pages.collect();
    let later = states.iter().filter(|state| state.loaded && state.module.name != region.header.owner);
    later
        .flat_map(|state| state.module.sections.iter().map(|(_, address)| *address).chain(state.module.base))
        .any(|start| pages.iter().any(|pages| pages.contains(&start)))
}
