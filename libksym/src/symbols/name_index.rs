// SPDX-License-Identifier: MIT OR Apache-2.0
//! From names to symbols.

use super::symbol::{Symbol, name};

/// A hash table of symbol numbers, with open addressing. Symbols of one name follow each other.
#[derive(Debug)]
pub(super) struct NameIndex {
    /// A symbol's number plus 1, or 0 if the slot is free. The number of slots is a power of two.
    slots: Vec<u32>,
}

impl NameIndex {
    pub(super) fn new(symbols: &[Symbol], names: &[u8]) -> Self {
        let size = symbols.len().saturating_mul(2).max(16).next_power_of_two();
        let mut this = Self { slots: vec![0; size] };
        for (number, symbol) in (1..=u32::MAX).zip(symbols) {
            let free = this.probe(name(names, symbol.name)).find(|&at| this.slots.get(at) == Some(&0));
            if let Some(slot) = free.and_then(|at| this.slots.get_mut(at)) {
                *slot = number;
            }
        }
        this
    }

    /// Numbers of the symbols that may have that name.
    pub(super) fn find(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let numbers = self.probe(name).filter_map(|at| self.slots.get(at));
        numbers.map_while(|number| number.checked_sub(1)).map(|number| number as usize)
    }

    fn probe(&self, name: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len().wrapping_sub(1);
        let hash = hash(name);
        (0..self.slots.len()).map(move |step| hash.wrapping_add(step) & mask)
    }
}

fn hash(name: &[u8]) -> usize {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = name.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let words = words.iter().chain(std::iter::once(&last)).map(|word| u64::from_le_bytes(*word));
    let hash = words.fold(name.len() as u64, |hash, word| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR));
    usize::try_from(hash >> 32).unwrap_or(0)
}
