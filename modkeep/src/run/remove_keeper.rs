// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removing keepers, and the mark on generations that are not in force.

use std::collections::HashMap;
use std::ffi::CString;

use libmodsys::{Errno, Kernel, RemoveFlags};

use crate::error::KeepError;
use crate::keeper_left::KeeperLeft;
use crate::region::{Generation, Region};

/// Removes a keeper, or another module without code.
pub(super) fn remove(kernel: &dyn Kernel, keeper: &str) -> Result<(), KeepError> {
    let failed = |errno| KeepError::KeeperNotRemoved { keeper: keeper.to_owned(), errno };
    let name = CString::new(keeper).map_err(|_| failed(Errno::EINVAL))?;
    kernel.delete_module(&name, RemoveFlags::default()).map_err(failed)
}

/// Removes keepers, the oldest first: whatever is left when this process is killed in between is newer than
/// what is gone, so that no old values come into force again. A keeper that a newer one imports from has to
/// wait for that one.
pub(super) fn remove_all<'g>(
    kernel: &dyn Kernel,
    generations: impl Iterator<Item = &'g Generation>,
) -> Result<(), KeepError> {
    let mut holds = HashMap::new();
    let mut waiting = Vec::new();
    for generation in generations {
        let Some(keeper) = generation.kept_by.keeper() else { continue };
        waiting.push(keeper);
        holds.extend(generation.hold.as_deref().map(|hold| (keeper, hold)));
    }
    while !waiting.is_empty() {
        let mut free = None;
        for (index, keeper) in waiting.iter().enumerate() {
            let users = kernel.holders(keeper)?;
            if !users.iter().any(|user| waiting.contains(&user.as_str())) {
                free = Some(index);
                break;
            }
        }
        // Keepers import from older ones only, so there is always one.
        let keeper = waiting.remove(free.unwrap_or_default());
        if let Some(hold) = holds.get(keeper) {
            remove(kernel, hold)?;
        }
        remove(kernel, keeper)?;
    }
    Ok(())
}

/// As [`remove_all`], but those that other modules use stay.
pub(super) fn remove_unused<'g>(
    kernel: &dyn Kernel,
    generations: impl Iterator<Item = &'g Generation>,
) -> Result<(), KeepError> {
    let all: Vec<&Generation> = generations.collect();
    let names: Vec<&str> = all.iter().filter_map(|generation| generation.kept_by.keeper()).collect();
    let mut unused = Vec::new();
    for generation in all {
        let Some(keeper) = generation.kept_by.keeper() else { continue };
        let is_own = |user: &String| names.contains(&user.as_str()) || generation.hold.as_ref() == Some(user);
        if kernel.holders(keeper)?.iter().all(is_own) {
            unused.push(generation);
        }
    }
    remove_all(kernel, unused.into_iter())
}

/// Removes what is not in force, and then the mark that says so, if its load is over.
pub(super) fn remove_stale(kernel: &dyn Kernel, region: &Region) -> Result<(), KeepError> {
    remove_all(kernel, region.stale.iter())?;
    region.pending.as_deref().map_or(Ok(()), |pending| remove(kernel, pending))
}

/// Removes the keeper that this call made, because of `error`. If that fails, the error returned says so.
pub(super) fn undo(kernel: &dyn Kernel, keeper: &str, error: KeepError) -> KeepError {
    match (remove(kernel, keeper), error) {
        (Ok(()), error) => error,
        (
            Err(KeepError::KeeperNotRemoved { errno: left, .. }),
            KeepError::OwnerRefused { errno, keeper_left: None },
        ) => {
            let keeper_left = Some(KeeperLeft::NotRemoved { errno: left });
            KeepError::OwnerRefused { errno, keeper_left }
        }
        (Err(left), error) => KeepError::NotAsExpected { what: format!("{error}; {left}") },
    }
}
