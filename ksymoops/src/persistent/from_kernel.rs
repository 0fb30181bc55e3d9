// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions of the running kernel.

use libmodfmt::persist::PersistentSection;
use libmodsys::Kernel;
use modkeep::OwnerState;

use super::KnownRegion;
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
    let known = |region: modkeep::Region| KnownRegion {
        addresses: PersistentSection::ALL
            .into_iter()
            .filter_map(|role| Some((role, region.address(role)?)))
            .collect(),
        file: None,
        source: "the running kernel".to_owned(),
        owner_loaded: Some(region.owner_state != OwnerState::Unloaded),
        discarded: false,
        header: region.header,
    };
    regions.into_iter().map(known).collect()
}
