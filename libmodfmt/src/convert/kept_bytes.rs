// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which bytes of a new value come from the kept ones.

use std::ops::Range;

/// An array that is shorter, in bytes, is marked byte by byte.
const SHORT_ARRAY: usize = 4 << 10;

/// A set of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptBytes {
    /// One bit a byte.
    bits: Vec<u64>,
    /// Arrays of which the same bytes of each element are kept: disjoint, by start.
    arrays: Vec<KeptArray>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KeptArray {
    place: Range<usize>,
    stride: usize,
    /// In an element.
    kept: Vec<Range<usize>>,
}

impl KeptBytes {
    /// None of so many bytes.
    pub(super) fn none_of(size: usize) -> Self {
        Self { bits: vec![0; size.div_ceil(64)], arrays: Vec::new() }
    }

    pub(super) fn contains(&self, offset: u64) -> bool {
        let Ok(offset) = usize::try_from(offset) else { return false };
        let is_marked = |word: &u64| word >> (offset % 64) & 1 != 0;
        self.bits.get(offset / 64).is_some_and(is_marked) || self.is_in_array(offset)
    }

    fn is_in_array(&self, offset: usize) -> bool {
        let behind = self.arrays.partition_point(|array| array.place.start <= offset);
        let array = behind.checked_sub(1).and_then(|last| self.arrays.get(last));
        array.filter(|array| array.place.contains(&offset)).is_some_and(|array| {
            let at = offset.saturating_sub(array.place.start).checked_rem(array.stride);
            at.is_some_and(|at| array.kept.iter().any(|kept| kept.contains(&at)))
        })
    }

    /// Adds a range.
    pub(super) fn add(&mut self, place: Range<usize>) {
        let mut at = place.start;
        while at < place.end {
            let (word, bit) = (at / 64, at % 64);
            let count = (64 - bit).min(place.end.saturating_sub(at));
            let ones = if count == 64 { u64::MAX } else { (1_u64 << count).wrapping_sub(1) };
            if let Some(word) = self.bits.get_mut(word) {
                *word |= ones << bit;
            }
            at = at.saturating_add(count);
        }
    }

    /// Adds the ranges `kept` of each element of an array; `stride` is not 0.
    pub(super) fn add_array(&mut self, place: Range<usize>, stride: usize, kept: &[Range<usize>]) {
        match kept {
            [whole] if whole.len() == stride => self.add(place),
            _ if place.len() >= SHORT_ARRAY
                && self.arrays.last().is_none_or(|last| last.place.end <= place.start) =>
            {
                self.arrays.push(KeptArray { place, stride, kept: kept.to_vec() });
            }
            _ => {
                for start in place.step_by(stride) {
                    for part in kept {
                        self.add(start.saturating_add(part.start)..start.saturating_add(part.end));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(start: usize, size: usize) -> Range<usize> {
        start..start + size
    }

    proptest! {
        #[test]
        fn every_byte_is_known(
            adds in prop::collection::vec(
                (0_usize..20_000, 0_usize..300, 1_usize..50, prop::collection::vec((0_usize..50, 0_usize..50), 0..3)),
                0..12,
            ),
        ) {
            let size = 40_000;
            let mut kept = KeptBytes::none_of(size);
            let mut expected = vec![false; size];
            for (start, count, stride, parts) in adds {
                let parts: Vec<_> = parts
                    .into_iter()
                    .map(|(start, size)| range(start.min(stride), size.min(stride - start.min(stride))))
                    .collect();
                kept.add_array(range(start, count * stride), stride, &parts);
                kept.add(range(start, count));
                expected[range(start, count)].fill(true);
                for element in 0..count {
                    for part in &parts {
                        expected[range(start + element * stride + part.start, part.len())].fill(true);
                    }
                }
            }
            for (offset, expected) in expected.iter().enumerate() {
                prop_assert_eq!(kept.contains(offset as u64), *expected, "{}", offset);
            }
            prop_assert!(!kept.contains(size as u64) && !kept.contains(u64::MAX));
        }
    }
}
