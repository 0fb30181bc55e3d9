// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of an owner, and the words for it, in tables and in JSON.

use libmodsys::{InitState, Kernel};
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

/// Whether a module is in the kernel, whatever its state.
pub(crate) fn is_loaded(kernel: &dyn Kernel, name: &str) -> bool {
    matches!(kernel.init_state(name), Ok(Some(InitState::Coming | InitState::Live | InitState::Going)))
}
