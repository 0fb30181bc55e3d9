// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions from the journal.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use libmodfmt::journal::Journal;
use libmodfmt::persist::{Header, keeper_of_generation};

use super::KnownRegion;
use super::region::with_growth;
use crate::journal::{ModuleState, modules_at};

/// The bits of an address within a page of the smallest size.
const PAGE_MASK: u64 = 0xfff;

/// Returns the regions of one boot of the journal at the time of a report, in microseconds since boot.
pub(crate) fn regions_of_boot(journal: &Journal, boot: &str, time_us: Option<u64>) -> Vec<KnownRegion> {
    let states = modules_at(journal, boot, time_us);
    let by_name: HashMap<&str, &ModuleState<'_>> =
        states.iter().map(|state| (state.module.name.as_str(), state)).collect();
    let starts = OnceCell::new();
    let mut regions = Vec::new();
    for state in &states {
        let Some(header) = &state.module.persistent else { continue };
        let by_keeper = state.module.name == keeper_of_generation(&header.owner, header.generation);
        // The owner's own entry has addresses only on an extended kernel, also after the owner is gone.
        if !by_keeper && state.module.own_data().is_none() {
            continue;
        }
        let owner = by_name.get(header.owner.as_str());
        let sections: HashMap<&str, u64> =
            state.module.sections.iter().map(|(name, address)| (name.as_str(), *address)).collect();
        let region = KnownRegion {
            addresses: header.units.iter().map(|unit| sections.get(&*unit.section).copied()).collect(),
            header: Header::clone(header),
            file: owner.and_then(|owner| owner.module.file.as_ref()).map(PathBuf::from),
            source: format!("the journal of boot {boot}"),
            owner_loaded: Some(owner.is_some_and(|owner| owner.loaded)),
            discarded: if by_keeper { !state.loaded } else { state.discarded },
        };
        if !region.discarded || !is_reused(&region, starts.get_or_init(|| Starts::of(&states))) {
            regions.push(region);
        }
    }
    with_growth(regions)
}

/// Where the sections of the modules that are loaded start, and whose they are, by address.
struct Starts<'j>(BTreeSet<(u64, &'j str)>);

impl<'j> Starts<'j> {
    fn of(states: &[ModuleState<'j>]) -> Self {
        let loaded = states.iter().filter(|state| state.loaded).map(|state| state.module);
        let starts = loaded.flat_map(|module| {
            let sections = module.sections.iter().map(|(_, address)| *address);
            sections.chain(module.base).map(|start| (start, module.name.as_str()))
        });
        Self(starts.collect())
    }
}

/// Whether a module that was loaded later is where discarded data was.
fn is_reused(region: &KnownRegion, starts: &Starts<'_>) -> bool {
    region.units().any(|(_, unit, address)| {
        let (first, last) = (address & !PAGE_MASK, address.saturating_add(unit.room) | PAGE_MASK);
        let within = starts.0.range((first, "")..).take_while(|(start, _)| *start <= last);
        within.map(|(_, module)| *module).any(|module| module != region.header.owner)
    })
}
