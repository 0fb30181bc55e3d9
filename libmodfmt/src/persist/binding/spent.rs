// SPDX-License-Identifier: MIT OR Apache-2.0
//! Generations of which nothing is in force any more. Their keepers may go: otherwise a module that goes back
//! and forth between two types would leave one behind each time.

use std::collections::HashSet;

use crate::persist::{Header, KeptPlace};

/// The numbers of those among the generations of one owner that hold nothing in force: all of their variables
/// were replaced later on, and what they say of grown variables was said again or does not matter.
#[must_use]
pub fn spent_generations(headers: &[&Header]) -> Vec<u32> {
    let replaced: HashSet<KeptPlace> =
        headers.iter().flat_map(|header| header.replaced.iter().copied()).collect();
    let mut spent = Vec::new();
    let is_spent = |header: &&&Header| {
        let later = |other: &&&Header| other.generation > header.generation;
        let all_replaced = header.ordinals().all(|(ordinal, unit)| {
            !unit.variables.is_empty()
                && unit.variables.iter().all(|variable| {
                    let generation = header.generation;
                    replaced.contains(&KeptPlace { generation, ordinal, offset: variable.offset })
                })
        });
        let is_repeated = |place: KeptPlace| {
            let mut others = headers.iter().filter(later);
            others.any(|other| other.grown.iter().any(|grown| grown.place == place))
        };
        all_replaced
            && header.grown.iter().all(|grown| replaced.contains(&grown.place) || is_repeated(grown.place))
            // Only a later generation can have replaced it.
            && headers.iter().any(|other| later(&other))
    };
    spent.extend(headers.iter().filter(is_spent).map(|header| header.generation));
    spent
}
