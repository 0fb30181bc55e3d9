// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a blob and the bounds of its two sections.

use std::ops::Range;

use super::BtfError;
use crate::elf::ByteOrder;

const MAGIC: u16 = 0xeb9f;
/// Size of the header of version 1, in bytes. The rest of a longer one (`hdr_len`) is skipped.
pub(super) const HEADER: usize = 24;

/// What the header says about the two sections of a blob.
pub(super) struct Bounds {
    pub(super) order: ByteOrder,
    /// Where the types are in the blob.
    pub(super) types: Range<u64>,
    /// Where the strings are.
    pub(super) strings: Range<u64>,
}

impl Bounds {
    /// From the first bytes of a blob.
    pub(super) fn read(blob: &[u8]) -> Result<Self, BtfError> {
        let short = || out_of_blob(blob, "header", 0, HEADER as u64);
        let (magic, _) = blob.split_first_chunk::<2>().ok_or(BtfError::Magic)?;
        let order = [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find(|order| order.u16(*magic) == MAGIC)
            .ok_or(BtfError::Magic)?;
        let version = *blob.get(2).ok_or_else(short)?;
        if version != 1 {
            return Err(BtfError::Version { value: version });
        }
        let field = |offset| u32_at(blob, offset, order).map(u64::from).ok_or_else(short);
        let length = field(4)?;
        if length < HEADER as u64 {
            return Err(out_of_blob(blob, "header", 0, length));
        }
        // Three numbers of 32 bits each.
        let section = |offset: u64, size: u64| {
            let start = length.saturating_add(offset);
            start..start.saturating_add(size)
        };
        let types = section(field(8)?, field(12)?);
        let strings = section(field(16)?, field(20)?);
        Ok(Self { order, types, strings })
    }
}

/// The two sections of a blob.
pub(super) struct Header<'d> {
    pub(super) order: ByteOrder,
    pub(super) types: &'d [u8],
    pub(super) strings: &'d [u8],
}

impl<'d> Header<'d> {
    /// The strings of a module's blob (`split`) follow those of its kernel, so they need no empty one.
    pub(super) fn read(blob: &'d [u8], split: bool) -> Result<Self, BtfError> {
        let Bounds { order, types, strings } = Bounds::read(blob)?;
        let section = |what, Range { start, end }: Range<u64>| {
            let size = end.saturating_sub(start);
            range(blob, start, size).ok_or_else(|| out_of_blob(blob, what, start, size))
        };
        let types = section("types", types)?;
        let strings = section("strings", strings)?;
        let start = strings.first().filter(|_| !split);
        for (end, byte) in [("start", start), ("end", strings.last())] {
            if byte.is_some_and(|&byte| byte != 0) {
                return Err(BtfError::Strings { end });
            }
        }
        Ok(Self { order, types, strings })
    }
}

/// The number at `offset`.
pub(super) fn u32_at(bytes: &[u8], offset: usize, order: ByteOrder) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|bytes| order.u32(*bytes))
}

fn range(blob: &[u8], start: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    blob.get(start..)?.get(..usize::try_from(size).ok()?)
}

fn out_of_blob(blob: &[u8], what: &'static str, offset: u64, size: u64) -> BtfError {
    BtfError::OutOfBlob { what, offset, size, blob: blob.len() as u64 }
}
