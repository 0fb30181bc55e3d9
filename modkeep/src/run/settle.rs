// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finishing a load that was killed after the owner's init had succeeded.

use libmodsys::Kernel;

use super::abandoned;
use super::remove_keeper::{remove, remove_unused};
use crate::error::KeepError;
use crate::region::{OwnerState, Region};

/// If the owner is loaded and bound, what it uses is in force: takes the mark away that still says otherwise,
/// and drops what was replaced. To be called before the owner is removed.
///
/// # Errors
/// The kernel refuses to remove a keeper.
pub fn settle(kernel: &dyn Kernel, region: &Region) -> Result<(), KeepError> {
    if region.owner_state != OwnerState::Bound {
        return Ok(());
    }
    if let Some(pending) = &region.pending {
        remove(kernel, pending)?;
    }
    // A module that converts by hand still uses what was replaced.
    remove_unused(kernel, region.stale.iter())
}

/// Before a file is loaded that was bound when it was built: removes what a killed load has left, so that it
/// is not taken for finished once this owner runs.
///
/// # Errors
/// The kernel refuses to remove a keeper, or kept data points into one.
pub fn drop_unfinished(kernel: &dyn Kernel, region: &Region) -> Result<(), KeepError> {
    let left = abandoned::clean_up(kernel, region)?;
    if left.is_empty() {
        return Ok(());
    }
    Err(KeepError::LeftByFailedLoad { owner: region.owner.clone(), keepers: left })
}
