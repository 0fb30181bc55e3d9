// SPDX-License-Identifier: MIT OR Apache-2.0
//! First inputs for the targets: from modules, logs and other files that are at hand, from C that is compiled
//! here, and some that are written out.

mod compiled;
mod from_file;
mod versions;
mod written;

pub use compiled::compiled;
pub use from_file::from_file;
pub use versions::versions;
pub use written::written;

/// Larger seeds would make every step of a fuzzer slow, in bytes.
pub const MAX_BYTES: usize = 32 << 10;
/// Bytes of a decompressed module.
const MAX_MODULE_BYTES: u64 = 64 << 20;
/// The first byte of an input of `texts`, before a journal.
const JOURNAL: u8 = 3;

/// An input for a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    /// The target's name.
    pub target: &'static str,
    /// The input.
    pub data: Vec<u8>,
}

impl Seed {
    fn new(target: &'static str, data: impl Into<Vec<u8>>) -> Self {
        Self { target, data: data.into() }
    }

    /// A name for its file, which its contents give.
    #[must_use]
    pub fn file_name(&self) -> String {
        let hash = self.data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}
