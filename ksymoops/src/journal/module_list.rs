// SPDX-License-Identifier: MIT OR Apache-2.0
//! Do the modules of a report fit those of a boot?

use std::collections::HashSet;

use libmodfmt::journal::{Entry, Stage};
use libmodfmt::persist::is_keeper_name;
use liboops::report::Report;

use super::evidence::Verdict;
use super::module_state::{ModuleState, microseconds, states_at};

/// If at least this many of the journal's modules, and most of them, are in the report, they tell machines
/// apart even if each of them is on every machine.
const MIN_COMMON_MODULES: usize = 8;

/// Compares the modules that a report names with those that were loaded at that time by the journal's entries
/// about one boot.
///
/// Only insmod makes keepers, and it records them first: the keepers of the report must be exactly those of
/// the journal. Most of the journal's other modules must be in the report's list, too: another machine with
/// the same kernel has others. Not all of them need to be, as not every tool records what it removes.
pub(super) fn verdict(boot: &[&Entry], report: &Report) -> Verdict {
    let states = states_at(boot.iter().copied(), report.time_us);
    let list = report.context.modules.as_deref().unwrap_or_default();
    let listed: HashSet<&str> = list.iter().map(|module| module.name.as_str()).collect();
    let loaded = || states.iter().filter(|state| state.loaded);
    let early: Vec<_> = loaded()
        .filter(|state| state.module.stage == Stage::Loaded)
        .filter(|state| report.time_us.is_none_or(|time| microseconds(state.module.at) <= time))
        .collect();
    let common = early.iter().filter(|state| listed.contains(state.module.name.as_str())).count();
    // An empty list may be a line that was cut.
    if !list.is_empty() {
        let recorded: HashSet<&str> = loaded().map(|state| state.module.name.as_str()).collect();
        let mut keepers = recorded.iter().filter(|name| is_keeper(name));
        let mut keepers_of_report = listed.iter().filter(|name| is_keeper(name));
        if !keepers.all(|name| listed.contains(name))
            || !keepers_of_report.all(|name| recorded.contains(name))
        {
            return Verdict::Contradicts;
        }
        if common.saturating_mul(2) < early.len() {
            return Verdict::Contradicts;
        }
    }
    let most = common >= MIN_COMMON_MODULES && common.saturating_mul(4) >= early.len().saturating_mul(3);
    if most || has_telling_module(&states, report, &listed) { Verdict::Supports } else { Verdict::Neutral }
}

fn is_keeper(name: &str) -> bool {
    is_keeper_name(name)
}

/// Whether journal and report share a module that not every machine has: one with persistent data, or one
/// that was built outside the kernel's tree.
fn has_telling_module(states: &[ModuleState<'_>], report: &Report, listed: &HashSet<&str>) -> bool {
    let list = report.context.modules.as_deref().unwrap_or_default();
    let named: HashSet<&str> = report
        .places()
        .filter_map(|place| place.module.as_deref())
        .chain(report.context.last_unloaded.as_deref())
        .chain(listed.iter().copied())
        .collect();
    let out_of_tree: HashSet<&str> =
        list.iter().filter(|module| module.flags.contains('O')).map(|module| module.name.as_str()).collect();
    let headers = states.iter().filter_map(|state| state.module.persistent.as_ref());
    let owners: HashSet<&str> = headers.map(|header| header.owner.as_str()).collect();
    states.iter().any(|state| {
        let name = state.module.name.as_str();
        let persistent = state.module.persistent.is_some() || is_keeper(name) || owners.contains(name);
        (persistent && named.contains(name)) || (state.loaded && out_of_tree.contains(name))
    })
}
