// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of a section and of a name: borrowed from the file, shared with it, or replaced.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes that stay where they are in the file until somebody replaces them. Reads as `[u8]`.
///
/// ```
/// use libmodfmt::elf::Bytes;
///
/// let file = b"\x7fELF".to_vec();
/// let (borrowed, owned) = (Bytes::from(&file[1..]), Bytes::from(b"ELF".to_vec()));
/// assert_eq!(borrowed, owned);
/// assert!(owned.starts_with(b"EL"));
/// ```
#[derive(Clone)]
pub struct Bytes<'d>(Storage<'d>);

#[derive(Clone)]
enum Storage<'d> {
    Borrowed(&'d [u8]),
    Owned(Vec<u8>),
    /// A range of a file that several owners hold.
    Shared {
        file: Arc<Vec<u8>>,
        start: usize,
        end: usize,
    },
}

impl<'d> Bytes<'d> {
    /// No bytes.
    pub const EMPTY: Self = Self(Storage::Borrowed(&[]));

    /// Changes the bytes. They are copied first unless they have been replaced before.
    pub fn edit(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = match std::mem::take(self).0 {
            Storage::Owned(bytes) => bytes,
            other => Self(other).to_vec(),
        };
        change(&mut bytes);
        self.0 = Storage::Owned(bytes);
    }

    /// The same bytes, borrowed from here.
    pub(super) fn reborrow(&self) -> Bytes<'_> {
        Bytes(Storage::Borrowed(self))
    }

    /// The borrowed bytes; none if they were replaced. A reader that has replaced nothing yet
    /// gets all of them.
    pub(super) fn borrowed(&self) -> &'d [u8] {
        match self.0 {
            Storage::Borrowed(bytes) => bytes,
            Storage::Owned(_) | Storage::Shared { .. } => &[],
        }
    }

    /// The same bytes without a borrow: those that are part of `file` share it, others are copied.
    pub(super) fn share(self, file: &Arc<Vec<u8>>) -> Bytes<'static> {
        Bytes(match self.0 {
            Storage::Owned(bytes) => Storage::Owned(bytes),
            Storage::Shared { file, start, end } => Storage::Shared { file, start, end },
            Storage::Borrowed([]) => Storage::Borrowed(&[]),
            Storage::Borrowed(bytes) => match position(file, bytes) {
                Some((start, end)) => Storage::Shared { file: Arc::clone(file), start, end },
                None => Storage::Owned(bytes.to_vec()),
            },
        })
    }
}

/// Start and end of `part` in `whole`, if it is borrowed from there.
pub(super) fn position(whole: &[u8], part: &[u8]) -> Option<(usize, usize)> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some((start, end))
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Storage::Borrowed(bytes) => bytes,
            Storage::Owned(bytes) => bytes,
            Storage::Shared { file, start, end } => file.get(*start..*end).unwrap_or_default(),
        }
    }
}

impl AsRef<[u8]> for Bytes<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Default for Bytes<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'d> From<&'d [u8]> for Bytes<'d> {
    fn from(bytes: &'d [u8]) -> Self {
        Self(Storage::Borrowed(bytes))
    }
}

impl<'d, const N: usize> From<&'d [u8; N]> for Bytes<'d> {
    fn from(bytes: &'d [u8; N]) -> Self {
        Self(Storage::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Bytes<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Storage::Owned(bytes))
    }
}

impl PartialEq for Bytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes<'_> {}

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_part_of_the_file_is_shared() {
        let file = Arc::new(b"0123456789".to_vec());
        let shared = Bytes::from(&file[2..5]).share(&file);
        assert_eq!(&*shared, b"234");
        assert!(matches!(shared.0, Storage::Shared { start: 2, end: 5, .. }));
        assert_eq!(shared.clone().share(&file), shared);
        assert_eq!(Arc::strong_count(&file), 2);
    }

    #[test]
    fn anything_else_is_copied() {
        let file = Arc::new(vec![1, 2, 3]);
        let other = [1_u8, 2, 3];
        for bytes in [Bytes::from(&other[..]), Bytes::from(other.to_vec()), Bytes::from(&file[1..1])] {
            let shared = bytes.clone().share(&file);
            assert_eq!(shared, bytes);
            assert!(!matches!(shared.0, Storage::Shared { .. }));
        }
        assert!(Bytes::default().is_empty());
    }
}
