// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dropping a region.

use libmodfmt::elf::ByteOrder;
use libmodfmt::image::{DISCARD_MARK_SECTION, discard_mark};
use libmodfmt::persist::pending_name;
use libmodsys::{Errno, InitState, Kernel};

use super::remove_keeper::{remove, remove_all, remove_stale};
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
    let marked = load_mark(kernel, &region)?;
    let removed = remove_all(kernel, region.generations.iter());
    // If the kernel has refused the first one, all is as it was, and stays in force.
    if marked && (removed.is_ok() || region.keepers().all(|keeper| is_loaded(kernel, keeper))) {
        let unmarked = remove(kernel, &pending_name(owner));
        removed?;
        unmarked?;
    } else {
        removed?;
    }
    Ok(region)
}

fn is_loaded(kernel: &dyn Kernel, module: &str) -> bool {
    matches!(kernel.init_state(module), Ok(Some(InitState::Live)))
}

/// A keeper that a newer one imports from cannot go first. If this process is killed when the newer one is
/// gone, what is left looks whole; so a mark says that it is not in force. Returns whether it was loaded:
/// without it, the data can be dropped all the same.
fn load_mark(kernel: &dyn Kernel, region: &Region) -> Result<bool, KeepError> {
    for keeper in region.keepers().collect::<Vec<_>>().into_iter().rev() {
        let note = kernel.note(keeper, DISCARD_MARK_SECTION)?;
        let image = note.as_deref().and_then(|note| discard_mark(note, ByteOrder::NATIVE));
        if let Some(image) = image {
            return Ok(kernel.init_module(image, c"").is_ok());
        }
    }
    Ok(false)
}

fn release(kernel: &dyn Kernel, owner: &str) -> Result<(), KeepError> {
    kernel.persist_release(owner).map_err(|errno| match errno {
        Errno::EBUSY => KeepError::InUse { owner: owner.to_owned(), users: vec![owner.to_owned()] },
        errno => KeepError::RegionNotReleased { owner: owner.to_owned(), errno },
    })
}
