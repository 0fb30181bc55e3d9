// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removing keepers.

use std::ffi::CString;

use libmodsys::{Errno, Kernel, RemoveFlags};

use crate::error::KeepError;

/// Removes a keeper.
pub(super) fn remove(kernel: &dyn Kernel, keeper: &str) -> Result<(), KeepError> {
    let failed = |errno| KeepError::KeeperNotRemoved { keeper: keeper.to_owned(), errno };
    let name = CString::new(keeper).map_err(|_| failed(Errno::EINVAL))?;
    kernel.delete_module(&name, RemoveFlags::default()).map_err(failed)
}

/// Removes the keeper that this call made, because of `error`. If that fails, the error returned says so.
pub(super) fn undo(kernel: &dyn Kernel, keeper: &str, error: KeepError) -> KeepError {
    match (remove(kernel, keeper), error) {
        (Ok(()), error) => error,
        (Err(KeepError::KeeperNotRemoved { errno: left, .. }), KeepError::OwnerRefused { errno, .. }) => {
            KeepError::OwnerRefused { errno, keeper_left: Some(left) }
        }
        (Err(left), error) => KeepError::NotAsExpected { what: format!("{error}; {left}") },
    }
}
