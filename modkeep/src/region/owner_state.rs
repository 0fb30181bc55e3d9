// SPDX-License-Identifier: MIT OR Apache-2.0
//! State of the module that a region belongs to.

use libmodsys::InitState;

/// State of the owner of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerState {
    /// Not loaded; its data is waiting for it.
    Unloaded,
    /// Loaded, and using the region.
    Bound,
    /// Loaded by a tool that does not know about persistent data: it uses a copy of its own.
    Unbound,
    /// Its init has begun but not ended. If no load is under way, init oopsed, and neither the owner nor its
    /// keeper can be removed before the next boot.
    Coming,
    /// Being removed.
    Going,
}

impl OwnerState {
    /// The state of an owner that the kernel counts, or does not count, as a user of the region.
    pub(super) fn new(state: Option<InitState>, uses_region: bool) -> Self {
        match state {
            None | Some(InitState::DirectoryOnly) => Self::Unloaded,
            Some(InitState::Coming) => Self::Coming,
            Some(InitState::Going) => Self::Going,
            Some(InitState::Live) if uses_region => Self::Bound,
            Some(InitState::Live) => Self::Unbound,
        }
    }
}
