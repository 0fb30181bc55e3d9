// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers that are random enough to choose changes, and the same for the same seed (splitmix64).

#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        all.get(self.below(all.len()))
    }

    /// A number that is often small, or at a limit.
    pub(crate) fn number(&mut self) -> u64 {
        let number = self.next();
        match self.below(8) {
            0 => number,
            1 => number & 0xffff_ffff,
            2 => u64::MAX - (number & 0xff),
            3 => (1 << (number & 63)) - u64::from(number & 64 != 0),
            4 | 5 => number & 0xfff,
            _ => (number & 0xff) * 8,
        }
    }
}
