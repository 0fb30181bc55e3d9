// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions that an extended kernel keeps itself, from its list.

use libmodfmt::persist::{ExtendedRegion, ExtendedUse, Header, extended_regions};
use libmodsys::{InitState, Kernel, SectionAddress};

use crate::{Holder, KeepError, OwnerState, Region};

/// All of them, as the kernel lists them.
pub(crate) fn list(kernel: &dyn Kernel) -> Result<Vec<Region>, KeepError> {
    read(kernel)?.into_iter().map(|region| seen(kernel, region)).collect()
}

/// The one of this owner.
pub(crate) fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Region>, KeepError> {
    let found = read(kernel)?.into_iter().find(|region| region.header.owner == owner);
    found.map(|region| seen(kernel, region)).transpose()
}

/// The one that a file with this header would use.
pub(crate) fn find_for(kernel: &dyn Kernel, file: &Header) -> Result<Option<Region>, KeepError> {
    let found = read(kernel)?.into_iter().find(|region| region.header.owner == file.owner);
    let adopted = found.map(|mut region| {
        region.adopt(file);
        region
    });
    adopted.map(|region| seen(kernel, region)).transpose()
}

fn read(kernel: &dyn Kernel) -> Result<Vec<ExtendedRegion>, KeepError> {
    let text = kernel.persist_list()?.unwrap_or_default();
    extended_regions(&text).map_err(|source| KeepError::List { source })
}

fn seen(kernel: &dyn Kernel, region: ExtendedRegion) -> Result<Region, KeepError> {
    let used = region.used != ExtendedUse::Unused;
    let owner = match kernel.init_state(&region.header.owner)? {
        Some(InitState::Coming) => OwnerState::Coming,
        Some(InitState::Going) => OwnerState::Going,
        Some(InitState::Live) if !used => OwnerState::Unbound,
        _ if used => OwnerState::Bound,
        _ => OwnerState::Unloaded,
    };
    let address =
        |address| if address == 0 { SectionAddress::Hidden } else { SectionAddress::Known(address) };
    Ok(Region {
        addresses: region.addresses.into_iter().map(|(role, found)| (role, address(found))).collect(),
        users: if used { vec![region.header.owner.clone()] } else { Vec::new() },
        header: region.header,
        holder: Holder::Kernel,
        owner,
    })
}
