// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel must show after a load.

use libmodfmt::persist::NOTE_SECTION;
use libmodsys::{InitState, Kernel};

use crate::error::KeepError;
use crate::region::Region;

/// Whether the keeper that was just loaded is live and shows its note.
pub(super) fn keeper_shows_header(kernel: &dyn Kernel, keeper: &str) -> Result<bool, KeepError> {
    let live = kernel.init_state(keeper)? == Some(InitState::Live);
    Ok(live && kernel.note(keeper, NOTE_SECTION)?.is_some())
}

/// The kernel must count the owner as a user of the keeper: only then does it use the kept data.
pub(super) fn owner_uses_keeper(kernel: &dyn Kernel, owner: &str, keeper: &str) -> Result<(), KeepError> {
    let users = kernel.holders(keeper).map_err(|error| KeepError::NotAsExpected {
        what: format!("{owner} is loaded, but whether it uses the kept data cannot be seen: {error}"),
    })?;
    if users.iter().any(|user| user == owner) {
        return Ok(());
    }
    let what = format!("{owner} is loaded, but the kernel does not count it as a user of {keeper}");
    Err(KeepError::NotAsExpected { what })
}

/// The extended kernel must list the owner's region as in use. If another program loaded the same file at the
/// same time, the kernel may report the success of that load to both.
pub(super) fn owner_uses_region(kernel: &dyn Kernel, owner: &str) -> Result<(), KeepError> {
    match Region::find_extended(kernel, owner)? {
        Some(region) if !region.users.is_empty() => Ok(()),
        _ => Err(KeepError::NotAsExpected {
            what: format!(
                "{owner} is loaded, but without its kept data: another program has loaded it at the same \
                 time; to load it again: rmmod {owner}"
            ),
        }),
    }
}
