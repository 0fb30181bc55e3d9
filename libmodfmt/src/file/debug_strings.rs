// SPDX-License-Identifier: MIT OR Apache-2.0
//! The strings of `.debug_str` that some compilation units refer to. In a large module this is the largest
//! section that is needed, and hardly any of its strings are.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::read_at::ReadAt;
use crate::elf::MAX_DEBUG_TEXT_BYTES;

/// How much is read at a time for a string, in bytes: most strings are much shorter.
const BLOCK: usize = 4096;

/// How much is read at a time of the whole section, in bytes.
const CHUNK: usize = 1 << 18;

/// Whether `text` occurs in a part of the file.
pub(super) fn contains(place: &Range<usize>, text: &[u8], read: &impl ReadAt) -> Option<bool> {
    let overlap = text.len().saturating_sub(1);
    let mut buffer = vec![0; CHUNK.checked_add(overlap)?];
    let mut at = place.start;
    while at < place.end {
        let length = buffer.len().min(place.end.checked_sub(at)?);
        let chunk = buffer.get_mut(..length)?;
        read(at as u64, chunk)?;
        if memmem::find(chunk, text).is_some() {
            return Some(true);
        }
        at = at.checked_add(CHUNK)?;
    }
    Some(false)
}

/// A section of strings that is read by blocks, each to its place.
pub(super) struct Strings {
    /// Where the section is in the file.
    place: Range<usize>,
    /// By number of the block.
    is_read: Vec<bool>,
}

impl Strings {
    pub(super) fn new(place: Range<usize>) -> Self {
        let blocks = place.len().div_ceil(BLOCK);
        Self { place, is_read: vec![false; blocks] }
    }

    /// Reads the string at an offset to its place in `content`, which is as long as the file: as much of it as
    /// [`MAX_DEBUG_TEXT_BYTES`] allows. An offset behind the end of the section is ignored.
    pub(super) fn read(&mut self, offset: u64, content: &mut [u8], read: &impl ReadAt) -> Option<()> {
        let section = content.get_mut(self.place.clone())?;
        let mut at = usize::try_from(offset).ok()?;
        let limit = at.saturating_add(MAX_DEBUG_TEXT_BYTES).min(section.len());
        while at < limit {
            let number = at / BLOCK;
            let start = number.checked_mul(BLOCK)?;
            let end = start.checked_add(BLOCK)?.min(section.len());
            let is_read = self.is_read.get_mut(number)?;
            if !*is_read {
                read(self.place.start.checked_add(start)? as u64, section.get_mut(start..end)?)?;
                *is_read = true;
            }
            if memchr(0, section.get(at..end)?).is_some() {
                break;
            }
            at = end;
        }
        Some(())
    }

    /// Reads the whole section.
    pub(super) fn read_all(self, content: &mut [u8], read: &impl ReadAt) -> Option<()> {
        read(self.place.start as u64, content.get_mut(self.place)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that has the section behind 10 other bytes.
    fn file(section: &[u8]) -> (Vec<u8>, Range<usize>) {
        ([&[1; 10], section].concat(), 10..10 + section.len())
    }

    fn reader(file: &[u8]) -> impl ReadAt {
        |offset: u64, into: &mut [u8]| {
            let start = usize::try_from(offset).ok()?;
            into.copy_from_slice(file.get(start..start.checked_add(into.len())?)?);
            Some(())
        }
    }

    #[test]
    fn a_text_is_found_where_two_chunks_meet() {
        let mut section = vec![b'x'; CHUNK * 2];
        section[CHUNK - 3..CHUNK + 3].copy_from_slice(b"needle");
        let (file, place) = file(&section);
        assert_eq!(contains(&place, b"needle", &reader(&file)), Some(true));
        assert_eq!(contains(&(place.start..place.end - CHUNK), b"needle", &reader(&file)), Some(false));
        assert_eq!(contains(&(place.start..place.end + 1), b"other", &reader(&file)), None);
    }

    #[test]
    fn a_string_is_read_to_its_end() {
        let mut section = vec![b'x'; BLOCK * 4];
        section[BLOCK + 5] = 0;
        let (file, place) = file(&section);
        let mut content = vec![0; file.len()];
        let mut strings = Strings::new(place.clone());
        strings.read((BLOCK - 1) as u64, &mut content, &reader(&file)).unwrap();
        strings.read(u64::MAX, &mut content, &reader(&file)).unwrap();
        assert_eq!(strings.is_read, [true, true, false, false]);
        assert_eq!(content[10..10 + BLOCK * 2], section[..BLOCK * 2]);
        // What is longer than the longest text is not wanted.
        let mut strings = Strings::new(place);
        strings.read((BLOCK + 6) as u64, &mut content, &reader(&file)).unwrap();
        assert_eq!(strings.is_read, [false, true, true, false]);
        strings.read_all(&mut content, &reader(&file)).unwrap();
        assert_eq!(content[10..], section);
    }
}
