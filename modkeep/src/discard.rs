// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dropping a region.

use libmodsys::Kernel;

use crate::act::remove;
use crate::{KeepError, Region};

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
    let region =
        Region::find(kernel, owner)?.ok_or_else(|| KeepError::NothingKept { owner: owner.to_owned() })?;
    if !region.users.is_empty() {
        return Err(KeepError::InUse { owner: owner.to_owned(), users: region.users });
    }
    remove(kernel, &region.keeper)?;
    Ok(Discarded { region })
}
