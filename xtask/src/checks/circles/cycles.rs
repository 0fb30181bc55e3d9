// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cycles of a graph of files: for each edge that is in one, the shortest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::imports::Imports;

/// Files that import each other, and by which names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cycle {
    /// The files, the first in the alphabet first.
    files: Vec<String>,
    /// What each imports from the next, the last from the first.
    names: Vec<BTreeSet<String>>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.files.first().map_or("", String::as_str);
        write!(f, "{} -> {first}", self.files.join(" -> "))?;
        let next = self.files.iter().cycle().skip(1);
        for ((from, to), names) in self.files.iter().zip(next).zip(&self.names) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            write!(f, "\n    {from} uses {} of {to}", names.join(", "))?;
        }
        Ok(())
    }
}

/// The cycles, in the order of their files.
pub fn find(files: &[String], imports: &Imports) -> Vec<Cycle> {
    let mut cycles = BTreeSet::new();
    for (&from, targets) in imports {
        for &to in targets.keys() {
            if let Some(way) = shortest(imports, to, from) {
                cycles.insert(cycle(files, imports, way));
            }
        }
    }
    cycles.into_iter().collect()
}

/// The files on the shortest way between two, both included.
fn shortest(imports: &Imports, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came_from = BTreeMap::from([(from, from)]);
    let mut queue = VecDeque::from([from]);
    while let Some(file) = queue.pop_front() {
        if file == to {
            let mut way = vec![to];
            let mut current = to;
            while current != from {
                current = *came_from.get(&current)?;
                way.push(current);
            }
            way.reverse();
            return Some(way);
        }
        for &next in imports.get(&file).into_iter().flat_map(BTreeMap::keys) {
            came_from.entry(next).or_insert_with(|| {
                queue.push_back(next);
                file
            });
        }
    }
    None
}

/// Names the files, and turns the cycle so that it has one spelling only.
fn cycle(files: &[String], imports: &Imports, mut way: Vec<usize>) -> Cycle {
    let name = |file: &usize| files.get(*file).cloned().unwrap_or_default();
    let least = (0..way.len()).min_by_key(|at| way.get(*at).map(name)).unwrap_or(0);
    way.rotate_left(least);
    let next = way.iter().cycle().skip(1);
    let names = way
        .iter()
        .zip(next)
        .map(|(from, to)| imports.get(from).and_then(|targets| targets.get(to)).cloned().unwrap_or_default());
    Cycle { names: names.collect(), files: way.iter().map(name).collect() }
}
