// SPDX-License-Identifier: MIT OR Apache-2.0
//! The modules of a boot as they were at a given time.

use std::collections::HashMap;

use libmodfmt::journal::{Discard, Entry, Journal, LoadedModule, Stage, Unload};

/// How far the clocks of log and journal may differ, in microseconds.
const CLOCK_TOLERANCE_US: u64 = 1_000_000;

/// Converts the journal's hundredths of a second to microseconds.
pub(super) const fn microseconds(hundredths: u64) -> u64 {
    hundredths.saturating_mul(10_000)
}

/// Whether an entry was written by that time since boot, in microseconds.
pub(crate) fn is_before(entry: &Entry, time_us: Option<u64>) -> bool {
    time_us.is_none_or(|time| microseconds(entry.at()) <= time.saturating_add(CLOCK_TOLERANCE_US))
}

/// A module as it was at some time in a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ModuleState<'j> {
    /// Its latest entry.
    pub module: &'j LoadedModule,
    /// Not unloaded yet.
    pub loaded: bool,
    /// The persistent data that it has outside its own sections had been discarded.
    pub discarded: bool,
}

/// Returns the modules of a boot at a time since boot in microseconds; without a time, at the end. For a
/// module that was loaded several times that is the latest load until then.
pub(crate) fn modules_at<'j>(
    journal: &'j Journal,
    boot: &'j str,
    time_us: Option<u64>,
) -> Vec<ModuleState<'j>> {
    states_at(journal.of_boot(boot), time_us)
}

/// As [`modules_at`], from the entries of the boot.
pub(super) fn states_at<'j>(
    entries: impl IntoIterator<Item = &'j Entry>,
    time_us: Option<u64>,
) -> Vec<ModuleState<'j>> {
    let mut states: Vec<ModuleState<'j>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for entry in entries {
        // The log's clock stops while the machine sleeps, the journal's does not. The first load of a module
        // is therefore taken however late it is.
        let early = is_before(entry, time_us);
        let (Entry::Module(LoadedModule { name, .. })
        | Entry::Unload(Unload { name, .. })
        | Entry::Discard(Discard { name, .. })) = entry
        else {
            continue;
        };
        let state = places.get(name.as_str()).and_then(|place| states.get_mut(*place));
        match entry {
            Entry::Module(module) => match state {
                // While a module is loaded, an entry without addresses says less than an earlier one with
                // them.
                Some(old) if early && (module.stage == Stage::Loaded || !old.loaded) => {
                    *old = ModuleState { module, loaded: true, discarded: false };
                }
                Some(_) => {}
                None => {
                    places.insert(&module.name, states.len());
                    states.push(ModuleState { module, loaded: true, discarded: false });
                }
            },
            Entry::Unload(_) if early => {
                if let Some(state) = state {
                    state.loaded = false;
                }
            }
            Entry::Discard(_) if early => {
                if let Some(state) = state {
                    state.discarded = true;
                }
            }
            Entry::Unload(_) | Entry::Discard(_) | Entry::Boot(_) | Entry::Tokens(_) => {}
        }
    }
    states
}
