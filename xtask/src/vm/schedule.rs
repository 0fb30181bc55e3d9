// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides which scenarios share a boot.

use std::cmp::Reverse;
use std::time::Duration;

use vmguest::{Boot, Scenario};

/// One machine and the scenarios it runs, in order.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The machine's configuration.
    pub boot: Boot,
    /// The scenarios to run.
    pub scenarios: Vec<&'static Scenario>,
}

/// The kernel command line has room for 2048 bytes; half of that is left for other parameters.
const NAMES_LIMIT: usize = 1024;

/// Groups scenarios by the machine they need, keeping their order. Machines that may take longest come first,
/// so that none is left to run alone at the end.
pub fn boots(scenarios: &[&'static Scenario]) -> Vec<Planned> {
    let mut planned: Vec<Planned> = Vec::new();
    for scenario in scenarios {
        let fits = |other: &&mut Planned| {
            other.boot == scenario.boot && !scenario.boot.alone && names(&other.scenarios).len() < NAMES_LIMIT
        };
        match planned.iter_mut().find(fits) {
            Some(other) => other.scenarios.push(scenario),
            None => planned.push(Planned { boot: scenario.boot, scenarios: vec![scenario] }),
        }
    }
    planned.sort_by_key(|machine| Reverse(limit(machine)));
    planned
}

/// How long the scenarios may take together.
fn limit(machine: &Planned) -> Duration {
    machine.scenarios.iter().map(|scenario| scenario.limit).sum()
}

/// The scenario list for the guest's command line.
pub fn names(scenarios: &[&'static Scenario]) -> String {
    scenarios.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: Scenario = Scenario::new("a", "", |_| Ok(()));
    const OTHER: Scenario = Scenario::new("b", "", |_| Ok(())).cmdline("x=1");
    const OOPS: Scenario = Scenario::new("c", "", |_| Ok(())).oops();

    #[test]
    fn equal_machines_share_a_boot_unless_alone() {
        let boots = boots(&[&SHARED, &OOPS, &OTHER, &SHARED, &OOPS]);
        let lists: Vec<String> = boots.iter().map(|boot| names(&boot.scenarios)).collect();
        assert_eq!(lists, ["a,a", "c", "b", "c"]);
    }

    #[test]
    fn the_longest_come_first() {
        const LONG: Scenario = Scenario::new("d", "", |_| Ok(())).limit_secs(600).alone();
        let boots = boots(&[&SHARED, &OTHER, &LONG, &SHARED]);
        let lists: Vec<String> = boots.iter().map(|boot| names(&boot.scenarios)).collect();
        assert_eq!(lists, ["d", "a,a", "b"]);
    }
}
