// SPDX-License-Identifier: MIT OR Apache-2.0
//! The index files that depmod writes (`modules.*.bin`): a trie of names.
//!
//! Big-endian. A header of three words (magic, version, position of the root) and nodes. The position of a
//! node carries flags in its top bits that say which parts the node has, in this order: a NUL-terminated
//! prefix shared by all names below it; a table of children, one word for each byte value from `first` to
//! `last`; the values of the name that ends here. We only look up exact names.

const MAGIC: u32 = 0xb007_f457;
const MAJOR: u32 = 2;
const HAS_PREFIX: u32 = 0x8000_0000;
const HAS_VALUES: u32 = 0x4000_0000;
const HAS_CHILDREN: u32 = 0x2000_0000;
const POSITION_MASK: u32 = 0x0fff_ffff;

/// Where an index does not follow its format, and how.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IndexError {
    pub offset: u64,
    pub what: &'static str,
}

/// An index in memory.
#[derive(Debug)]
pub(super) struct Index<'a> {
    bytes: &'a [u8],
    root: u32,
}

impl<'a> Index<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, IndexError> {
        let mut cursor = Cursor { bytes, position: 0 };
        if cursor.word("the magic number is cut off")? != MAGIC {
            return Err(IndexError { offset: 0, what: "not a module index: wrong magic number" });
        }
        if cursor.word("the version is cut off")? >> 16 != MAJOR {
            return Err(IndexError { offset: 4, what: "a module index of an unknown version" });
        }
        let root = cursor.word("the position of the root is cut off")?;
        Ok(Self { bytes, root })
    }

    /// Whether the name is in the index.
    pub(super) fn contains(&self, name: &[u8]) -> Result<bool, IndexError> {
        let mut rest = name;
        let mut node = self.root;
        // Each step down consumes a byte of the name, so that a cycle in a broken file ends.
        loop {
            if node & POSITION_MASK == 0 {
                return Ok(false);
            }
            let mut cursor = Cursor { bytes: self.bytes, position: (node & POSITION_MASK) as usize };
            if node & HAS_PREFIX != 0 {
                let Some(after) = rest.strip_prefix(cursor.string()?) else {
                    return Ok(false);
                };
                rest = after;
            }
            let Some((&byte, after)) = rest.split_first() else {
                return Ok(node & HAS_VALUES != 0);
            };
            if node & HAS_CHILDREN == 0 {
                return Ok(false);
            }
            let first = cursor.byte("the range of children is cut off")?;
            let last = cursor.byte("the range of children is cut off")?;
            if !(first..=last).contains(&byte) {
                return Ok(false);
            }
            cursor.position = cursor.position.saturating_add(4 * usize::from(byte - first));
            node = cursor.word("the table of children is cut off")?;
            rest = after;
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    fn error(&self, what: &'static str) -> IndexError {
        IndexError { offset: self.position as u64, what }
    }

    fn word(&mut self, what: &'static str) -> Result<u32, IndexError> {
        let (word, _) = self.rest().split_first_chunk().ok_or_else(|| self.error(what))?;
        self.position += 4;
        Ok(u32::from_be_bytes(*word))
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, IndexError> {
        let byte = *self.rest().first().ok_or_else(|| self.error(what))?;
        self.position += 1;
        Ok(byte)
    }

    fn string(&mut self) -> Result<&'a [u8], IndexError> {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| byte == 0).ok_or_else(|| self.error("a prefix has no end"))?;
        self.position += end + 1;
        Ok(rest.get(..end).unwrap_or_default())
    }
}
