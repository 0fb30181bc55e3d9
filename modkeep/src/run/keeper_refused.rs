// SPDX-License-Identifier: MIT OR Apache-2.0
//! What follows if the kernel does not accept a keeper: a plain load with a warning where that is allowed,
//! else an error.

use libmodsys::{Errno, Kernel};

use super::outcome::LoadOutcome;
use super::remove_keeper::undo;
use crate::error::KeepError;
use crate::plan::{Obstacle, nothing_kept};

/// The kernel refused to load the keeper.
pub(super) fn at_load(keeper: &str, errno: Errno, may_fall_back: bool) -> Result<LoadOutcome, KeepError> {
    let obstacle = Obstacle::Refused { errno };
    match errno {
        // This says nothing about our keeper: there is another one, and it may hold data.
        Errno::EEXIST => Err(KeepError::KeeperAppeared { keeper: keeper.to_owned() }),
        _ if may_fall_back => Ok(LoadOutcome::FallBack { warning: nothing_kept(&obstacle) }),
        _ => Err(KeepError::Impossible { obstacle }),
    }
}

/// The kernel loaded the keeper but does not show its note (no sysfs, no KALLSYMS): it would forget whose
/// data this is. The keeper is removed again.
pub(super) fn without_header(
    kernel: &dyn Kernel,
    keeper: &str,
    may_fall_back: bool,
) -> Result<LoadOutcome, KeepError> {
    let what = format!("the kernel took {keeper}, but does not show its header");
    let warning = format!("its persistent data will not be kept: {what}");
    match undo(kernel, keeper, KeepError::NotAsExpected { what: what.clone() }) {
        // If removing it failed, the error says more than before.
        KeepError::NotAsExpected { what: said } if said == what && may_fall_back => {
            Ok(LoadOutcome::FallBack { warning })
        }
        error => Err(error),
    }
}
