// SPDX-License-Identifier: MIT OR Apache-2.0
//! What keeps a region.

use std::fmt;

/// What keeps a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptBy {
    /// A keeper: the module of this name.
    Keeper(String),
    /// The extended kernel itself.
    ExtendedKernel,
}

impl KeptBy {
    /// The name of the keeper, if it is one.
    #[must_use]
    pub fn keeper(&self) -> Option<&str> {
        match self {
            Self::Keeper(name) => Some(name),
            Self::ExtendedKernel => None,
        }
    }
}

impl fmt::Display for KeptBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keeper(name) => f.write_str(name),
            Self::ExtendedKernel => f.write_str("(kernel)"),
        }
    }
}
