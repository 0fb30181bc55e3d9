// SPDX-License-Identifier: MIT OR Apache-2.0
//! The locks of the module that is reloaded and of those on top of it, held until the reload has ended.
//!
//! They are taken in the order of the modules' names, whichever module is reloaded. So two reloads whose
//! modules overlap never hold what the other one waits for.

use std::collections::{BTreeMap, BTreeSet};

use libmodsys::lock::{self, Lock};
use modkeep::LOCK_LIMIT;

use super::refusal::Refusal;

/// How often everything is released and locked again because other modules are on top by then.
const MAX_ATTEMPTS: usize = 5;

/// Locks that are held until this is dropped.
#[derive(Debug, Default)]
pub(super) struct Locks {
    /// By module; `None` where there is no place for a lock.
    held: BTreeMap<String, Option<Lock>>,
}

impl Locks {
    /// Locks a module and those on top of it. `on_top` names them; it is asked again when all are locked,
    /// because until then they may change: another program may be just about to load or remove one.
    ///
    /// # Errors
    /// Another program holds one of them for too long, or modules on top come and go. What `on_top` says.
    pub fn of(owner: &str, on_top: &dyn Fn() -> Result<BTreeSet<String>, Refusal>) -> Result<Self, Refusal> {
        let mut names = on_top().unwrap_or_default();
        for _ in 0..MAX_ATTEMPTS {
            names.insert(owner.to_owned());
            let mut locks = Self::default();
            for name in &names {
                locks.add(name)?;
            }
            let now = on_top()?;
            if now.is_subset(&names) {
                return Ok(locks);
            }
            names = now;
        }
        Err(Refusal::new(format!("other programs keep loading modules that use {owner}")))
    }

    /// Locks one more module: one that another program has put on top since. This is not in the order of the
    /// names, but others only wait for a time for what is held here, and so does this.
    ///
    /// # Errors
    /// Another program holds it for too long.
    pub fn add(&mut self, module: &str) -> Result<(), Refusal> {
        if self.held.contains_key(module) {
            return Ok(());
        }
        let lock = match lock::acquire(module, LOCK_LIMIT) {
            Ok(Lock::Unlocked { .. }) => None,
            Ok(held) => Some(held),
            Err(error) => return Err(Refusal::new(error.to_string())),
        };
        self.held.insert(module.to_owned(), lock);
        Ok(())
    }

    /// The lock of a module, if it is held.
    pub fn get(&self, module: &str) -> Option<&Lock> {
        self.held.get(module)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::thread;

    use super::*;

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What is on top when all is locked is locked, too.
    #[test]
    fn what_comes_on_top_while_waiting_is_locked_as_well() {
        let asked = Cell::new(0);
        let on_top = || {
            asked.set(asked.get() + 1);
            Ok(names(if asked.get() < 3 { &["locks_b"] } else { &["locks_b", "locks_a"] }))
        };
        let locks = Locks::of("locks_m", &on_top).map_err(|refusal| refusal.reason).unwrap();
        assert!(!locks.held.contains_key("locks_a"), "it was not on top yet");
        drop(locks);
        let locks = Locks::of("locks_m", &on_top).map_err(|refusal| refusal.reason).unwrap();
        let held: Vec<&str> = locks.held.keys().map(String::as_str).collect();
        assert_eq!(held, ["locks_a", "locks_b", "locks_m"]);
    }

    #[test]
    fn modules_that_come_and_go_are_not_waited_for_without_end() {
        let asked = Cell::new(0);
        let on_top = || {
            asked.set(asked.get() + 1);
            Ok(names(&[&format!("locks_n{}", asked.get())]))
        };
        let refusal = Locks::of("locks_go", &on_top).err().unwrap();
        assert_eq!(refusal.reason, "other programs keep loading modules that use locks_go");
    }

    /// Each is on top of the other one's module: neither waits until it gives up.
    #[test]
    fn two_reloads_that_cross_both_get_their_locks() {
        let reloads =
            [("locks_x", names(&["locks_z", "locks_y"])), ("locks_z", names(&["locks_x", "locks_y"]))];
        thread::scope(|scope| {
            for (owner, on_top) in &reloads {
                scope.spawn(move || {
                    for _ in 0..20 {
                        let locks = Locks::of(owner, &|| Ok(on_top.clone()));
                        assert!(locks.is_ok(), "{:?}", locks.err().map(|refusal| refusal.reason));
                    }
                });
            }
        });
    }
}
