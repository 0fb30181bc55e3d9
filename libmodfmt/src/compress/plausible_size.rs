// SPDX-License-Identifier: MIT OR Apache-2.0
//! A limit on decompressed content that follows from the size of the compressed bytes.

/// No module or debug section has more bytes of content for each byte that it takes on disk. With their debug
/// information they have 3 to 15.
const MAX_RATIO: u64 = 64;

/// So much is always accepted, in bytes: a small module may be one large array of zeros.
const ALWAYS_ACCEPTED: u64 = 64 << 20;

/// The largest content that `packed` bytes of a module file or of a debug section can stand for, in bytes: 64
/// times their size, and at least 64 MiB. A decompression bomb has up to 30,000 times its size.
///
/// ```
/// use libmodfmt::compress::plausible_size;
///
/// assert_eq!(plausible_size(1 << 10), 64 << 20);
/// assert_eq!(plausible_size(60 << 20), 3840 << 20);
/// ```
#[must_use]
pub const fn plausible_size(packed: u64) -> u64 {
    let size = packed.saturating_mul(MAX_RATIO);
    if size < ALWAYS_ACCEPTED { ALWAYS_ACCEPTED } else { size }
}
