// SPDX-License-Identifier: MIT OR Apache-2.0
//! The extended kernel: it keeps the data itself, and module files are loaded unchanged.

use crate::scenario::Scenario;

mod assertions;
pub mod failed_allocations;
pub mod intercepted;
pub mod keep;
pub mod kernel_tree;
pub mod kunit;
pub mod races;
pub mod refusals;
pub mod selftests;
pub mod signed;
pub mod types;
pub mod variables;

/// The tables about the extended kernel and its twins, in the order in which they run.
pub const TOPICS: &[&[Scenario]] = &[
    keep::SCENARIOS,
    variables::SCENARIOS,
    types::SCENARIOS,
    intercepted::SCENARIOS,
    signed::SCENARIOS,
    refusals::SCENARIOS,
    failed_allocations::SCENARIOS,
    races::SCENARIOS,
    kernel_tree::SCENARIOS,
    kunit::SCENARIOS,
    selftests::SCENARIOS,
];

/// Every scenario about the extended kernel and its twins.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    TOPICS.iter().copied().flatten()
}
