// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers of the kernel.

use std::path::PathBuf;

/// State of a module, from `/sys/module/NAME/initstate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InitState {
    /// Loaded and in use.
    Live,
    /// Its init function has not returned yet, or never will (it oopsed).
    Coming,
    /// Its exit function is running.
    Going,
    /// The directory exists but has no `initstate`: built-in code with parameters, or a module whose
    /// directory is being made. kmod takes this for "coming".
    DirectoryOnly,
}

/// A section of a loaded module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Name, as in the module's file.
    pub name: String,
    /// Where the kernel put it.
    pub address: SectionAddress,
}

/// Address of a section, or why it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionAddress {
    /// The address.
    Known(u64),
    /// The kernel shows 0: `kptr_restrict`, or no `CAP_SYSLOG`.
    Hidden,
    /// The file may not be read (it is for root only).
    Denied,
}

impl SectionAddress {
    /// The address, if known.
    #[must_use]
    pub fn known(self) -> Option<u64> {
        match self {
            Self::Known(address) => Some(address),
            Self::Hidden | Self::Denied => None,
        }
    }
}

/// The format that the kernel decompresses itself, from `/sys/module/compression`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KernelCompression {
    /// gzip
    Gzip,
    /// xz
    Xz,
    /// zstd
    Zstd,
    /// A word that this crate does not know. Treat it as "none", but say so.
    Unknown(String),
}

/// Lockdown state, from `/sys/kernel/security/lockdown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lockdown {
    /// Not locked down.
    None,
    /// Unsigned modules are refused.
    Integrity,
    /// Reading kernel memory is refused as well.
    Confidentiality,
}

/// Whether this is an extended kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersistSupport {
    /// A stock kernel: it keeps nothing itself.
    Stock,
    /// An extended kernel: it can keep persistent data.
    Extended,
    /// The kernel does not say: it lets this process load nothing.
    Unknown,
}

/// One message of the kernel's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Its sequence number: later messages have higher ones.
    pub sequence: u64,
    /// The message.
    pub text: String,
}

/// A boot of a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootIdentity {
    /// The kernel's random name for this boot, from `/proc/sys/kernel/random/boot_id`.
    pub id: String,
    /// The text of `/proc/version`, without its line end.
    pub banner: String,
    /// The kernel's ELF notes, `/sys/kernel/notes`; empty if it shows none.
    pub notes: Vec<u8>,
    /// Time since boot in hundredths of a second, from `/proc/uptime`.
    pub uptime: u64,
}

/// A module file of the running release, from `/lib/modules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledModule {
    /// Its path.
    pub path: PathBuf,
    /// Its bytes as they are on disk, compressed or not.
    pub content: Vec<u8>,
}
