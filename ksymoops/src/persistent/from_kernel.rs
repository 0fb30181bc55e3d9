// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions of the running kernel.

use libmodsys::Kernel;
use modkeep::OwnerState;

use super::KnownRegion;
use super::region::with_growth;
use crate::Warning;

/// Returns the regions of the running kernel; none, with a warning, if it cannot be asked.
#[must_use]
pub fn regions_of_kernel(kernel: &dyn Kernel, warnings: &mut Vec<Warning>) -> Vec<KnownRegion> {
    let regions = match modkeep::Region::list(kernel) {
        Ok(regions) => regions,
        Err(error) => {
            warnings.push(Warning::RunningKernel { error: error.to_string() });
            return Vec::new();
        }
    };
    with_growth(regions.into_iter().flat_map(known).collect())
}

/// One for each generation, also for what is no longer in force: a stale pointer may lead there.
fn known(region: modkeep::Region) -> impl Iterator<Item = KnownRegion> {
    let owner_loaded = Some(region.owner_state != OwnerState::Unloaded);
    region.generations.into_iter().chain(region.stale).map(move |generation| KnownRegion {
        addresses: generation.addresses.iter().map(|address| address.known()).collect(),
        file: None,
        source: "the running kernel".to_owned(),
        owner_loaded,
        discarded: false,
        header: generation.header,
    })
}
