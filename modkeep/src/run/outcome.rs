// SPDX-License-Identifier: MIT OR Apache-2.0
//! Steps and outcome of a load with a keeper.

/// How a load ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadOutcome {
    /// The module is loaded and uses the region.
    Kept,
    /// The kernel does not accept the keeper. Nothing is loaded; a plain load comes next, with this warning
    /// if it succeeds.
    FallBack {
        /// Why nothing will be kept.
        warning: String,
    },
}

/// A step that a load is about to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadStep<'a> {
    /// Loading a keeper.
    Keeper {
        /// Its name.
        name: &'a str,
        /// It is the owner's first. If this process dies before the owner is loaded, such a keeper must go,
        /// too; a later one must stay, as kept data may point into it.
        is_first: bool,
    },
    /// Loading the owner. An oops in its init kills this process.
    Owner,
}
