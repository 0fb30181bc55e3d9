// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words for the state of an owner, in tables and in JSON.

use modkeep::OwnerState;

/// The state of the owner of a region, in a few words.
pub(crate) fn text(state: OwnerState) -> &'static str {
    match state {
        OwnerState::Unloaded => "kept",
        OwnerState::Bound => "in use",
        OwnerState::Unbound => "owner loaded unbound",
        OwnerState::Coming => "owner stuck in init",
        OwnerState::Going => "owner going",
    }
}
