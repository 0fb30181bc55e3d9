// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dropping a region.

use libmodsys::{Errno, Kernel};

use super::remove_keeper::{remove_all, remove_stale};
use crate::error::KeepError;
use crate::region::Region;

/// Drops the region of `owner`, whose module must not be using it. Returns the region as it was.
///
/// # Errors
/// Nothing is kept, the region is in use, or the kernel refuses.
pub fn discard(kernel: &dyn Kernel, owner: &str) -> Result<Region, KeepError> {
    let region = match Region::find(kernel, owner) {
        // One at a time: the extended kernel's first.
        Err(KeepError::KeptTwice { .. }) => Region::find_extended(kernel, owner)?,
        other => other?,
    };
    let region = region.ok_or_else(|| KeepError::NothingKept { owner: owner.to_owned() })?;
    if !region.users.is_empty() {
        return Err(KeepError::InUse { owner: owner.to_owned(), users: region.users });
    }
    if region.is_extended() {
        release(kernel, owner)?;
        return Ok(region);
    }
    remove_stale(kernel, &region)?;
    remove_all(kernel, region.generations.iter())?;
    Ok(region)
}

fn release(kernel: &dyn Kernel, owner: &str) -> Result<(), KeepError> {
    kernel.persist_release(owner).map_err(|errno| match errno {
        Errno::EBUSY => KeepError::InUse { owner: owner.to_owned(), users: vec![owner.to_owned()] },
        errno => KeepError::RegionNotReleased { owner: owner.to_owned(), errno },
    })
}
