// SPDX-License-Identifier: MIT OR Apache-2.0
//! Flags of the module system calls.

use std::ops::{BitOr, BitOrAssign};

/// Flags of `finit_module`.
///
/// `nix`'s type lacks [`LoadFlags::COMPRESSED`] and the bits of an extended kernel.
///
/// ```
/// use libmodsys::LoadFlags;
/// let flags = LoadFlags::IGNORE_MODVERSIONS | LoadFlags::IGNORE_VERMAGIC;
/// assert_eq!(flags.bits(), 3);
/// assert!(flags.contains(LoadFlags::IGNORE_VERMAGIC));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct LoadFlags(u32);

impl LoadFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// `MODULE_INIT_IGNORE_MODVERSIONS`: do not compare symbol versions.
    pub const IGNORE_MODVERSIONS: Self = Self(1);
    /// `MODULE_INIT_IGNORE_VERMAGIC`: do not compare the version magic.
    pub const IGNORE_VERMAGIC: Self = Self(2);
    /// `MODULE_INIT_COMPRESSED_FILE`: the kernel decompresses the file (5.17 and later).
    pub const COMPRESSED: Self = Self(4);
    /// `MODULE_INIT_PERSIST`: the kernel keeps the persistent data (extended kernels only).
    pub const PERSIST: Self = Self(1 << 30);
    /// `MODULE_INIT_PERSIST_FRESH`: with the flag above, what is kept is replaced by the file's initial
    /// values.
    pub const PERSIST_FRESH: Self = Self(1 << 29);

    /// Flags from their bits, known or not.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits as the system call takes them.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no bit is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for LoadFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for LoadFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Flags of `delete_module`. `O_NONBLOCK` is always set, as kmod does; it has had no effect since Linux 3.13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct RemoveFlags {
    /// `O_TRUNC`: remove even if in use; needs `CONFIG_MODULE_FORCE_UNLOAD` and taints the kernel.
    pub force: bool,
}
