// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dropping a region.

use libmodsys::Kernel;
use nix::errno::Errno;

use crate::act::remove;
use crate::{Holder, KeepError, Region, kernel_region};

/// What was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discarded {
    /// The region as it was.
    pub region: Region,
}

/// Drops the region of `owner`, whose module must not be using it.
///
/// # Errors
/// Nothing is kept, the region is in use, or the kernel refuses.
pub fn discard(kernel: &dyn Kernel, owner: &str) -> Result<Discarded, KeepError> {
    let region = match Region::find(kernel, owner) {
        // Of two, one at a time.
        Err(KeepError::KeptTwice { .. }) => kernel_region::find(kernel, owner)?,
        other => other?,
    };
    let region = region.ok_or_else(|| KeepError::NothingKept { owner: owner.to_owned() })?;
    if !region.users.is_empty() {
        return Err(KeepError::InUse { owner: owner.to_owned(), users: region.users });
    }
    match &region.holder {
        Holder::Keeper(keeper) => remove(kernel, keeper)?,
        Holder::Kernel => release(kernel, owner)?,
    }
    Ok(Discarded { region })
}

fn release(kernel: &dyn Kernel, owner: &str) -> Result<(), KeepError> {
    kernel.persist_release(owner).map_err(|errno| match errno {
        Errno::EBUSY => KeepError::InUse { owner: owner.to_owned(), users: vec![owner.to_owned()] },
        errno => KeepError::Release { owner: owner.to_owned(), errno },
    })
}
