// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many objects the kernel's slab caches hold.
//!
//! `SUnreclaim` in `/proc/meminfo` counts whole pages. Whether one more object takes one more page depends on
//! where the others are, so the number moves by a few pages in either direction even without a leak. Objects
//! can be counted exactly: a leak of one object per reload shows as 90 more objects in one cache after 90
//! reloads.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Ctx;

/// One directory per cache; a cache that was merged with another one is a symbolic link.
const CACHES: &str = "/sys/kernel/slab";

/// Time for RCU to free what is waiting for a grace period.
const RCU_TIME: Duration = Duration::from_millis(200);

/// The objects in use in each cache, by the cache's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlabObjects(BTreeMap<String, u64>);

impl SlabObjects {
    /// The caches with at least `count` more objects than in `before`, as `NAME +COUNT`.
    pub fn grown_by(&self, before: &Self, count: u64) -> Vec<String> {
        let growth = |(name, now): (&String, &u64)| {
            let grown = now.saturating_sub(before.0.get(name).copied().unwrap_or(0));
            (grown >= count).then(|| format!("{name} +{grown}"))
        };
        self.0.iter().filter_map(growth).collect()
    }

    /// The caches that have grown by `count` objects at least from each of these measurements to the next,
    /// with the numbers. A slab from which the kernel is allocating counts as full, so that a single
    /// comparison may be wrong by as many objects as a slab has.
    pub fn always_growing(measurements: &[Self], count: u64) -> Vec<String> {
        let [first, rest @ ..] = measurements else { return Vec::new() };
        let mut before = first;
        let mut growing: Vec<String> = first.0.keys().cloned().collect();
        for now in rest {
            let grown = |name: &String| {
                let objects = |of: &Self| of.0.get(name).copied().unwrap_or(0);
                objects(now).saturating_sub(objects(before)) >= count
            };
            growing.retain(grown);
            before = now;
        }
        let numbers = |name: &String| {
            let objects = measurements.iter().filter_map(|of| of.0.get(name)).map(u64::to_string);
            format!("{name} {}", objects.collect::<Vec<_>>().join(", "))
        };
        growing.iter().map(numbers).collect()
    }

    /// The largest growth of any cache since `before`, as `NAME +COUNT`.
    pub fn largest_growth(&self, before: &Self) -> Option<(String, u64)> {
        let grown = |(name, now): (&String, &u64)| {
            (name.clone(), now.saturating_sub(before.0.get(name).copied().unwrap_or(0)))
        };
        self.0.iter().map(grown).max_by_key(|(_, grown)| *grown)
    }
}

/// The first number in a file such as `objects`; per-node counts follow it.
fn count(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

impl Ctx {
    /// The objects in use in all slab caches, after the caches have returned what they only hold in reserve:
    /// that would look like growth.
    pub fn slab_objects(&self) -> Result<SlabObjects> {
        fs::write("/proc/sys/vm/drop_caches", "3")?;
        thread::sleep(RCU_TIME);
        let mut found = BTreeMap::new();
        for cache in fs::read_dir(CACHES).context("cannot read the slab caches (CONFIG_SLUB_DEBUG)")? {
            let cache = cache?;
            if !cache.file_type()?.is_dir() {
                continue;
            }
            // Until the cache is shrunk, per-CPU lists hide objects.
            fs::write(cache.path().join("shrink"), "1")?;
            let objects = self.read(cache.path().join("objects"))?;
            let objects = count(&objects).with_context(|| format!("objects is {objects:?}"))?;
            found.insert(cache.file_name().to_string_lossy().into_owned(), objects);
        }
        ensure!(!found.is_empty(), "{CACHES} is empty");
        Ok(SlabObjects(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(counts: &[(&str, u64)]) -> SlabObjects {
        SlabObjects(counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect())
    }

    #[test]
    fn counts_with_and_without_nodes() {
        assert_eq!(count("1234 N0=1000 N1=234\n"), Some(1234));
        assert_eq!(count("0\n"), Some(0));
        assert_eq!(count(""), None);
    }

    #[test]
    fn growth_of_old_new_and_shrunk_caches() {
        let before = objects(&[("filp", 100), ("task", 50)]);
        let after = objects(&[("filp", 190), ("task", 2), ("new", 3)]);
        assert_eq!(after.grown_by(&before, 90), ["filp +90"]);
        assert_eq!(after.grown_by(&before, 3), ["filp +90", "new +3"]);
        let later = objects(&[("filp", 280), ("task", 92), ("new", 3)]);
        let all = [before.clone(), after.clone(), later];
        assert_eq!(SlabObjects::always_growing(&all, 90), ["filp 100, 190, 280"]);
        assert_eq!(SlabObjects::always_growing(&all, 91), [""; 0]);
        assert_eq!(after.largest_growth(&before), Some(("filp".to_owned(), 90)));
    }
}
