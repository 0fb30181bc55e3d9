// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions that an extended kernel keeps itself, read from its list.

use libmodfmt::persist::{ExtendedBlock, ExtendedRegion, ExtendedUse, Header, extended_regions};
use libmodsys::{InitState, Kernel, SectionAddress};

use super::generation::Generation;
use super::kept_by::KeptBy;
use super::owner_state::OwnerState;
use crate::error::KeepError;
use crate::region::Region;

/// All of them, in the kernel's order.
pub(super) fn list(kernel: &dyn Kernel) -> Result<Vec<Region>, KeepError> {
    read(kernel)?.into_iter().map(|listed| region(kernel, listed)).collect()
}

/// The one of this owner.
pub(super) fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Region>, KeepError> {
    let found = read(kernel)?.into_iter().find(|listed| listed.owner == owner);
    found.map(|listed| region(kernel, listed)).transpose()
}

/// The one that a file with this header would use.
pub(super) fn find_for(kernel: &dyn Kernel, file: &Header) -> Result<Option<Region>, KeepError> {
    let found = read(kernel)?.into_iter().find(|listed| listed.owner == file.owner);
    let adopted = found.map(|mut listed| {
        listed.adopt(file);
        listed
    });
    adopted.map(|listed| region(kernel, listed)).transpose()
}

fn read(kernel: &dyn Kernel) -> Result<Vec<ExtendedRegion>, KeepError> {
    let text = kernel.persist_list()?.unwrap_or_default();
    extended_regions(&text).map_err(|source| KeepError::UnreadableExtendedList { source })
}

fn region(kernel: &dyn Kernel, listed: ExtendedRegion) -> Result<Region, KeepError> {
    let used = listed.used != ExtendedUse::Unused;
    let owner_state = match kernel.init_state(&listed.owner)? {
        // The list is newer than the state: a module in use is loaded, whatever its directory says.
        None | Some(InitState::DirectoryOnly) if used => OwnerState::Bound,
        state => OwnerState::new(state, used),
    };
    // 0 is what the kernel shows to readers who may not see addresses.
    let address =
        |address| if address == 0 { SectionAddress::Hidden } else { SectionAddress::Known(address) };
    let unused = listed.unused();
    let owner = listed.owner;
    let users = if used { vec![owner.clone()] } else { Vec::new() };
    let generation = |block: ExtendedBlock| Generation {
        addresses: block.addresses.into_iter().map(address).collect(),
        users: users.clone(),
        header: block.header,
        kept_by: KeptBy::ExtendedKernel,
    };
    let mut generations: Vec<Generation> = listed.blocks.into_iter().map(generation).collect();
    if let Some(newest) = generations.last_mut() {
        newest.header.unused = unused;
    }
    Ok(Region { owner, generations, stale: Vec::new(), pending: None, owner_state, users })
}
