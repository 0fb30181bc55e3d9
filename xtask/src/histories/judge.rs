// SPDX-License-Identifier: MIT OR Apache-2.0
//! What became of each variable, judged from the types of both versions and from the memory before and after.
//!
//! A variable that was carried over has, at each path that both types have, the value that was there. What it
//! has besides is as the file says. Everything else is a misreading: a field that reads the bytes of another
//! one, a value of another kind, a pointer to what the new types describe otherwise.

use std::collections::{BTreeMap, HashMap};

use vmguest::histories::{Memory, Step};

use super::agree::agree;
use super::described::Described;
use super::types::Id;
use super::values::{Comparison, Moved, bytes};

/// What became of a version's variables.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Whether the version was refused.
    pub refused: bool,
    /// Variables that were kept before.
    pub known: usize,
    /// Those of them that are where they were, with all their values.
    pub bound: usize,
    /// Those that have grown or shrunk there.
    pub resized: usize,
    /// Those that were made anew from what was there.
    pub converted: usize,
    /// Variables that were not there before.
    pub new: usize,
    /// What reads otherwise than it should.
    pub misread: Vec<String>,
}

/// A kept variable.
struct Kept {
    version: usize,
    address: u64,
    bytes: Vec<u8>,
}

type Key = (String, String);

/// Judges each step, in order. The first one starts with nothing.
pub fn judge(versions: &[Described], steps: &[Step]) -> Vec<Verdict> {
    let mut kept: BTreeMap<Key, Kept> = BTreeMap::new();
    let mut verdicts = Vec::new();
    for (number, (version, step)) in versions.iter().zip(steps).enumerate() {
        if step.loaded && number > 0 {
            verdicts.push(verdict(versions, version, step, &kept));
        } else {
            let known = step.first.iter().filter(|memory| kept.contains_key(&key(memory))).count();
            kept.clear();
            verdicts.push(Verdict { refused: !step.loaded, known, ..afresh(version, &step.first) });
        }
        for memory in &step.last {
            let now = Kept { version: number, address: memory.address, bytes: bytes(&memory.bytes) };
            kept.insert(key(memory), now);
        }
    }
    verdicts
}

fn key(memory: &Memory) -> Key {
    (memory.file.clone(), memory.name.clone())
}

/// Every variable of a version that was loaded afresh has the file's values.
fn afresh(version: &Described, memory: &[Memory]) -> Verdict {
    let mut verdict = Verdict::default();
    for memory in memory {
        verdict.misread.extend(initial(version, memory));
    }
    verdict
}

fn verdict(versions: &[Described], version: &Described, step: &Step, kept: &BTreeMap<Key, Kept>) -> Verdict {
    let mut verdict = Verdict::default();
    let moved: Vec<Moved> = step
        .first
        .iter()
        .filter_map(|memory| {
            let old = kept.get(&key(memory))?;
            let (from, to) = (old.address, memory.address);
            (from != to).then_some(Moved { from, size: old.bytes.len() as u64, to })
        })
        .collect();
    for memory in &step.first {
        let Some(old) = kept.get(&key(memory)) else {
            verdict.new += 1;
            verdict.misread.extend(initial(version, memory));
            continue;
        };
        verdict.known += 1;
        let Some(before) = versions.get(old.version) else { continue };
        let key = key(memory);
        let now = bytes(&memory.bytes);
        let kinds = (before.types.variables.get(&key), version.types.variables.get(&key));
        let (Some(old_kind), Some(new_kind)) = kinds else { continue };
        let comparison = Comparison {
            before: &before.types,
            after: &version.types,
            file: version.initial.get(&key),
            moved: &moved,
        };
        let found = comparison.variable((*old_kind, &old.bytes), (*new_kind, &now));
        if !found.is_empty() {
            verdict.misread.extend(found.into_iter().map(|text| format!("{}.c:{}{text}", key.0, key.1)));
        } else if old.address != memory.address {
            verdict.converted += 1;
        } else if old.bytes.len() != now.len() {
            verdict.resized += 1;
        } else {
            verdict.bound += 1;
        }
    }
    held(versions, version, kept, &mut verdict.misread);
    verdict
}

