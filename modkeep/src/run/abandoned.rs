// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removes what is not in force: what a load that was killed or failed has left, and what was replaced.

use libmodsys::Kernel;

use super::pointers;
use super::remove_keeper::{remove, remove_unused};
use crate::error::KeepError;
use crate::keeper_left::KeeperLeft;
use crate::region::{Generation, Region};

/// Removes it, and the mark that says so. Returns the keepers that have to stay, with the mark: an init that
/// failed has left pointers to them in kept data.
///
/// # Errors
/// The kernel refuses to remove one.
pub(super) fn clean_up(kernel: &dyn Kernel, region: &Region) -> Result<Vec<String>, KeepError> {
    let mut left = Vec::new();
    let mut free: Vec<&Generation> = Vec::new();
    for generation in &region.stale {
        let keeper = generation.kept_by.keeper().unwrap_or_default();
        // Without a mark it was replaced by a load that has succeeded, and nothing pointed to it.
        let found = region.pending.as_ref().and_then(|_| pointers::into_keeper(kernel, region, keeper));
        if matches!(found, Some(KeeperLeft::PointedTo { .. })) {
            left.push(keeper.to_owned());
        } else {
            free.push(generation);
        }
    }
    remove_unused(kernel, free.into_iter())?;
    if let Some(pending) = region.pending.as_deref().filter(|_| left.is_empty()) {
        remove(kernel, pending)?;
    }
    Ok(left)
}
