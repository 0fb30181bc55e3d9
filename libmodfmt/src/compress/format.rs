// SPDX-License-Identifier: MIT OR Apache-2.0
//! The formats, and how they are told apart.

use std::fmt;

/// A decoder's window or dictionary may take at most this many bytes, besides the output.
///
/// 128 MiB is the largest window of `zstd` without `--long`, and twice that of `xz -9`. The number
/// in a file's header says nothing about the size of its content, so it cannot be tied to the
/// caller's limit: `xz -6` asks for 8 MiB to decode one byte.
pub const WINDOW_LIMIT: u64 = 128 << 20;

/// A compression format that `kmod` and the kernel's build know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// RFC 1952, `.gz`.
    Gzip,
    /// The `.xz` container around LZMA2.
    Xz,
    /// RFC 8878, `.zst`.
    Zstd,
}

impl Format {
    /// Every format, in no particular order.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Xz, Self::Zstd];

    /// The bytes a file of this format starts with.
    #[must_use]
    pub const fn magic(self) -> &'static [u8] {
        match self {
            Self::Gzip => &[0x1f, 0x8b],
            Self::Xz => &[0xfd, b'7', b'z', b'X', b'Z', 0],
            Self::Zstd => &[0x28, 0xb5, 0x2f, 0xfd],
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

/// The format of a file by its first bytes; `None` for anything else, a plain ELF file included.
#[must_use]
pub fn detect(file: &[u8]) -> Option<Format> {
    Format::ALL.into_iter().find(|format| file.starts_with(format.magic()))
}
