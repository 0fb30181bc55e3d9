// SPDX-License-Identifier: MIT OR Apache-2.0
//! From names to symbols.

use super::symbol::{Symbol, hash};

/// Symbol numbers by the hash of their names. Of one name there may be any number.
#[derive(Debug)]
pub(super) struct NameIndex {
    /// How many of a hash's upper bits are the number of a bucket.
    bits: u32,
    /// For each bucket where its numbers begin. The last one is the count of all.
    starts: Vec<u32>,
    /// Numbers of symbols by bucket, in ascending order within each.
    numbers: Vec<u32>,
}

impl NameIndex {
    pub(super) fn new(symbols: &[Symbol]) -> Self {
        let bits = symbols.len().max(2).ilog2();
        // Sorting by the whole hash takes three times as long as two passes over the buckets.
        let mut starts = vec![0_u32; (1_usize << bits) + 1];
        for symbol in symbols {
            if let Some(count) = starts.get_mut(bucket(symbol.hash, bits) + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut free = starts.clone();
        let mut numbers = vec![0; symbols.len()];
        for (number, symbol) in (0_u32..).zip(symbols) {
            let Some(place) = free.get_mut(bucket(symbol.hash, bits)) else { continue };
            if let Some(free) = numbers.get_mut(*place as usize) {
                *free = number;
            }
            *place += 1;
        }
        Self { bits, starts, numbers }
    }

    /// Numbers of the symbols that may have that name, in ascending order.
    pub(super) fn find(&self, name: &[u8]) -> impl Iterator<Item = usize> {
        let bucket = bucket(hash(name), self.bits);
        let range = self.starts.get(bucket).zip(self.starts.get(bucket + 1));
        let found = range.and_then(|(&start, &end)| self.numbers.get(start as usize..end as usize));
        found.unwrap_or_default().iter().map(|&number| number as usize)
    }
}

fn bucket(hash: u32, bits: u32) -> usize {
    (hash >> 32_u32.saturating_sub(bits)) as usize
}
