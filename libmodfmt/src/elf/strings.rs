// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading a string table, in which names may overlap: the end of each name is not looked for anew.

use memchr::memchr_iter;

/// The bytes of a table, and where names end in it.
pub(super) struct StringTable<'d> {
    bytes: &'d [u8],
    /// The places of all NULs.
    ends: Vec<usize>,
}

impl<'d> StringTable<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self { bytes, ends: memchr_iter(0, bytes).collect() }
    }

    /// The name that begins at an offset; `None` if that is outside of the table, or the name has no end.
    pub(super) fn get(&self, offset: u32) -> Option<&'d [u8]> {
        let start = usize::try_from(offset).ok()?;
        // An empty name may refer to an empty table.
        if self.bytes.is_empty() && start == 0 {
            return Some(self.bytes);
        }
        let next = self.ends.partition_point(|&end| end < start);
        self.bytes.get(start..*self.ends.get(next)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ends_of_names() {
        let table = StringTable::new(b"\0first\0second\0rest");
        for (offset, name) in
            [(0, Some(&b""[..])), (1, Some(b"first")), (4, Some(b"st")), (6, Some(b"")), (7, Some(b"second"))]
        {
            assert_eq!(table.get(offset), name, "{offset}");
        }
        for offset in [14, 17, 18, 19, u32::MAX] {
            assert_eq!(table.get(offset), None, "{offset}");
        }
        assert_eq!(StringTable::new(b"").get(0), Some(&b""[..]));
        assert_eq!(StringTable::new(b"").get(1), None);
    }
}
