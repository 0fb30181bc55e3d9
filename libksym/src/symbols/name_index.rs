// SPDX-License-Identifier: MIT OR Apache-2.0
//! From names to symbols.

use super::symbol::{Symbol, name};

/// Symbol numbers by the hash of their names. Of one name there may be any number.
#[derive(Debug)]
pub(super) struct NameIndex {
    /// Hash and number of each symbol, sorted.
    sorted: Vec<(u32, u32)>,
}

impl NameIndex {
    pub(super) fn new(symbols: &[Symbol], names: &[u8]) -> Self {
        let hashes = symbols.iter().map(|symbol| hash(name(names, symbol.name)));
        let mut sorted: Vec<(u32, u32)> = hashes.zip(0..=u32::MAX).collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// Numbers of the symbols that may have that name.
    pub(super) fn find(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let wanted = hash(name);
        let first = self.sorted.partition_point(|&(hash, _)| hash < wanted);
        let from_there = self.sorted.get(first..).unwrap_or_default();
        from_there.iter().take_while(move |(hash, _)| *hash == wanted).map(|&(_, number)| number as usize)
    }
}

fn hash(name: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = name.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let words = words.iter().chain(std::iter::once(&last)).map(|word| u64::from_le_bytes(*word));
    let hash = words.fold(name.len() as u64, |hash, word| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR));
    u32::try_from(hash >> 32).unwrap_or(0)
}
