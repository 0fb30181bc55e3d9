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
pub mod growth;
pub mod hostile;
pub mod journal;
pub mod keep;
pub mod kernel_view;
pub mod kills;
pub mod large_debug_info;
pub mod layout;
pub mod modprobe;
pub mod modutils;
pub mod oops;
pub mod parity;
pub mod pointers;
pub mod policy;
pub mod races;
pub mod recipes;
pub mod refusals;
pub mod reload;
pub mod restrictions;
pub mod save;
pub mod show;
pub mod smoke;
pub mod split;
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
    split::SCENARIOS,
    refusals::SCENARIOS,
    fallbacks::SCENARIOS,
    races::SCENARIOS,
    restrictions::SCENARIOS,
    files::SCENARIOS,
    journal::SCENARIOS,
    policy::SCENARIOS,
    costs::SCENARIOS,
    growth::SCENARIOS,
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

/// The topics that are tried in every kernel: what depends on how a kernel loads modules, and what it prints.
pub const IN_EVERY_KERNEL: &[&[Scenario]] = &[
    smoke::SCENARIOS,
    keep::SCENARIOS,
    failing::SCENARIOS,
    kills::SCENARIOS,
    layout::SCENARIOS,
    units::SCENARIOS,
    versions::SCENARIOS,
    changed::SCENARIOS,
    pointers::SCENARIOS,
    refusals::SCENARIOS,
    fallbacks::SCENARIOS,
    kernel_view::SCENARIOS,
    oops::SCENARIOS,
];

/// The few that tell in a minute or two whether data is kept in a kernel at all: two of a topic at most.
pub const CORE: &[&str] = &[
    "smoke",
    "keep-foo-p",
    "keep-meter",
    "keep-importer",
    "layout-versions",
    "units-versions",
    "changed-grown",
    "changed-converted",
    "pointers-removed",
    "refusals",
    "fallback-agrees",
    "fallback-differs",
    "oops-loaded",
];

/// The fixtures that those load: no others are built for them.
pub const CORE_FIXTURES: &[&str] = &[
    "smoke",
    "foo_p",
    "meter",
    "torture",
    "importer",
    "layout",
    "layout_appended",
    "layout_grown",
    "layout_reordered",
    "layout_realigned",
    "units",
    "units_last",
    "units_first",
    "units_middle",
    "units_reordered",
    "units_global",
    "units_less",
    "units_bss",
    "units_no_const",
    "units_all",
    "convert",
    "convert_end",
    "convert_middle",
    "convert_wide",
    "convert_reordered",
    "convert_renamed_hint",
    "convert_enum",
    "convert_enum_end",
    "convert_less",
    "convert_far",
    "convert_union",
    "convert_array",
    "pointing",
    "refuse",
    "refuse_function",
    "refuse_ops",
    "refuse_data",
    "refuse_lock_name",
    "refuse_this_module",
    "refuse_charp",
    "refuse_charp_array",
    "refuse_alignment",
    "refuse_livepatch",
    "refuse_executable",
    "refuse_narrow",
    "counters_nodebug",
    "crash_keep",
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
    fn the_core_is_part_of_what_every_kernel_is_tried_with() {
        for name in CORE {
            let mut every = IN_EVERY_KERNEL.iter().copied().flatten();
            assert!(every.any(|scenario| scenario.name == *name && !scenario.is_long), "{name}");
        }
    }

    #[test]
    fn names_are_unique_and_fit_the_command_line() {
        let mut seen = HashSet::new();
        for scenario in all() {
            assert!(seen.insert(scenario.name), "two scenarios named {}", scenario.name);
            assert!(!scenario.name.contains([',', ' ', '"', '=']), "{}", scenario.name);
        }
    }
}