/// What lists, IDRs and pointers to void lead to, as far as the sources say it.
fn held(versions: &[Described], version: &Described, kept: &BTreeMap<Key, Kept>, misread: &mut Vec<String>) {
    let Some(last) = kept.values().map(|kept| kept.version).max().and_then(|last| versions.get(last)) else {
        return;
    };
    let before: HashMap<&str, Id> = last.held().collect();
    for (name, kind) in version.held() {
        let Some(old) = before.get(name) else { continue };
        if !agree((&last.types, *old), (&version.types, kind)) {
            misread.push(format!("struct {name}, which the kept data holds, is described otherwise"));
        }
    }
}

/// What a new variable reads, compared with the file.
fn initial(version: &Described, memory: &Memory) -> Vec<String> {
    let key = key(memory);
    let (Some(kind), Some(file)) = (version.types.variables.get(&key), version.initial.get(&key)) else {
        return Vec::new();
    };
    let now = bytes(&memory.bytes);
    let leaves = version.types.leaves(*kind);
    let wrong = leaves.iter().filter(|leaf| !file.agrees(leaf, &now));
    wrong.map(|leaf| format!("{}.c:{}{}: has not the file's value", key.0, key.1, leaf.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::initial::Content;
    use super::super::types::{Member, Type, Types};
    use super::*;

    /// A version whose only variable is a structure of integers.
    fn version(fields: &[&str]) -> Described {
        let integer = Type::Integer { size: 4, signed: true, truth: false };
        let member = |(number, name): (u64, &&str)| Member {
            name: (*name).into(),
            offset: number * 4,
            bits: None,
            kind: 0,
        };
        let members: Vec<Member> = (0..).zip(fields).map(member).collect();
        let size = Some(members.len() as u64 * 4);
        let compound = Type::Compound { name: "s".into(), size, union: false, members };
        let key = ("f".to_owned(), "v".to_owned());
        let variables = BTreeMap::from([(key.clone(), 1)]);
        let types = Types { all: vec![integer, compound], variables };
        Described { types, initial: BTreeMap::from([(key, Content::default())]) }
    }

    fn step(loaded: bool, address: u64, first: &str, last: &str) -> Step {
        let memory =
            |bytes: &str| vec![Memory { file: "f".into(), name: "v".into(), address, bytes: bytes.into() }];
        Step { loaded, promised: loaded, first: memory(first), last: memory(last), ..Step::default() }
    }

    const FILLED: &str = "0100000002000000";

    #[test]
    fn a_structure_that_changed_and_was_bound_as_it_is_is_misread() {
        let versions = [version(&["a", "b"]), version(&["b", "a"])];
        let first = step(true, 16, "0000000000000000", FILLED);
        let bound = judge(&versions, &[first.clone(), step(true, 16, FILLED, FILLED)]);
        assert_eq!(bound[1].misread.len(), 2, "{bound:?}");
        let converted = judge(&versions, &[first, step(true, 32, "0200000001000000", FILLED)]);
        assert_eq!((converted[1].converted, converted[1].misread.len()), (1, 0), "{converted:?}");
    }

    #[test]
    fn a_version_that_was_refused_starts_afresh() {
        let versions = [version(&["a", "b"]), version(&["a"]), version(&["a"])];
        let first = step(true, 16, "0000000000000000", FILLED);
        let refused = step(false, 32, "00000000", "05000000");
        let verdicts = judge(&versions, &[first.clone(), refused, step(true, 32, "05000000", "")]);
        assert!(verdicts[1].refused && verdicts[1].misread.is_empty(), "{verdicts:?}");
        assert_eq!(verdicts[2].bound, 1, "{verdicts:?}");
        let stale = judge(&versions, &[first, step(false, 32, "01000000", "")]);
        assert_eq!(stale[1].misread, ["f.c:v.a: has not the file's value"]);
    }
}
