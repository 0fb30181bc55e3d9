// SPDX-License-Identifier: MIT OR Apache-2.0
//! One symbol, and its size as the kernel would print it.

/// One symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Linked address, or run-time address from `/proc/kallsyms`.
    pub(crate) address: u64,
    /// Offset of its name in the table's names.
    pub(super) name: u32,
    /// Order among the symbols at one address: the kernel prints the first.
    pub(super) rank: u32,
    /// Index of its section, 0 if the source has no sections.
    pub(crate) section: u32,
    /// Size in the ELF symbol table, 0 if there is none, or if it is 4 GiB or more.
    pub(super) elf_size: u32,
    /// The hash of its name.
    pub(super) hash: u32,
}

/// How many bytes a symbol has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Distance to the next symbol, or to the end of the section.
    pub(crate) gap: Option<u64>,
    /// The symbol is the last of its section, so the kernel may print more.
    pub(super) is_last: bool,
    /// Size in the ELF symbol table, 0 if there is none.
    pub(super) elf_size: u32,
}

impl Size {
    /// Can the kernel have printed this size?
    pub(crate) fn fits(self, printed: u64) -> bool {
        // The next section starts within a page, or within a huge page at most.
        const MAX_SECTION_GAP: u64 = 2 << 20;
        match self.gap {
            None => true,
            Some(gap) if self.is_last => printed >= gap && printed - gap <= MAX_SECTION_GAP,
            Some(gap) => printed == gap || (self.elf_size != 0 && printed == u64::from(self.elf_size)),
        }
    }
}

/// The name that starts at an offset; names end at a NUL or at white space, or are cut.
pub(super) fn name(names: &[u8], offset: u32) -> &[u8] {
    let rest = name_and_more(names, offset);
    let end = rest.iter().position(|&byte| byte <= b' ').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// The bytes from the start of a name on, at most as many as a name may have.
pub(super) fn name_and_more(names: &[u8], offset: u32) -> &[u8] {
    // Names may overlap, so that those of a small file would have gigabytes. The kernel has room for 512
    // bytes of one (KSYM_NAME_LEN).
    const MAX_NAME_BYTES: usize = 1024;
    let rest = names.get(offset as usize..).unwrap_or_default();
    rest.get(..MAX_NAME_BYTES).unwrap_or(rest)
}

/// The hash of the name that the bytes begin with. It finds the end of the name, too, eight bytes at a time.
pub(super) fn hash(bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    const EACH_BYTE: u64 = 0x0101_0101_0101_0101;
    let (mut hash, mut rest) = (0_u64, bytes);
    loop {
        let (word, after) = match rest.split_first_chunk::<8>() {
            Some((word, after)) => (u64::from_le_bytes(*word), after),
            None => (rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)), &[][..]),
        };
        // The highest bit of each byte that is a blank or less. A borrow may set more of them behind the
        // first.
        let ends = word.wrapping_sub(EACH_BYTE * 0x21) & !word & (EACH_BYTE * 0x80);
        let before_end = if ends == 0 { u64::MAX } else { ((ends & ends.wrapping_neg()) - 1) >> 7 };
        hash = (hash.rotate_left(23) ^ (word & before_end)).wrapping_mul(FACTOR);
        if ends != 0 {
            return u32::try_from(hash >> 32).unwrap_or(0);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_name_alone() {
        let long = "a_symbol_with_a_name_of_some_length_\u{fc}_and_\u{ff}";
        for end in (0..=long.len()).filter(|&end| long.is_char_boundary(end)) {
            let name = &long.as_bytes()[..end];
            for after in [&b"\0"[..], b" ", b"\t[module]\n", b"\0\0\0\0\0\0\0\0\0\0", b"\n!another name"] {
                let text = [name, after].concat();
                assert_eq!(hash(&text), hash(name), "{end} {after:?}");
            }
            assert_eq!(end > 0, hash(name) != hash(b""));
        }
        assert_ne!(hash(b"start_kernel"), hash(b"start_kernel2"));
    }
}
