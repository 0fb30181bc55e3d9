// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kept variables that are in force. Of one variable that is only the newest unit: a later version may
//! have freed what the bytes of an older one point to.

use std::collections::HashMap;

use super::change::KeptVariable;
use super::wishes::Wishes;
use crate::persist::{Header, KeptPlace, LaterChanges, Unit, Variable};

/// Which names occur at most once in every header.
pub(super) struct UniqueNames<'a>(HashMap<&'a str, bool>);

impl<'a> UniqueNames<'a> {
    pub(super) fn of(headers: impl Iterator<Item = &'a Header>) -> Self {
        let mut unique: HashMap<&str, (usize, bool)> = HashMap::new();
        for (number, header) in headers.enumerate() {
            let number = number.saturating_add(1);
            for (_, variable) in header.variables() {
                let (last, once) = unique.entry(variable.plain_name()).or_insert((0, true));
                *once &= *last != number;
                *last = number;
            }
        }
        Self(unique.into_iter().map(|(name, (_, once))| (name, once)).collect())
    }

    pub(super) fn contains(&self, variable: &Variable) -> bool {
        self.0.get(variable.plain_name()).copied().unwrap_or(true)
    }
}

/// The generations that count, newest last: those from the last fresh start on.
pub(super) fn in_force<'k>(kept: &[&'k Header]) -> Vec<&'k Header> {
    let mut kept = kept.to_vec();
    kept.sort_by_key(|header| header.generation);
    let start = kept.iter().rposition(|header| header.fresh).unwrap_or(0);
    kept.split_off(start)
}

/// The variables that are in force, newest generation first, with the name that they have in the file.
pub(super) fn variables<'k>(
    kept: &[&'k Header],
    unique: &UniqueNames<'_>,
    wishes: &Wishes,
) -> Vec<KeptVariable<'k>> {
    let later = LaterChanges::of(kept);
    let mut live: Vec<KeptVariable<'k>> = Vec::new();
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for header in kept.iter().rev() {
        let newer = live.len();
        for (ordinal, unit) in header.ordinals() {
            for variable in &unit.variables {
                let place = KeptPlace { generation: header.generation, ordinal, offset: variable.offset };
                let sought = wishes.renamed(variable).unwrap_or_else(|| variable.clone());
                let same_name = by_name.entry(sought.plain_name().to_owned()).or_default();
                let is_superseded = same_name.iter().filter(|index| **index < newer).any(|index| {
                    live.get(*index)
                        .is_some_and(|newer| newer.sought.may_be(&sought, unique.contains(&sought)))
                });
                if is_superseded || later.is_replaced(place) {
                    continue;
                }
                same_name.push(live.len());
                live.push(KeptVariable::new(header, unit, variable, place, sought, later.grown(place)));
            }
        }
    }
    live
}

/// The place of every variable of these generations.
pub(super) fn places(kept: &[&Header]) -> Vec<KeptPlace> {
    let of_header = |header: &&Header| {
        let generation = header.generation;
        let of_unit = |(ordinal, unit): (u32, &Unit)| {
            let offsets: Vec<u64> = unit.variables.iter().map(|variable| variable.offset).collect();
            offsets.into_iter().map(move |offset| KeptPlace { generation, ordinal, offset })
        };
        header.ordinals().flat_map(of_unit).collect::<Vec<_>>()
    };
    kept.iter().flat_map(of_header).collect()
}
