// SPDX-License-Identifier: MIT OR Apache-2.0
//! Searching a kernel's blob without reading all of it.
//!
//! The blob has about 5 MB, and sysfs hands it out by pages: reading and indexing it costs several times what
//! loading a module does. Types and strings are in the order in which the kernel's files first use them, so
//! what is used everywhere, such as `struct module`, is in the first kilobytes of both.

use super::Btf;
use super::header::{Bounds, HEADER};

/// How much of the types, and of the strings, is read first, in bytes.
const FIRST_PIECE: usize = 32 << 10;

/// Searches a self-contained blob, such as `/sys/kernel/btf/vmlinux`: the beginning of its types and strings
/// first, then twice as much, until `search` finds something or has seen all.
///
/// `read` appends that many bytes of the blob, from an offset on; fewer only at its end. The [`Btf`] that
/// `search` is given knows only the types and names that have been read, so an error is not an answer yet.
/// What [`Btf::find`] finds is what it finds in the whole blob, since no two of a kernel's strings are equal.
///
/// `None` if nothing is found, or if the blob is damaged.
///
/// ```
/// use std::convert::Infallible;
/// use libmodfmt::btf::search_prefix;
///
/// # fn number(blob: &mut Vec<u8>, values: &[u32]) { for v in values { blob.extend(v.to_le_bytes()); } }
/// # let mut blob = vec![0x9f, 0xeb, 1, 0];
/// # number(&mut blob, &[24, 0, 12, 12, 8]);
/// # number(&mut blob, &[1, 4 << 24, 68]);
/// # blob.extend(b"\0module\0");
/// // In practice: preadv() on /sys/kernel/btf/vmlinux.
/// let read = |offset: u64, length: usize, into: &mut Vec<u8>| {
///     into.extend(blob.iter().skip(offset as usize).take(length));
///     Ok::<(), Infallible>(())
/// };
/// let size = search_prefix(read, |btf| btf.size_of(btf.find_struct("module")?).ok())?;
/// assert_eq!(size, Some(68));
/// # Ok::<(), Infallible>(())
/// ```
///
/// # Errors
/// Those of `read`.
pub fn search_prefix<T, E>(
    read: impl FnMut(u64, usize, &mut Vec<u8>) -> Result<(), E>,
    search: impl FnMut(&Btf<'_>) -> Option<T>,
) -> Result<Option<T>, E> {
    search_from(FIRST_PIECE, read, search)
}

pub(super) fn search_from<T, E>(
    first_piece: usize,
    mut read: impl FnMut(u64, usize, &mut Vec<u8>) -> Result<(), E>,
    mut search: impl FnMut(&Btf<'_>) -> Option<T>,
) -> Result<Option<T>, E> {
    let mut header = Vec::new();
    read(0, HEADER, &mut header)?;
    let Ok(Bounds { order, types, strings }) = Bounds::read(&header) else { return Ok(None) };
    let (mut types, mut strings) = (Prefix::of(types), Prefix::of(strings));
    let (mut offsets, mut indexed, mut pointer_size) = (Vec::new(), 0, None);
    let mut wanted = first_piece;
    loop {
        let is_there = types.extend(wanted, &mut read)? && strings.extend(wanted, &mut read)?;
        if !is_there || strings.bytes.first().is_some_and(|&first| first != 0) {
            return Ok(None);
        }
        // A name that is cut off would be another name.
        let end = strings.bytes.iter().rposition(|&byte| byte == 0).map_or(0, |last| last.saturating_add(1));
        let names = strings.bytes.get(..end).unwrap_or_default();
        let is_all = types.is_all() && strings.is_all();
        let (first_id, first_string, base) = (1, 0, None);
        let types = &*types.bytes;
        let mut btf =
            Btf { order, types, strings: names, offsets, first_id, first_string, base, pointer_size };
        match btf.index_from(indexed) {
            Ok(end) => indexed = end,
            Err(_) => return Ok(None),
        }
        let found = search(&btf);
        if found.is_some() || is_all {
            return Ok(found);
        }
        (offsets, pointer_size) = (btf.offsets, btf.pointer_size);
        wanted = wanted.saturating_mul(2);
    }
}

/// The beginning of a section.
struct Prefix {
    /// Where the section is in the blob.
    start: u64,
    size: u64,
    bytes: Vec<u8>,
}

impl Prefix {
    fn of(section: std::ops::Range<u64>) -> Self {
        let size = section.end.saturating_sub(section.start);
        Self { start: section.start, size, bytes: Vec::new() }
    }

    /// Reads on until there are so many bytes, or all. `false` if the blob ends before.
    fn extend<E>(
        &mut self,
        wanted: usize,
        read: &mut impl FnMut(u64, usize, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let wanted = usize::try_from(self.size).unwrap_or(usize::MAX).min(wanted);
        let missing = wanted.saturating_sub(self.bytes.len());
        if missing > 0 {
            read(self.start.saturating_add(self.bytes.len() as u64), missing, &mut self.bytes)?;
        }
        Ok(self.bytes.len() == wanted)
    }

    fn is_all(&self) -> bool {
        self.bytes.len() as u64 == self.size
    }
}
