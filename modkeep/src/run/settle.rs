// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finishing a load that was killed after the owner's init had succeeded.

use libmodsys::Kernel;

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
