// SPDX-License-Identifier: MIT OR Apache-2.0
//! The scenarios, one file per topic.
//!
//! To add one, write `fn name(ctx: &mut Ctx) -> anyhow::Result<()>` in the topic's file and add an entry to
//! that file's `SCENARIOS`. Add a new file's table to [`TOPICS`].

#![allow(clippy::indexing_slicing, reason = "a scenario is a test: it may panic to fail")]

use crate::scenario::Scenario;

pub mod bad_input;
pub mod changed;
pub mod costs;
pub mod extended;
pub mod failing;
pub mod fallbacks;
pub mod files;
mod fixture_report;
pub mod hostile;
pub mod journal;
pub mod keep;
pub mod kernel_view;
pub mod kills;
pub mod layout;
pub mod modprobe;
pub mod modutils;
pub mod oops;
pub mod parity;
pub mod pointers;
pub mod policy;
pub mod recipes;
pub mod refusals;
pub mod reload;
pub mod save;
pub mod show;
pub mod smoke;
pub mod suites;
pub mod tokens;
pub mod units;
pub mod versions;

/// The topics' tables, in the order in which they run. Those about the extended kernel run after them.
pub const TOPICS: &[&[Scenario]] = &[
    smoke::SCENARIOS,
    keep::SCENARIOS,
    failing::SCENARIOS,
    kills::SCENARIOS,
    layout::SCENARIOS,
    units::SCENARIOS,
    versions::SCENARIOS,
    changed::SCENARIOS,
    show::SCENARIOS,
    save::SCENARIOS,
    pointers::SCENARIOS,
    recipes::SCENARIOS,
    reload::SCENARIOS,
    refusals::SCENARIOS,
    fallbacks::SCENARIOS,
    files::SCENARIOS,
    journal::SCENARIOS,
    policy::SCENARIOS,
    costs::SCENARIOS,
    kernel_view::SCENARIOS,
    bad_input::SCENARIOS,
    modutils::SCENARIOS,
    modprobe::SCENARIOS,
    suites::SCENARIOS,
    hostile::SCENARIOS,
    parity::SCENARIOS,
    tokens::SCENARIOS,
    oops::SCENARIOS,
];

/// Every scenario.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    TOPICS.iter().copied().flatten().chain(extended::all())
}

/// The scenario of this name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    all().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_fit_the_command_line() {
        let mut seen = HashSet::new();
        for scenario in all() {
            assert!(seen.insert(scenario.name), "two scenarios named {}", scenario.name);
            assert!(!scenario.name.contains([',', ' ', '"', '=']), "{}", scenario.name);
        }
    }
}
