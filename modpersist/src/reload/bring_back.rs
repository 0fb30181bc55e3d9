// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading the modules on top again.

use std::time::{Duration, Instant};

use insmod::PreparedLoad;
use libmodsys::{InitState, Kernel};
use modcli::{Output, os_text, strerror};
use modkeep::{OwnerState, Region};
use modrecord::Paths;
use rmmod::Leaving;

use super::dependents::Dependent;
use super::locks::Locks;
use super::outcome::DependentOutcome;
use super::preparation::is_loaded;
use super::version::{Version, options_again};

/// How often a module that another program loads meanwhile is unloaded again.
pub(super) const MAX_ATTEMPTS: usize = 5;
/// How long to wait for the init function of such a module.
const INIT_LIMIT: Duration = Duration::from_secs(5);
/// Time between two looks at it.
const PAUSE: Duration = Duration::from_millis(10);

/// Loads those modules that are not loaded, the last one first. `before` is called before each.
pub(super) fn load_missing(
    kernel: &dyn Kernel,
    paths: &Paths,
    (dependents, locks): (&[Dependent], &Locks),
    before: &mut dyn FnMut(&Dependent),
    output: &mut Output,
) -> Vec<DependentOutcome> {
    let mut outcomes = Vec::new();
    for dependent in dependents.iter().rev() {
        let mut error = None;
        if !is_in_place(kernel, &dependent.name) {
            before(dependent);
            error = load(kernel, paths, (dependent, locks), output).err();
        }
        outcomes.push(DependentOutcome::new(dependent, error));
    }
    outcomes.reverse();
    outcomes
}

/// Whether a module is loaded, and uses its kept data, if there is any.
fn is_in_place(kernel: &dyn Kernel, module: &str) -> bool {
    let region = Region::find(kernel, module).ok().flatten();
    let is_bound = region.is_none_or(|region| region.owner_state != OwnerState::Unbound);
    is_bound && is_loaded(kernel, module)
}

fn load(
    kernel: &dyn Kernel,
    paths: &Paths,
    (dependent, locks): (&Dependent, &Locks),
    output: &mut Output,
) -> Result<(), String> {
    let Dependent { name, version: Version { path, params }, .. } = dependent;
    let options = options_again(kernel, name, path, paths);
    for _ in 0..MAX_ATTEMPTS {
        let mut load = PreparedLoad::open(path, params, &options, kernel, paths)
            .map_err(|errno| format!("{}: {}", os_text(path), strerror(errno)))?;
        let error = match load.run(locks.get(name), &|| (), output) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if !is_there_after_init(kernel, name) {
            let lines = std::iter::once(error.headline.clone()).chain(error.details);
            return Err(lines.collect::<Vec<_>>().join("; "));
        }
        // Another program was faster.
        if is_in_place(kernel, name) {
            return Ok(());
        }
        let leaving = Leaving::begin(name, kernel, paths);
        let mut captured = Output::captured("");
        if !matches!(leaving.map(|leaving| leaving.remove(kernel, &mut captured)), Ok(Ok(()))) {
            return Err("another program has loaded it without its kept data".to_owned());
        }
    }
    Err("another program keeps loading it".to_owned())
}

/// Whether a module is loaded; waits while its init function runs.
pub(super) fn is_there_after_init(kernel: &dyn Kernel, module: &str) -> bool {
    let start = Instant::now();
    loop {
        match kernel.init_state(module) {
            Ok(Some(InitState::Coming | InitState::Going)) if start.elapsed() < INIT_LIMIT => {
                std::thread::sleep(PAUSE);
            }
            Ok(Some(InitState::Live | InitState::Coming | InitState::Going)) => return true,
            _ => return false,
        }
    }
}
