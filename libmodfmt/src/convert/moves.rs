// SPDX-License-Identifier: MIT OR Apache-2.0
//! The variables that are converted in one load, by their old addresses.

use std::ops::Range;

use super::plan::{Plan, Target};

/// A variable that is converted: it gets a new place.
#[derive(Debug, Clone, Copy)]
pub struct Move<'p> {
    /// Its name, for messages.
    pub variable: &'p str,
    /// Where it is.
    pub old_address: u64,
    /// Where it will be; `None` as long as the kernel has not placed it. Pointers to it are then relocations
    /// of the new unit: [`Converted::pointers`](super::Converted::pointers).
    pub new_address: Option<u64>,
    /// How it is converted.
    pub plan: &'p Plan,
}

/// All variables of one load.
#[derive(Debug, Clone, Default)]
pub struct Moves<'p> {
    moves: Vec<Move<'p>>,
    /// Old range and number in `moves`, by address.
    ranges: Vec<(Range<u64>, usize)>,
    staying: Vec<Range<u64>>,
}

/// Where an address in a moved variable goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// In no variable that moves.
    Stays,
    /// To this offset of this variable.
    To(usize, u64),
    /// Nowhere: that part of the variable, at this offset, is not carried over.
    Nowhere(usize, u64),
}

impl<'p> Moves<'p> {
    /// `moves` are the variables that are converted; `staying` the old ranges of kept variables that stay
    /// and are checked by themselves.
    #[must_use]
    pub fn new(moves: Vec<Move<'p>>, mut staying: Vec<Range<u64>>) -> Self {
        let range =
            |one: &Move<'_>| one.old_address..one.old_address.saturating_add(one.plan.old_size().max(1));
        let mut ranges: Vec<_> = moves.iter().map(range).zip(0..).collect();
        ranges.sort_by_key(|(range, _)| range.start);
        staying.sort_by_key(|range| range.start);
        Self { moves, ranges, staying }
    }

    /// The variable of that number, in the order in which they were given.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Move<'p>> {
        self.moves.get(number)
    }

    pub(super) fn variable(&self, number: usize) -> String {
        self.get(number).map_or_else(|| "?".to_owned(), |one| one.variable.to_owned())
    }

    /// From the first old address to the last one: most words are outside.
    pub(super) fn all_addresses(&self) -> Range<u64> {
        let start = self.ranges.first().map_or(0, |(range, _)| range.start);
        start..self.ranges.iter().map(|(range, _)| range.end).max().unwrap_or(0)
    }

    /// The variable whose old range has the address, and the offset in it.
    pub(super) fn find(&self, address: u64) -> Option<(usize, u64)> {
        let (range, number) = before(&self.ranges, address, |(range, _)| range.start)?;
        range.contains(&address).then(|| (*number, address.saturating_sub(range.start)))
    }

    /// Whether it is in a kept variable that moves or is checked by itself.
    pub(super) fn knows(&self, address: u64) -> bool {
        let stays = before(&self.staying, address, |range| range.start);
        self.find(address).is_some() || stays.is_some_and(|range| range.contains(&address))
    }

    pub(super) fn destination(&self, address: u64, target: &Target) -> Destination {
        let Some((number, offset)) = self.find(address) else { return Destination::Stays };
        match self.get(number).and_then(|one| one.plan.moved_to(offset, target)) {
            Some(moved) => Destination::To(number, moved),
            None => Destination::Nowhere(number, offset),
        }
    }

    /// Whether the address is the end of a variable that moves: what points there may mean the variable.
    pub(super) fn ends_at(&self, address: u64) -> Option<usize> {
        if self.knows(address) {
            return None;
        }
        let (number, _) = self.find(address.checked_sub(1)?)?;
        Some(number)
    }
}

/// The last entry of a sorted list that starts at or before `address`.
fn before<T>(list: &[T], address: u64, start: impl Fn(&T) -> u64) -> Option<&T> {
    let after = list.partition_point(|entry| start(entry) <= address);
    list.get(after.checked_sub(1)?)
}
